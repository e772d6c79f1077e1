// A window over the page. The browser's own <dialog> keeps the focus inside, closes by Esc and gives the focus back.

import { type FormEvent, type ReactNode, useId, useLayoutEffect, useRef } from "react";

import { useTranslator } from "./context";
import { Icon } from "./Icon";
import "./Dialog.css";

export interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
  /** The buttons at the bottom. */
  readonly actions?: ReactNode;
  /** Makes the dialog a form. */
  readonly onSubmit?: () => void;
  readonly role?: "dialog" | "alertdialog";
}

export function Dialog({ title, onClose, children, actions, onSubmit, role = "dialog" }: DialogProps) {
  const { t } = useTranslator();
  const ref = useModal();
  const titleId = useId();
  const content = (
    <>
      <header className="dialog__header">
        <h2 className="dialog__title" id={titleId}>
          {title}
        </h2>
        <button type="button" className="icon-button" aria-label={t("action.close")} onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <div className="dialog__body">{children}</div>
      {actions !== undefined && <footer className="dialog__actions">{actions}</footer>}
    </>
  );
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    onSubmit?.();
  };
  return (
    <dialog
      ref={ref}
      className="dialog"
      role={role}
      aria-labelledby={titleId}
      onCancel={(event) => {
        // Only our own Esc: a file picker inside of us bubbles its own "cancel".
        if (event.target !== event.currentTarget) return;
        event.preventDefault();
        onClose();
      }}
      onMouseDown={(event) => {
        if (event.target === event.currentTarget) onClose();
      }}
    >
      {onSubmit === undefined ? (
        <div className="dialog__frame">{content}</div>
      ) : (
        <form className="dialog__frame" onSubmit={submit} noValidate>
          {content}
        </form>
      )}
    </dialog>
  );
}

/** For a <dialog> that is open as long as it is mounted. */
export function useModal() {
  const ref = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const dialog = ref.current;
    if (dialog === null) return undefined;
    dialog.showModal();
    // Closing gives the focus back to where it was.
    return () => dialog.close();
  }, []);
  return ref;
}
