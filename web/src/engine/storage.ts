// What is kept of one account over reloads: the records, and the port to whatever keeps them.
//
// Two kinds of things are kept. Facts are what the server said; only the leading tab writes them. Intents are what the person
// wants (messages to send, drafts, how far they have read); every tab writes its own at once, so they survive whatever happens to
// the leader. Which lists there are is said once, in FACTS and INTENTS.

import type { Act, Rewritten } from "./acts";
import type { Extras, GroupSettings, RecordedPart, SentKind, User } from "./contract";
import type { Unsent } from "./unsent";
import { newer } from "./noted";
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
  /** Of a group that the user has left: up to where it is known what was recalled since. Absent where nothing was. */
  readonly recalledTo?: number;
  /** Absent, as in older records, where they are not known. */
  readonly settings?: GroupSettings | null;
}

/** Which places of a chat the user has no longer: one record a chat, of those that have any. */
export interface SightRecord {
  readonly gid: number;
  /** All up to here. */
  readonly clearedSeq: number;
  /** Above it, ascending and apart. */
  readonly gone: readonly Range[];
}

export interface StarRecord {
  readonly gid: number;
  readonly id: number;
  readonly on: boolean;
}

/** The unread messages of a chat that mention the user. */
export interface MentionedRecord {
  readonly gid: number;
  /** Those that are known, ascending. */
  readonly seqs: readonly number[];
  /** Of the unread, those that one was told of: nothing rings twice. */
  readonly rung: readonly number[];
  /** How many the server counted, where that is not as many as are known; they are asked for then. */
  readonly told: number | null;
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
  /** Of a message that names a file: how far that is. */
  readonly unsent?: Unsent;
}

/** The bytes that a message takes along: kept until the server has it, or nobody wants it any more. */
export interface KeptFile {
  readonly clientMsgId: string;
  readonly file: Blob;
  /** The picture that stands for a film. */
  readonly poster: Blob | null;
  /** Of what begins with `RECORDED`, which belongs to no message yet: see recordings.ts. */
  readonly part?: Omit<RecordedPart, "blob">;
}

/** So begin the names of what was said into a microphone. */
export const RECORDED = "voice ";

export interface Draft {
  readonly gid: number;
  /** Empty: nothing is written yet; where it answers nothing either, there is none. */
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
export const FACTS = {
  users: by<User>("id"),
  friends: by<FriendState>("uid"),
  groups: by<GroupRecord>("gid"),
  members: by<MemberRecord>("gid", "uid"),
  messages: by<StoredMessage>("gid", "seq"),
  events: by<EventRecord>("gid", "rev"),
  sights: by<SightRecord>("gid"),
  stars: by<StarRecord>("gid", "id"),
  mentioned: by<MentionedRecord>("gid"),
};

/** What the person wants, in lists. */
export const INTENTS = {
  pending: by<Pending>("clientMsgId"),
  drafts: by<Draft>("gid"),
  marks: by<Mark>("gid"),
  acts: by<Act>("id"),
  rewrites: by<Rewritten>("gid", "key"),
};

/** All lists, by name. */
export const LISTS = { ...FACTS, ...INTENTS };

export type Lists = typeof LISTS;
export type List = keyof Lists;
type RecordOf<L> = L extends Kept<infer T> ? T : never;
export type Records = { readonly [L in List]: RecordOf<Lists[L]> };
export type Some<L> = { readonly [name in keyof L]?: readonly RecordOf<L[name]>[] };

/** These grow without end, and are read by page. */
const PAGED = ["messages", "events"] as const;
type Whole = Exclude<List, (typeof PAGED)[number]>;

const namesOf = <L extends object>(lists: L): readonly (keyof L)[] => Object.keys(lists) as (keyof L)[];
export const ALL_LISTS: readonly List[] = namesOf(LISTS);
export const READ_WHOLE = ALL_LISTS.filter((list): list is Whole => !PAGED.some((paged) => paged === list));
/** What the server said, and can say again. */
export const OF_SERVER: readonly List[] = namesOf(FACTS);
/** What means something only together with the store that it is of: marks and acts are on its messages. */
export const OF_STORE: readonly List[] = [...OF_SERVER, "marks", "acts", "rewrites"];

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
  /** Messages that are at hand already, in another state; kept with `messages`, before which they are not put. */
  readonly changed?: readonly StoredMessage[];
  /** Messages that are forgotten, after all others were put. */
  readonly gone?: readonly GoneFrom[];
}

export interface GoneFrom {
  readonly gid: number;
  readonly ranges: readonly Range[];
}

/** What the person wants. */
export interface Intents extends Some<typeof INTENTS> {
  /** `clientMsgId` or `id` of what is taken out of the outbox, after `pending` and `acts` were put. */
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
  for (const message of facts.changed ?? []) put("messages", message);
}

/** What is taken out of the outbox is in one of these. */
export const SETTLED = ["pending", "acts"] as const;

export function isNoDraft({ text, replyTo = null }: Draft): boolean {
  return text === "" && replyTo === null;
}

/** What is put to be there no more: an empty draft, and words that may not be written again. */
export function isEmpty<L extends List>(list: L, record: Records[L]): boolean {
  if (list === "drafts") return isNoDraft(record as Draft);
  return list === "rewrites" && (record as Rewritten).words === null;
}

export interface Store {
  /** Whether what is written is there after a reload. */
  readonly isLasting: boolean;
  load(): Promise<Snapshot>;
  /** In one transaction: after a crash it is there as a whole or not at all. */
  write(batch: Batch): Promise<void>;
  /** Of the intents, those to be sent. */
  outbox(): Promise<Required<Pick<Intents, "pending" | "acts">>>;
  /** The newest `limit` messages with `from <= seq < below`, ascending. */
  page(gid: number, from: number, below: number, limit: number): Promise<readonly StoredMessage[]>;
  /** The newest `limit` of what is known to have happened in a group, ascending. */
  events(gid: number, limit: number): Promise<readonly EventRecord[]>;
  /** Beside everything else: to write a large one takes long, and nothing waits for it. */
  keepFile(file: KeptFile): Promise<void>;
  file(clientMsgId: string): Promise<KeptFile | null>;
  /** The `clientMsgId` of those that are kept. */
  fileNames(): Promise<readonly string[]>;
  dropFiles(names: readonly string[]): Promise<void>;
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
    for (const { gid, ranges } of facts.gone ?? []) this.forget(gid, ranges);
    for (const id of intents.settled ?? []) for (const list of SETTLED) this.delete(list, id);
  }

  all<L extends List>(list: L): readonly Records[L][] {
    return [...this.byList[list].values()].flatMap((records) => [...records.values()]);
  }

  /** Those whose key, or the first part of it, this is. */
  at<L extends List>(list: L, first: unknown): readonly Records[L][] {
    return [...(this.byList[list].get(first)?.values() ?? [])];
  }

  delete(list: List, first: unknown, second?: unknown): void {
    if (second === undefined) this.byList[list].delete(first);
    else this.byList[list].get(first)?.delete(second);
  }

  clear(lists: readonly List[]): void {
    for (const list of lists) this.byList[list].clear();
  }

  private put<L extends List>(list: L, record: Records[L]): void {
    const [first, second] = LISTS[list].key.map((part) => record[part as keyof Records[L]]);
    const table = this.byList[list];
    const records = table.get(first) ?? new Map<unknown, Records[L]>();
    const old = records.get(second);
    const kept = list === "messages" ? newer(old as StoredMessage | undefined, record as StoredMessage) : record;
    table.set(first, records.set(second, kept as Records[L]));
  }

  private forget(gid: number, ranges: readonly Range[]): void {
    const messages = this.byList.messages.get(gid);
    if (messages === undefined) return;
    for (const seq of [...messages.keys()] as number[]) {
      if (ranges.some(({ from, to }) => seq >= from && seq <= to)) messages.delete(seq);
    }
  }
}

/** The order of sending. */
export function bySending(a: Pending, b: Pending): number {
  return a.order - b.order || (a.clientMsgId < b.clientMsgId ? -1 : 1);
}

/** Whose it is stays known when all else is forgotten. */
export function homeOf({ home }: Singles): Singles {
  return home === undefined ? {} : { home };
}
