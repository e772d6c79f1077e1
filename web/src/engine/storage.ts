// What is kept of one account over reloads: the records, the port to whatever keeps them, and the writer.
//
// Two kinds of things are kept. Facts are what the server said; only the leading tab writes them. Intents are what the person
// wants (messages to send, drafts, how far they have read); every tab writes its own at once, so they survive whatever happens to
// the leader. Which lists there are is said once, in FACTS and INTENTS.

import type { Extras, SentKind, User } from "./contract";
import type { GroupEvent, StoredMessage } from "./wire";
import type { FriendState, StoreState } from "./wire.gen";

/** Places, both ends included; `to` is `from - 1` where nothing has come of it yet. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

export interface GroupRecord {
  readonly gid: number;
  /** Everything up to this change is known. */
  readonly rev: number;
  readonly name: string;
  readonly avatar: string;
  readonly mode: number;
  readonly creator: number;
  readonly member: boolean;
  readonly lastSeq: number;
  /** Everything up to here counts as read: `lastSeq - unread`. */
  readonly readSeq: number;
  /** Ascending and apart: within these, every message that the user may see is in the store. */
  readonly covered: readonly Range[];
  readonly last: StoredMessage | null;
  /** The group is too large for its members to be synced. */
  readonly membersOmitted: boolean;
  /** When the user joined last, by the server's clock; 0 where that is not known. */
  readonly joinedAt: number;
  /** What happened last. */
  readonly lastEvent: EventRecord | null;
  /** The newest message of any chat when this client first saw the group; 0 for those of the first sync. Its rank in the list while it has no message. */
  readonly after: number;
  /** Up to where the user has deleted the chat from their list; null or absent, as in older records, where they have not. */
  readonly deletedSeq?: number | null;
}

/** What happened in a group. */
export interface EventRecord extends GroupEvent {
  readonly gid: number;
}

export interface MemberRecord {
  readonly gid: number;
  readonly uid: number;
  readonly admin: boolean;
  readonly left: boolean;
  /** At least: what they wrote themselves counts as read, as it does for the server. */
  readonly readSeq: number;
  readonly deliveredSeq: number;
  /** Ascends by joining. */
  readonly order: number;
}

/** Whose copy this is, and of which store. */
export interface Home {
  readonly store: StoreState;
  readonly account: string;
}

/** Whom something was written for, in words that mean the same in every store. */
export interface Addressee {
  /** Null: none was known yet. */
  readonly store: StoreState | null;
  /** The account of the other one of a single chat. */
  readonly partner: string | null;
  /** The account of who made the group. */
  readonly creator: string | null;
  readonly name: string;
}

/** A message that the server is not known to have. */
export interface Pending {
  readonly clientMsgId: string;
  readonly gid: number;
  readonly kind: SentKind;
  readonly content: string;
  readonly extras?: Extras;
  /** Unix milliseconds by the clock of this device: for what is shown. */
  readonly at: number;
  /** Counted by this device, ascending: the order of sending. */
  readonly order: number;
  /** The newest message of any chat when it was written: its chat's rank in the list. */
  readonly after: number;
  readonly state:
    | { readonly is: "waiting" }
    /** The server has it; its place comes with the message itself. */
    | { readonly is: "acked" }
    | { readonly is: "failed"; readonly reason: string };
  /** It goes to no other store than this one by itself. */
  readonly to?: Addressee;
}

export interface Draft {
  readonly gid: number;
  /** Empty: there is none. */
  readonly text: string;
  /** The id of the message that it answers. */
  readonly replyTo?: number | null;
  /** Where its store is gone and it is not known yet whether its chat is still there. */
  readonly to?: Addressee;
}

/** How far the user has read a chat on this device. */
export interface Mark {
  readonly gid: number;
  readonly seq: number;
  /** The message there; the server wants its id. */
  readonly msgId: number;
}

/** Things of one kind, each of which is found again by a key: what is put twice is as good as put once. */
interface Kept<T> {
  readonly key: readonly (keyof T & string)[];
}

function by<T>(...key: readonly (keyof T & string)[]): Kept<T> {
  return { key };
}

/** What the server said, in lists. */
const FACTS = {
  users: by<User>("id"),
  friends: by<FriendState>("uid"),
  groups: by<GroupRecord>("gid"),
  members: by<MemberRecord>("gid", "uid"),
  messages: by<StoredMessage>("gid", "seq"),
  events: by<EventRecord>("gid", "rev"),
};

/** What the person wants, in lists. */
const INTENTS = {
  pending: by<Pending>("clientMsgId"),
  drafts: by<Draft>("gid"),
  marks: by<Mark>("gid"),
};

/** All lists, by name. */
export const LISTS = { ...FACTS, ...INTENTS };

type Lists = typeof LISTS;
export type List = keyof Lists;
type RecordOf<L> = L extends Kept<infer T> ? T : never;
export type Records = { readonly [L in List]: RecordOf<Lists[L]> };
type Some<L> = { readonly [name in keyof L]?: readonly RecordOf<L[name]>[] };

/** These grow without end, and are read by page. */
const PAGED = ["messages", "events"] as const;
type Whole = Exclude<List, (typeof PAGED)[number]>;

const namesOf = <L extends object>(lists: L): readonly (keyof L)[] => Object.keys(lists) as (keyof L)[];
export const ALL_LISTS: readonly List[] = namesOf(LISTS);
export const READ_WHOLE = ALL_LISTS.filter((list): list is Whole => !PAGED.some((paged) => paged === list));
/** What means something only together with the store that it is of: the marks are on its messages. */
export const OF_STORE: readonly List[] = [...namesOf(FACTS), "marks"];

/** What there is one of, of what the server said. */
export interface Singles {
  readonly home?: Home;
  readonly rev?: number;
  readonly me?: User;
}

/** What the server said. */
export interface Facts extends Some<typeof FACTS> {
  /** The server has another store: all facts and the marks are forgotten before anything else is put. */
  readonly anew?: true;
  readonly singles?: Singles;
  /** Groups whose members are forgotten, before `members` are put. */
  readonly membersForgotten?: readonly number[];
}

/** What the person wants. */
export interface Intents extends Some<typeof INTENTS> {
  /** `clientMsgId` of what is taken out of the outbox, after `pending` was put. */
  readonly settled?: readonly string[];
}

/** Things to put, each whole. All of one batch or nothing. */
export interface Batch {
  readonly facts: Facts;
  readonly intents: Intents;
}

/** Everything but what is read by page. */
export interface Snapshot {
  readonly facts: Required<Pick<Some<typeof FACTS>, Whole & keyof typeof FACTS>> & { readonly singles: Singles };
  readonly intents: Required<Some<typeof INTENTS>>;
}

export function ofFacts(facts: Facts): Batch {
  return { facts, intents: {} };
}

export function ofIntents(intents: Intents): Batch {
  return { facts: {}, intents };
}

export function isNothing({ facts, intents }: Batch): boolean {
  return Object.keys(facts).length === 0 && Object.keys(intents).length === 0;
}

/** Of the lists that are read as a whole; what is to be sent comes in the order of sending. */
export function snapshotOf(singles: Singles, all: (list: Whole) => readonly unknown[]): Snapshot {
  const lists = (some: Partial<Lists>): object => {
    return Object.fromEntries(READ_WHOLE.filter((list) => list in some).map((list) => [list, all(list)]));
  };
  const facts = { singles, ...lists(FACTS) } as Snapshot["facts"];
  const intents = lists(INTENTS) as Snapshot["intents"];
  return { facts, intents: { ...intents, pending: [...intents.pending].sort(bySending) } };
}

/** Calls `put` with each record of the lists. */
export function eachRecord({ facts, intents }: Batch, put: <L extends List>(list: L, record: Records[L]) => void): void {
  const lists: Some<Lists> = { ...facts, ...intents };
  for (const list of ALL_LISTS) for (const record of lists[list] ?? []) put(list, record as never);
}

export interface Store {
  /** Whether what is written is there after a reload. */
  readonly isLasting: boolean;
  load(): Promise<Snapshot>;
  /** In one transaction: after a crash it is there as a whole or not at all. */
  write(batch: Batch): Promise<void>;
  /** The newest `limit` messages with `from <= seq < below`, ascending. */
  page(gid: number, from: number, below: number, limit: number): Promise<readonly StoredMessage[]>;
  /** The newest `limit` of what is known to have happened in a group, ascending. */
  events(gid: number, limit: number): Promise<readonly EventRecord[]>;
  /** Forgets all facts but whose they are, and the marks; with `all` also that, and what was not sent. */
  clear(all: boolean): Promise<void>;
  close(): void;
}

/** The records of batches, of each the latest. */
export class Tables {
  /** By the first part of their key, then by the second. */
  private readonly byList = Object.fromEntries(ALL_LISTS.map((list) => [list, new Map()])) as {
    readonly [L in List]: Map<unknown, Map<unknown, Records[L]>>;
  };

  take(batch: Batch): void {
    const { facts, intents } = batch;
    if (facts.anew === true) this.clear(OF_STORE);
    for (const gid of facts.membersForgotten ?? []) this.delete("members", gid);
    eachRecord(batch, (list, record) => this.put(list, record));
    for (const id of intents.settled ?? []) this.delete("pending", id);
  }

  all<L extends List>(list: L): readonly Records[L][] {
    return [...this.byList[list].values()].flatMap((records) => [...records.values()]);
  }

  /** Those whose key, or the first part of it, this is. */
  at<L extends List>(list: L, first: unknown): readonly Records[L][] {
    return [...(this.byList[list].get(first)?.values() ?? [])];
  }

  delete(list: List, first: unknown): void {
    this.byList[list].delete(first);
  }

  clear(lists: readonly List[]): void {
    for (const list of lists) this.byList[list].clear();
  }

  private put<L extends List>(list: L, record: Records[L]): void {
    const [first, second] = LISTS[list].key.map((part) => record[part as keyof Records[L]]);
    const table = this.byList[list];
    const records = table.get(first) ?? new Map<unknown, Records[L]>();
    table.set(first, records.set(second, record));
  }
}

/** The order of sending. */
export function bySending(a: Pending, b: Pending): number {
  return a.order - b.order || (a.clientMsgId < b.clientMsgId ? -1 : 1);
}

const RETRY_MS = 5_000;

/**
 * Writes batches in the order they came, as many at a time as have gathered. A batch that could not be
 * written is kept and written together with the next ones: nothing may overtake it, or `rev` would promise
 * data that is not there.
 */
export class Writer {
  private gathered = new Gathered();
  private running: Promise<void> | null = null;
  private stopped = false;

  constructor(
    private readonly store: Store,
    private readonly after: (ms: number, then: () => void) => () => void,
    /** When to write: what is added until then is written together. */
    private readonly soon: (then: () => void) => void,
    private readonly written: (batch: Batch) => void,
  ) {}

  add(batch: Batch): void {
    if (this.stopped) return;
    this.gathered.add(batch);
    this.run();
  }

  /** As of the store, with what could not be written yet. */
  async page(gid: number, from: number, below: number, limit: number): Promise<readonly StoredMessage[]> {
    const stored = await this.ofStore(() => this.store.page(gid, from, below, limit));
    const waiting = this.gathered.messagesOf(gid).filter(({ seq }) => seq >= from && seq < below);
    if (waiting.length === 0) return stored;
    const all = new Map([...stored, ...waiting].map((message) => [message.seq, message]));
    return [...all.values()].sort((a, b) => a.seq - b.seq).slice(-limit);
  }

  /** As `page`. */
  async events(gid: number, limit: number): Promise<readonly EventRecord[]> {
    const stored = await this.ofStore(() => this.store.events(gid, limit));
    const waiting = this.gathered.eventsOf(gid);
    if (waiting.length === 0) return stored;
    const all = new Map([...stored, ...waiting].map((event) => [event.rev, event]));
    return [...all.values()].sort((a, b) => a.rev - b.rev).slice(-limit);
  }

  /** When all that was added before is written, or could not be. */
  async settled(): Promise<void> {
    while (this.running !== null && !this.gathered.isEmpty) await this.running;
    await this.running;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  /** What the store still has of another history is not given, also where it could not be forgotten meanwhile. */
  private async ofStore<T>(read: () => Promise<readonly T[]>): Promise<readonly T[]> {
    const stored = this.gathered.isAnew ? [] : await read();
    return this.gathered.isAnew ? [] : stored;
  }

  private run(): void {
    this.running ??= this.writeGathered().finally(() => {
      this.running = null;
    });
  }

  private async writeGathered(): Promise<void> {
    while (!this.gathered.isEmpty && !this.stopped) {
      await new Promise<void>((resolve) => this.soon(resolve));
      const taken = this.gathered;
      this.gathered = new Gathered();
      const batch = taken.batch();
      try {
        await this.store.write(batch);
      } catch {
        taken.add(this.gathered.batch());
        this.gathered = taken;
        this.after(RETRY_MS, () => this.run());
        return;
      }
      this.written(batch);
    }
  }
}

/** Batches made one; of each thing the latest. */
class Gathered {
  private anew = false;
  private singles: Singles = {};
  private readonly tables = new Tables();
  private readonly membersForgotten = new Set<number>();
  private readonly settled = new Set<string>();
  isEmpty = true;

  add(batch: Batch): void {
    if (isNothing(batch)) return;
    this.isEmpty = false;
    const { facts, intents } = batch;
    if (facts.anew === true) {
      // What was gathered of another store is not wanted any more.
      this.anew = true;
      this.singles = homeOf(this.singles);
      this.membersForgotten.clear();
    }
    this.singles = { ...this.singles, ...facts.singles };
    this.tables.take(batch);
    for (const gid of facts.membersForgotten ?? []) this.membersForgotten.add(gid);
    for (const id of intents.settled ?? []) this.settled.add(id);
  }

  get isAnew(): boolean {
    return this.anew;
  }

  messagesOf(gid: number): readonly StoredMessage[] {
    return this.tables.at("messages", gid);
  }

  eventsOf(gid: number): readonly EventRecord[] {
    return this.tables.at("events", gid);
  }

  batch(): Batch {
    const { anew, singles, membersForgotten, settled } = this;
    return {
      facts: {
        ...(anew && { anew }),
        ...(Object.keys(singles).length > 0 && { singles }),
        ...this.lists(FACTS),
        ...(membersForgotten.size > 0 && { membersForgotten: [...membersForgotten] }),
      },
      intents: { ...this.lists(INTENTS), ...(settled.size > 0 && { settled: [...settled] }) },
    };
  }

  /** Those that have something in them. */
  private lists<L extends Partial<Lists>>(lists: L): Some<L> {
    const filled = (Object.keys(lists) as List[]).map((list) => [list, this.tables.all(list)] as const);
    return Object.fromEntries(filled.filter(([, records]) => records.length > 0)) as Some<L>;
  }
}

/** Whose it is stays known when all else is forgotten. */
export function homeOf({ home }: Singles): Singles {
  return home === undefined ? {} : { home };
}
