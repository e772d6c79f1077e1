// "Are you sure?" as a promise: `if (await confirm({...}))`.

import { createContext, type ReactNode, useCallback, useContext, useState } from "react";

import { dialogChunk } from "./dialogChunk";

const ConfirmDialog = dialogChunk(() => import("./ConfirmDialog").then(({ ConfirmDialog }) => ConfirmDialog));

export interface Question {
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
        <ConfirmDialog question={asked.question} onClose={() => answer(false)} onYes={() => answer(true)} />
      )}
    </ConfirmContext>
  );
}
