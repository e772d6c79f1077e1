// A part of a chat elsewhere than at its newest: what is loaded around a message that somebody jumped to. It grows to both
// sides; once it has the newest it is as good as the window of the chat.

import type { ChatView } from "./contract";
import { newer } from "./noted";
import type { Around } from "./replica";
import type { GroupRecord, Range, Store } from "./storage";
import type { StoredMessage } from "./wire";

/** Messages to each side at first, and those that one scroll adds. */
const FIRST = 50;
const PAGE = 100;
/** Whoever waits is told after so long that it could not be had. */
const WAIT_MS = 30_000;

type Edge = ChatView["older"];

export class Detour {
  messages: readonly StoredMessage[] = [];
  older: Edge = "loading";
  newer: Edge = "loading";
  private busy = false;
  /** Above the first message, or below the last, there are only places that one does not see. */
  private isFirst = false;
  private isLast = false;

  constructor(
    private readonly gid: number,
    private readonly store: Pick<Store, "page">,
    /** Writes what is in memory alone, so that reading is quick. */
    private readonly flush: () => Promise<void>,
    private readonly group: () => GroupRecord | undefined,
    /** Has messages fetched from the server; false where that did not work in time. */
    private readonly fetch: (around: Around, patienceMs: number) => Promise<boolean>,
    private readonly changed: () => void,
  ) {}

  /** Loads what is around a place; whether there is anything. */
  async open(seq: number): Promise<boolean> {
    if (this.range(seq) === null && !(await this.fetch({ seq, before: FIRST, after: FIRST }, WAIT_MS))) return false;
    const range = this.range(seq);
    if (range === null) return false;
    await this.flush();
    const above = await this.store.page(this.gid, range.from, seq + 1, FIRST);
    this.isFirst = above.length < FIRST && range.from <= 1;
    const below = await this.below(seq, range);
    this.messages = [...above, ...below];
    this.judge();
    return this.messages.length > 0;
  }

  async growUp(): Promise<void> {
    const first = this.messages[0];
    if (first === undefined || this.busy || this.older === "none") return;
    this.begin("older");
    let had = true;
    let page = await this.above(first.seq);
    if (page.length === 0) {
      had = await this.fetch({ seq: first.seq, before: PAGE, after: 0 }, WAIT_MS);
      page = await this.above(first.seq);
    }
    this.messages = [...page, ...this.messages];
    this.end("older", had);
  }

  async growDown(): Promise<void> {
    const last = this.messages.at(-1);
    if (last === undefined || this.busy || this.newer === "none") return;
    this.begin("newer");
    let had = true;
    let page = await this.below(last.seq, this.range(last.seq));
    if (page.length === 0) {
      had = await this.fetch({ seq: last.seq, before: 0, after: PAGE }, WAIT_MS);
      page = await this.below(last.seq, this.range(last.seq));
    }
    this.messages = [...this.messages, ...page];
    this.end("newer", had);
  }

  /** Messages were learned; where the newest are shown these follow on them. */
  append(learned: readonly StoredMessage[]): void {
    const last = this.messages.at(-1)?.seq ?? 0;
    // So much may have been missed that there is a hole between this and the newest.
    const isAtNewest = (this.group()?.covered.at(-1)?.from ?? 0) <= last + 1;
    if (this.newer !== "none" || this.busy || !isAtNewest) {
      this.isLast = false;
      this.judge();
      return;
    }
    const more = learned.filter(({ seq }) => seq > last).sort((a, b) => a.seq - b.seq);
    if (more.length > 0) this.messages = [...this.messages, ...more];
    this.judge();
  }

  change(changed: readonly StoredMessage[]): void {
    this.messages = replaced(this.messages, changed);
  }

  drop(isThere: (seq: number) => boolean): void {
    if (this.messages.some(({ seq }) => !isThere(seq))) this.messages = this.messages.filter(({ seq }) => isThere(seq));
  }

  private begin(edge: "older" | "newer"): void {
    this.busy = true;
    this[edge] = "loading";
    this.changed();
  }

  private end(edge: "older" | "newer", had: boolean): void {
    this.busy = false;
    this.judge();
    if (!had && this[edge] === "some") this[edge] = "failed";
    this.changed();
  }

  /** What there is beyond the edges. */
  private judge(): void {
    if (this.busy) return;
    const [first, last] = [this.messages[0], this.messages.at(-1)];
    const covered = this.group()?.covered ?? [];
    if (first === undefined || last === undefined) return;
    this.older = first.seq <= 1 || this.isFirst ? "none" : "some";
    const newest = covered.at(-1);
    const isNewest = newest !== undefined && last.seq >= newest.from;
    this.newer = isNewest && (last.seq >= newest.to || this.isLast) ? "none" : "some";
  }

  private async above(seq: number): Promise<readonly StoredMessage[]> {
    await this.flush();
    const range = this.range(seq);
    const page = range === null ? [] : await this.store.page(this.gid, range.from, seq, PAGE).catch(() => []);
    this.isFirst = page.length < PAGE && range !== null && range.from <= 1;
    return page;
  }

  /** What follows on a place, as far as it is at hand. */
  private async below(seq: number, range: Range | null): Promise<readonly StoredMessage[]> {
    await this.flush();
    if (range === null) return [];
    for (let below = seq + 1 + PAGE; ; below += PAGE) {
      const to = Math.min(below, range.to + 1);
      const page = await this.store.page(this.gid, seq + 1, to, PAGE + (to - seq)).catch(() => []);
      const isEnd = to === range.to + 1;
      if (page.length > 0 || isEnd) {
        this.isLast = isEnd && range.to === this.group()?.covered.at(-1)?.to;
        return page;
      }
    }
  }

  private range(seq: number): Range | null {
    return this.group()?.covered.find(({ from, to }) => from <= seq && seq <= to) ?? null;
  }
}

/** With those that are among them in their newer state. */
export function replaced(messages: readonly StoredMessage[], changed: readonly StoredMessage[]): readonly StoredMessage[] {
  if (changed.length === 0 || messages.length === 0) return messages;
  const bySeq = new Map(changed.map((message) => [message.seq, message]));
  if (!messages.some(({ seq }) => bySeq.has(seq))) return messages;
  return messages.map((message) => {
    const next = bySeq.get(message.seq);
    return next === undefined ? message : newer(message, next);
  });
}
