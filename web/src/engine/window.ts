// What of an open chat is in memory: a run of messages without a gap, always with the newest, longer only
// where somebody scrolls.

import type { ChatView } from "./contract";
import { bottom } from "./ranges";
import type { GroupRecord, Store } from "./storage";
import type { StoredMessage } from "./wire";

/** Messages at first, and again when the chat is left. */
const FIRST_PAGE = 100;
/** Unread messages are shown from the first on, unless there are more than this. */
const MOST_AT_FIRST = 500;
/** Messages added by one scroll to the top. */
export const PAGE = 200;

export class ChatWindow {
  messages: readonly StoredMessage[] = [];
  older: ChatView["older"] = "loading";
  dividerSeq: number | null = null;
  /** Null: not read from the store yet. */
  private from: number | null = null;
  private loading = false;

  constructor(
    readonly gid: number,
    private readonly store: Store,
    /** Writes what is in memory alone, so that the store can be read. */
    private readonly flush: () => Promise<void>,
    private readonly group: () => GroupRecord | undefined,
    private readonly changed: () => void,
  ) {}

  /** Reads the newest messages. Those that come meanwhile follow on them. */
  async open(unread: number): Promise<void> {
    if (this.from !== null || this.loading) return;
    const group = this.group();
    if (group === undefined) return;
    if (unread > 0) this.dividerSeq ??= group.lastSeq - unread + 1;
    this.loading = true;
    const limit = Math.min(Math.max(FIRST_PAGE, unread + 20), MOST_AT_FIRST);
    const page = await this.read(Infinity, limit);
    const last = page.at(-1)?.seq ?? 0;
    this.messages = [...page, ...this.messages.filter((message) => message.seq > last)];
    this.loading = false;
    this.reached(page.length < limit);
    this.changed();
  }

  /** Messages were learned: those that follow on the newest are shown. */
  append(learned: readonly StoredMessage[]): void {
    const from = this.lowest();
    if (this.from !== null && from > this.from) this.cutHole(from);
    const last = this.messages.at(-1)?.seq ?? 0;
    const newer = learned.filter((message) => message.seq > last && message.seq >= from);
    if (newer.length === 0) return;
    newer.sort((a, b) => a.seq - b.seq);
    this.messages = [...this.messages, ...newer];
  }

  /** Reads a page further up; `ask` has it fetched where the store has no more. */
  async grow(ask: () => Promise<boolean>): Promise<void> {
    if (this.from === null || this.loading || this.older === "none") return;
    this.loading = true;
    this.older = "loading";
    this.changed();
    let page = await this.above();
    let fetched = true;
    if (page.length === 0 && this.lowest() > 1) {
      fetched = await ask();
      page = await this.above();
    }
    this.loading = false;
    const first = this.messages[0]?.seq ?? Infinity;
    this.messages = [...page.filter((message) => message.seq < first), ...this.messages];
    if (fetched || page.length > 0) this.reached(page.length < PAGE);
    else this.older = "failed";
    this.changed();
  }

  /** Nobody looks any more. */
  trim(): void {
    this.dividerSeq = null;
    if (this.loading || this.messages.length <= FIRST_PAGE) return;
    this.messages = this.messages.slice(-FIRST_PAGE);
    this.older = "some";
    this.from = this.messages[0]?.seq ?? this.from;
  }

  private async above(): Promise<readonly StoredMessage[]> {
    return this.read(this.messages[0]?.seq ?? Infinity, PAGE);
  }

  private async read(below: number, limit: number): Promise<readonly StoredMessage[]> {
    await this.flush();
    const newest = (this.group()?.lastSeq ?? 0) + 1;
    return this.store.page(this.gid, this.lowest(), Math.min(below, newest), limit);
  }

  /** So much was missed that a part of it was left to history: what is shown begins above it. */
  private cutHole(from: number): void {
    this.messages = this.messages.filter((message) => message.seq >= from);
    this.from = this.messages[0]?.seq ?? from;
    if (!this.loading) this.older = "some";
  }

  private reached(allOfStore: boolean): void {
    this.from = this.messages[0]?.seq ?? this.lowest();
    this.older = allOfStore && this.lowest() <= 1 ? "none" : "some";
  }

  private lowest(): number {
    return bottom(this.group()?.covered ?? []);
  }
}
