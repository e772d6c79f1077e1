// "Are you sure?" as a promise: `if (await confirm({...}))`.

import { createContext, type ReactNode, useCallback, useContext, useState } from "react";

import { useTranslator } from "./context";
import { Dialog } from "./Dialog";

interface Question {
  readonly title: string;
  readonly text: string;
  /** The word on the button that does it. */
  readonly action: string;
  readonly danger?: boolean;
}

type Confirm = (question: Question) => Promise<boolean>;

const ConfirmContext = createContext<Confirm>(() => Promise.resolve(false));

export function useConfirm(): Confirm {
  return useContext(ConfirmContext);
}

export function ConfirmSurroundings({ children }: { children: ReactNode }) {
  const { t } = useTranslator();
  const [asked, setAsked] = useState<{ question: Question; answer: (yes: boolean) => void } | null>(null);
  const confirm = useCallback<Confirm>(
    (question) => new Promise((answer) => setAsked({ question, answer })),
    [],
  );
  const answer = (yes: boolean): void => {
    asked?.answer(yes);
    setAsked(null);
  };
  return (
    <ConfirmContext value={confirm}>
      {children}
      {asked !== null && (
        <Dialog
          title={asked.question.title}
          role="alertdialog"
          onClose={() => answer(false)}
          actions={
            <>
              <button
                type="button"
                className="button"
                data-begin={asked.question.danger === true ? "" : undefined}
                onClick={() => answer(false)}
              >
                {t("action.cancel")}
              </button>
              <button
                type="button"
                className={`button ${asked.question.danger === true ? "button--danger" : "button--main"}`}
                data-begin={asked.question.danger === true ? undefined : ""}
                onClick={() => answer(true)}
              >
                {asked.question.action}
              </button>
            </>
          }
        >
          <p>{asked.question.text}</p>
        </Dialog>
      )}
    </ConfirmContext>
  );
}
