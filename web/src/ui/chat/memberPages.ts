// The members of a large group, page by page, as far as somebody has scrolled.

import { useCallback, useEffect, useRef, useState } from "react";

import type { Member } from "../../engine/contract";
import { useEngine, useTranslator } from "../base/context";
import { problemText } from "../base/problems";

/** So long nobody types before it is searched. */
const TYPING_MS = 250;
/** So long nothing happens in the group before the list is read again: people come in crowds. */
const QUIET_MS = 2_000;
/** Read again at most, of what was there: whoever has scrolled further scrolls on from here. */
const MOST_AGAIN = 500;

interface Pages {
  /** What was searched; null: nothing yet. */
  readonly search: string | null;
  readonly rows: readonly Member[];
  /** Null: there are no more. */
  readonly next: number | "first" | null;
  readonly problem: string | null;
}

const NOTHING: Pages = { search: null, rows: [], next: "first", problem: null };

export interface MemberPages {
  readonly rows: readonly Member[];
  readonly more: boolean;
  readonly problem: string | null;
  /** The next page. */
  load(): void;
  /** From the beginning, with what is shown staying until it has come. */
  reload(): void;
}

/** `changed` is another number whenever something has happened in the group. */
export function useMemberPages(gid: number, search: string, changed: number): MemberPages {
  const engine = useEngine();
  const translator = useTranslator();
  const [pages, setPages] = useState(NOTHING);
  const latest = useRef(pages);
  /** What is being read; what comes for an earlier one is dropped. */
  const reading = useRef<object | null>(null);

  const show = useCallback((next: Pages) => {
    latest.current = next;
    setPages(next);
  }, []);

  /** Reads on from what is given, until at least one more and so many in all are there. */
  const read = useCallback(
    async (from: Pages, wanted: number): Promise<void> => {
      const mine = {};
      reading.current = mine;
      let { rows, next } = from;
      while (next !== null && (rows.length === from.rows.length || rows.length < wanted)) {
        const outcome = await engine.listMembers(gid, { search, after: next === "first" ? null : next });
        if (reading.current !== mine) return;
        if (!outcome.ok) {
          reading.current = null;
          // What was there of the same search is better than less of it.
          const kept = latest.current.search === search ? latest.current : { search, rows, next };
          show({ ...kept, problem: problemText(translator, outcome.problem) });
          return;
        }
        // Whoever comes back while it is read stands at both places.
        const known = new Set(rows.map(({ user }) => user.id));
        rows = [...rows, ...outcome.value.members.filter(({ user }) => !known.has(user.id))];
        ({ next } = outcome.value);
      }
      reading.current = null;
      show({ search, rows, next, problem: null });
    },
    [engine, gid, search, translator, show],
  );

  const load = useCallback(() => {
    // Of another search it is about to begin anew.
    if (reading.current === null && latest.current.search === search) void read(latest.current, 0);
  }, [read, search]);
  const reload = useCallback(() => void read(NOTHING, Math.min(latest.current.rows.length, MOST_AGAIN)), [read]);

  const first = useRef(true);
  useEffect(() => {
    const wait = first.current ? 0 : TYPING_MS;
    first.current = false;
    const timer = setTimeout(() => void read(NOTHING, 0), wait);
    return () => {
      clearTimeout(timer);
      reading.current = null;
    };
  }, [read]);

  const known = useRef(changed);
  useEffect(() => {
    if (known.current === changed) return undefined;
    known.current = changed;
    const timer = setTimeout(reload, QUIET_MS);
    return () => clearTimeout(timer);
  }, [changed, reload]);

  return { rows: pages.rows, more: pages.next !== null, problem: pages.problem, load, reload };
}
