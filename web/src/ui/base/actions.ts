// Asking the engine for something: one at a time, with its problem as a text.

import { useCallback, useRef, useState } from "react";

import type { Outcome } from "../../engine/contract";
import { useEngine, useTranslator } from "./context";
import { showToast } from "./toasts";
import { told } from "./told";

export interface Action {
  readonly busy: boolean;
  /** Why the last try failed, for the form it was made in; null where it did not. */
  readonly problem: string | null;
  run<T>(ask: () => Promise<Outcome<T>>): Promise<Outcome<T>>;
  clear(): void;
}

/** For forms: the problem is shown beside the fields. */
export function useAction(): Action {
  const translator = useTranslator();
  const engine = useEngine();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const run = useCallback(
    async <T>(ask: () => Promise<Outcome<T>>): Promise<Outcome<T>> => {
      setBusy(true);
      setProblem(null);
      const outcome = await ask();
      if (!outcome.ok) setProblem(await told(translator, outcome.problem, (uid) => engine.user(uid)?.name ?? null));
      setBusy(false);
      return outcome;
    },
    [translator, engine],
  );
  const clear = useCallback(() => setProblem(null), []);
  return { busy, problem, run, clear };
}

/** For buttons that have no place for a problem: a toast shows it. Null while another one runs. */
export function useDo(): <T>(ask: () => Promise<Outcome<T>>) => Promise<Outcome<T> | null> {
  const translator = useTranslator();
  const engine = useEngine();
  const running = useRef(false);
  return useCallback(
    async (ask) => {
      if (running.current) return null;
      running.current = true;
      try {
        const outcome = await ask();
        if (!outcome.ok) showToast("problem", await told(translator, outcome.problem, (uid) => engine.user(uid)?.name ?? null));
        return outcome;
      } finally {
        running.current = false;
      }
    },
    [translator, engine],
  );
}
