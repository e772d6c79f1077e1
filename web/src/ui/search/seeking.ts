// The messages that the server finds, page by page, as one types.

import { useEffect, useMemo, useState } from "react";

import type { Engine, Hit, Problem, SearchFilter } from "../../engine/contract";
import { Cell } from "../base/cell";
import { useEngine, useLive } from "../base/context";

export interface Sought {
  /** Newest first; null where nothing was asked for, or nothing is there yet. */
  readonly hits: readonly Hit[] | null;
  /** What was asked for to have these; while other words are asked for they stay. */
  readonly words: string;
  readonly asking: boolean;
  readonly more: boolean;
  readonly partial: boolean;
  readonly problem: Problem | null;
}

const NOTHING: Sought = { hits: null, words: "", asking: false, more: false, partial: false, problem: null };
/** Who types is waited for so long. */
const PAUSE_MS = 200;
/** So many pages with nothing in them are passed over by themselves. */
const EMPTY = 5;
/** So many are read to come back to a place. */
const BACK = 10;

export class Seeking {
  readonly sought = new Cell<Sought>(NOTHING);
  private words = "";
  private filter: SearchFilter = {};
  private next: number | null = null;
  /** Counts what was asked for: an answer to something else comes too late. */
  private turn = 0;
  /** So many hits there were where one comes back to. */
  private atLeast = 0;
  private timer = 0;

  constructor(private readonly engine: Engine) {}

  /** Null: nothing is looked for. What is found stays until there is something else. */
  look(words: string | null, filter: SearchFilter, atLeast = 0): void {
    this.stop();
    this.atLeast = atLeast;
    if (words === null) {
      this.sought.set(NOTHING);
      return;
    }
    this.words = words;
    this.filter = filter;
    this.next = null;
    this.sought.set({ ...this.sought.get(), asking: true, problem: null });
    this.later(PAUSE_MS, () => void this.ask([]));
  }

  /** The next page, or again the one that could not be had. */
  load(): void {
    const before = this.sought.get();
    if (before.asking) return;
    this.sought.set({ ...before, asking: true, problem: null });
    void this.ask(this.next === null ? [] : (before.hits ?? []));
  }

  stop(): void {
    this.turn += 1;
    clearTimeout(this.timer);
  }

  private async ask(before: readonly Hit[]): Promise<void> {
    const turn = ++this.turn;
    const { words, filter } = this;
    const hits = [...before];
    for (let pages = 0; ; pages++) {
      const outcome = await this.engine.search(words, filter, this.next);
      if (turn !== this.turn) return;
      if (!outcome.ok) {
        const { problem } = outcome;
        // Whoever types is not told that this was too fast.
        if (problem.is === "slow-down" || problem.is === "busy") this.later(problem.seconds * 1_000, () => void this.ask(hits));
        else this.sought.set({ ...this.sought.get(), words, hits, asking: false, problem });
        return;
      }
      const { hits: found, next, partial } = outcome.value;
      hits.push(...found);
      this.next = next;
      if (next !== null && ((found.length === 0 && pages < EMPTY) || (hits.length < this.atLeast && pages < BACK))) continue;
      this.atLeast = 0;
      this.sought.set({ words, hits, asking: false, more: next !== null, partial, problem: null });
      return;
    }
  }

  private later(ms: number, then: () => void): void {
    this.timer = window.setTimeout(then, ms);
  }
}

export interface Seeker extends Sought {
  readonly load: () => void;
}

/** What was found, each as it is now; what was recalled since is not among it. At first as many as there were, where one comes back. */
export function useSeeking(words: string | null, filter: SearchFilter, atLeast = 0): Seeker {
  const engine = useEngine();
  const [seeking] = useState(() => new Seeking(engine));
  useEffect(() => {
    seeking.look(words, filter, atLeast);
    return () => seeking.stop();
  }, [seeking, words, filter, atLeast]);

  // What could not be had is asked for again when the network is back.
  const online = useLive(engine.connection).is === "online";
  const sought = useLive(seeking.sought);
  const offline = sought.problem?.is === "offline";
  useEffect(() => {
    if (online && offline) seeking.load();
  }, [seeking, online, offline]);

  const listed = useLive(engine.listed);
  const hits = useMemo(
    () =>
      sought.hits?.flatMap((hit) => {
        const { gid, key, content } = hit.message;
        const message = listed(gid, key) ?? hit.message;
        if (message.recalled !== null) return [];
        if (message.content === content) return [message === hit.message ? hit : { ...hit, message }];
        return [{ ...hit, message, text: message.content, ranges: [] }];
      }) ?? null,
    [sought.hits, listed],
  );
  return { ...sought, hits, load: () => seeking.load() };
}
