// A window over the page: the browser's own <dialog>, as a layer.
//
// It begins with the element marked `data-begin`, else with its first field, and never with Close.

import { type FormEvent, type ReactNode, type SyntheticEvent, useId, useRef } from "react";

import { Boundary } from "./Boundary";
import { useTranslator } from "./context";
import { Icon } from "./Icon";
import { useLayer } from "./layers";
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
  readonly className?: string;
}

export function Dialog({ title, onClose, children, actions, onSubmit, role = "dialog", className }: DialogProps) {
  const { t } = useTranslator();
  const modal = useModal(onClose);
  const titleId = useId();
  const content = (
    <>
      <header className="dialog__header">
        <h2 className="dialog__title" id={titleId}>
          {title}
        </h2>
        <button type="button" className="icon-button" aria-label={t("action.close")} data-close onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <div className="dialog__body">
        <Boundary>{children}</Boundary>
      </div>
      {actions !== undefined && <footer className="dialog__actions">{actions}</footer>}
    </>
  );
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    onSubmit?.();
  };
  return (
    <dialog
      {...modal}
      className={`dialog ${className ?? ""}`}
      role={role}
      aria-labelledby={titleId}
      onMouseDown={(event) => {
        if (event.target !== event.currentTarget) return;
        // Else the page below would take the focus from where it goes back to.
        event.preventDefault();
        onClose();
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

/** What makes a <dialog> one that is open as long as it is mounted. */
export function useModal(onClose: () => void) {
  const ref = useRef<HTMLDialogElement>(null);
  useLayer(ref, true, { onClose, floats: true });
  return {
    ref,
    onCancel: (event: SyntheticEvent) => {
      // The way back of a phone, not Esc, which layers see to. A file picker inside bubbles its own "cancel".
      if (event.target !== event.currentTarget) return;
      event.preventDefault();
      onClose();
    },
    // A browser may close it all the same.
    onClose: (event: SyntheticEvent<HTMLDialogElement>) => {
      if (event.target === event.currentTarget && !event.currentTarget.open) onClose();
    },
  };
}
