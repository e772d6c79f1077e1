// What of an open chat is in memory: a run of messages without a gap, always with the newest, longer only
// where somebody scrolls.

import type { ChatView } from "./contract";
import { replaced } from "./detour";
import { bottom } from "./ranges";
import type { GroupRecord, Store } from "./storage";
import type { StoredMessage } from "./wire";

/** Messages at first, and again when the chat is left. */
const FIRST_PAGE = 100;
/** Unread messages are shown from the first on, unless there are more than this. */
const MOST_AT_FIRST = 500;
/** Messages added by one scroll to the top. */
export const PAGE = 200;
/** Where one has left off far up, so much is kept or read again for coming back; further up it is begun anew. */
const MOST_KEPT = 2_000;
/** What is kept above a place, so that it need not stand at the very top. */
const CONTEXT = 20;
/** A chat that opens waits so long for what the server has below the divider; with less of it, it opens all the same. */
const OPENING_MS = 3_000;
/** Whoever waits at the top for what is older is told after so long that it could not be had. */
const OLDER_MS = 30_000;

export class ChatWindow {
  messages: readonly StoredMessage[] = [];
  older: ChatView["older"] = "loading";
  dividerSeq: number | null = null;
  /** Null: not read from the store yet. */
  private from: number | null = null;
  private loading = false;
  /** Nobody looks, and what comes next from somebody else is where the divider belongs. */
  private expecting = false;
  /** What came before the store was read: shown with it, so that nobody begins in the middle. */
  private early: readonly StoredMessage[] = [];

  constructor(
    readonly gid: number,
    private readonly uid: number,
    private readonly store: Pick<Store, "page">,
    /** Writes what is in memory alone, so that reading is quick. */
    private readonly flush: () => Promise<void>,
    private readonly group: () => GroupRecord | undefined,
    /** Everything up to this place counts as read. */
    private readonly readTo: () => number,
    /** Has a page fetched from the server that lies below all that is stored; false where that did not work in time. */
    private readonly fetch: (patienceMs: number) => Promise<boolean>,
    private readonly changed: () => void,
    /** The message at which the chat was left before; null: at the newest. */
    private place: number | null = null,
  ) {}

  /** Somebody opens the chat: what is unread now is below the divider. */
  enter(unread: number): void {
    this.expecting = false;
    this.divide(unread);
    void this.open(unread);
  }

  /** Somebody looks at the open chat, or looks away; `unread` is how much they have not seen then. */
  look(is: boolean, unread: number): void {
    // A divider above what is still unread stays where it is: they have left off there.
    this.expecting = !is && (unread === 0 || this.dividerSeq === null);
  }

  /** Reads the newest messages, from the first unread one on. Those that come meanwhile follow on them. */
  async open(unread: number): Promise<void> {
    if (this.from !== null || this.loading) return;
    const group = this.group();
    if (group === undefined) return;
    this.divide(unread);
    this.loading = true;
    const limit = Math.max(FIRST_PAGE, Math.min(unread + CONTEXT, MOST_AT_FIRST), this.kept(group.lastSeq));
    let page: readonly StoredMessage[] | null;
    try {
      page = await this.read(Infinity, limit);
      while (this.begins(page) > (this.dividerSeq ?? Infinity) && unread + CONTEXT <= limit) {
        if (!(await this.fetch(OPENING_MS))) break;
        page = await this.read(Infinity, limit);
      }
    } catch {
      page = null;
    }
    this.loading = false;
    this.messages = page ?? [];
    this.from = page?.[0]?.seq ?? this.lowest();
    this.append(this.early);
    this.early = [];
    if (page !== null) this.reached(page.length < limit);
    else this.older = "failed";
    this.changed();
  }

  /** Messages were learned: those that follow on the newest are shown. */
  append(learned: readonly StoredMessage[]): void {
    if (this.from === null) {
      this.early = [...this.early, ...learned];
      return;
    }
    const from = this.lowest();
    if (from > this.from) this.cutHole(from);
    const last = this.messages.at(-1)?.seq ?? 0;
    const newer = learned.filter((message) => message.seq > last && message.seq >= from);
    if (newer.length === 0) return;
    newer.sort((a, b) => a.seq - b.seq);
    const others = this.expecting ? newer.find(({ uid }) => uid !== this.uid) : undefined;
    if (others !== undefined) {
      this.dividerSeq = others.seq;
      this.expecting = false;
    }
    this.messages = [...this.messages, ...newer];
  }

  /** Messages that are shown are in another state. */
  change(changed: readonly StoredMessage[]): void {
    this.messages = replaced(this.messages, changed);
    this.early = replaced(this.early, changed);
  }

  /** Some are gone. */
  drop(isThere: (seq: number) => boolean): void {
    if (this.messages.some(({ seq }) => !isThere(seq))) this.messages = this.messages.filter(({ seq }) => isThere(seq));
  }

  /** Reads a page further up, which is fetched where the store has no more. */
  async grow(): Promise<void> {
    if (this.from === null || this.loading || this.older === "none") return;
    this.loading = true;
    this.older = "loading";
    this.changed();
    let page: readonly StoredMessage[] = [];
    let had = true;
    try {
      page = await this.above();
      if (page.length === 0 && this.lowest() > 1) {
        had = await this.fetch(OLDER_MS);
        page = await this.above();
      }
    } catch {
      had = false;
    }
    this.loading = false;
    const first = this.messages[0]?.seq ?? Infinity;
    this.messages = [...page.filter((message) => message.seq < first), ...this.messages];
    if (had || page.length > 0) this.reached(page.length < PAGE);
    else this.older = "failed";
    this.changed();
  }

  /** The chat is left, at a message or at the newest: what it takes to come back there is kept. */
  leave(place: number | null): void {
    this.dividerSeq = null;
    this.expecting = false;
    this.place = place;
    const keep = Math.max(FIRST_PAGE, this.kept(this.messages.at(-1)?.seq ?? 0));
    if (this.loading || this.messages.length <= keep) return;
    this.messages = this.messages.slice(-keep);
    this.older = "some";
    this.from = this.messages[0]?.seq ?? this.from;
  }

  private divide(unread: number): void {
    if (unread > 0 && this.group() !== undefined) this.dividerSeq ??= this.readTo() + 1;
  }

  /** How many messages it takes from the place where the chat was left to the newest; 0 where that is too far. */
  private kept(lastSeq: number): number {
    if (this.place === null) return 0;
    const count = lastSeq - this.place + 1 + CONTEXT;
    return count > MOST_KEPT ? 0 : count;
  }

  /** Where what is shown would begin: a page that has all there is begins before anything. */
  private begins(page: readonly StoredMessage[]): number {
    return this.lowest() <= 1 ? 0 : (page[0]?.seq ?? Infinity);
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
