// The question of `confirm`.

import type { Question } from "./confirm";
import { useTranslator } from "./context";
import { Dialog } from "./Dialog";

export interface ConfirmDialogProps {
  readonly question: Question;
  readonly onClose: () => void;
  readonly onYes: () => void;
}

export function ConfirmDialog({ question: { title, text, action, danger = false }, onClose, onYes }: ConfirmDialogProps) {
  const { t } = useTranslator();
  return (
    <Dialog
      title={title}
      role="alertdialog"
      onClose={onClose}
      actions={
        <>
          <button type="button" className="button" data-begin={danger ? "" : undefined} onClick={onClose}>
            {t("action.cancel")}
          </button>
          <button type="button" className={`button ${danger ? "button--danger" : "button--main"}`} data-begin={danger ? undefined : ""} onClick={onYes}>
            {action}
          </button>
        </>
      }
    >
      <p>{text}</p>
    </Dialog>
  );
}
