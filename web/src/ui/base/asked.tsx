// Something that is asked for when a view opens: it is on its way, could not be had, or is there.

import { type ReactNode, useCallback, useEffect, useState } from "react";

import type { Outcome } from "../../engine/contract";
import { useEngine, useTranslator } from "./context";
import { problemText } from "./problems";
import { Loading } from "./small";

export interface Asked<T> {
  /** Null while it is not there. */
  readonly value: T | null;
  readonly problem: string | null;
  ask(): void;
}

/** `ask` must stay the same as long as the same is asked for. */
export function useAsked<T>(ask: () => Promise<Outcome<T>>): Asked<T> {
  const translator = useTranslator();
  const engine = useEngine();
  const [answer, setAnswer] = useState<{ readonly of: unknown; readonly outcome: Outcome<T> } | null>(null);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let wanted = true;
    void ask().then((outcome) => {
      if (wanted) setAnswer({ of: ask, outcome });
    });
    return () => {
      wanted = false;
    };
  }, [ask, turn]);
  const again = useCallback(() => {
    // What is there stays until something newer is.
    setAnswer((before) => (before?.outcome.ok === true ? before : null));
    setTurn((before) => before + 1);
  }, []);
  const outcome = answer?.of === ask ? answer.outcome : null;
  return {
    value: outcome?.ok === true ? outcome.value : null,
    problem: outcome?.ok === false ? problemText(translator, outcome.problem, (uid) => engine.user(uid)?.name ?? null) : null,
    ask: again,
  };
}

/** What was asked for, or why it is not there. */
export function Answer<T>({ asked, children }: { asked: Asked<T>; children: (value: T) => ReactNode }) {
  const { t } = useTranslator();
  if (asked.value !== null) return children(asked.value);
  if (asked.problem === null) return <Loading text={t("app.wait")} />;
  return (
    <div className="fault" role="alert">
      <p>{asked.problem}</p>
      <button type="button" className="button button--small" onClick={asked.ask}>
        {t("action.retry")}
      </button>
    </div>
  );
}
