// A dialog that is a form: what it asks for, what is wrong with it, Cancel, and what it is for.

import type { ReactNode } from "react";

import { useTranslator } from "./context";
import { Dialog, type DialogProps } from "./Dialog";
import { FormError } from "./fields";

export interface FormDialogProps extends Pick<DialogProps, "title" | "onClose"> {
  readonly problem?: string | null;
  /** What it is for, on the button. */
  readonly action: string;
  /** Whether it cannot be done now. */
  readonly disabled?: boolean;
  readonly onSubmit: () => void;
  readonly children: ReactNode;
}

export function FormDialog({ problem = null, action, disabled = false, children, ...dialog }: FormDialogProps) {
  const { t } = useTranslator();
  return (
    <Dialog
      {...dialog}
      actions={
        <>
          <button type="button" className="button" onClick={dialog.onClose}>
            {t("action.cancel")}
          </button>
          <button type="submit" className="button button--main" disabled={disabled}>
            {action}
          </button>
        </>
      }
    >
      <FormError text={problem} />
      {children}
    </Dialog>
  );
}
