// What is kept of one account over reloads: the records, the port to whatever keeps them, and the writer.
//
// Two kinds of things are kept. The replica is what the server said; only the leading tab writes it. Intents
// are what the user wants (messages to send, drafts, how far he has read); every tab writes its own at once,
// so they survive whatever happens to the leader.

import type { MessageKind, User } from "./contract";
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
  /** The newest message of any chat when this client first saw the group; 0 for those of the first sync. Its place in the list while it has no message. */
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
  /** At least: what he wrote himself counts as read, as it does for the server. */
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
  readonly kind: MessageKind;
  readonly content: string;
  /** Unix milliseconds by the clock of this device: for what is shown. */
  readonly at: number;
  /** Counted by this device, ascending: the order of sending. */
  readonly order: number;
  /** The newest message of any chat when it was written: its chat's place in the list. */
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

/** Things to put, each whole; what is put twice is as good as put once. All of one batch or nothing. */
export interface Batch {
  /** The server has another store: all of the replica and the marks are forgotten before anything else is put. */
  readonly anew?: true;
  readonly home?: Home;
  readonly rev?: number;
  readonly me?: User;
  readonly users?: readonly User[];
  readonly friends?: readonly FriendState[];
  readonly groups?: readonly GroupRecord[];
  readonly members?: readonly MemberRecord[];
  /** Groups whose members are forgotten, before `members` are put. */
  readonly membersForgotten?: readonly number[];
  readonly messages?: readonly StoredMessage[];
  readonly events?: readonly EventRecord[];
  readonly pending?: readonly Pending[];
  /** `clientMsgId` of what is taken out of the outbox, after `pending` was put. */
  readonly settled?: readonly string[];
  readonly drafts?: readonly Draft[];
  readonly marks?: readonly Mark[];
}

/** Everything but the messages, which are read by page. */
export interface Snapshot extends Omit<Batch, "anew"> {
  readonly rev: number;
  readonly users: readonly User[];
  readonly friends: readonly FriendState[];
  readonly groups: readonly GroupRecord[];
  readonly members: readonly MemberRecord[];
  readonly pending: readonly Pending[];
  readonly drafts: readonly Draft[];
  readonly marks: readonly Mark[];
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
  /** Forgets the replica and the marks on it; with `all` also what was not sent, and whose it is. */
  clear(all: boolean): Promise<void>;
  close(): void;
}

/** The order of sending. */
export function bySending(a: Pending, b: Pending): number {
  return a.order - b.order || (a.clientMsgId < b.clientMsgId ? -1 : 1);
}

/** What the replica is made of, besides `rev` and whose it is; and the marks on it. Forgotten together, wherever it is kept. */
export const REPLICA = ["users", "friends", "groups", "members", "messages", "events", "marks"] as const;

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
  private home: Home | undefined;
  private rev: number | undefined;
  private me: User | undefined;
  private readonly users = new Map<number, User>();
  private readonly friends = new Map<number, FriendState>();
  private readonly groups = new Map<number, GroupRecord>();
  private readonly members = new Map<string, MemberRecord>();
  private readonly membersForgotten = new Set<number>();
  private readonly messages = new Map<string, StoredMessage>();
  private readonly events = new Map<string, EventRecord>();
  private readonly pending = new Map<string, Pending>();
  private readonly settled = new Set<string>();
  private readonly drafts = new Map<number, Draft>();
  private readonly marks = new Map<number, Mark>();
  isEmpty = true;

  add(batch: Batch): void {
    if (Object.keys(batch).length === 0) return;
    this.isEmpty = false;
    if (batch.anew === true) this.forget();
    this.home = batch.home ?? this.home;
    this.rev = batch.rev ?? this.rev;
    this.me = batch.me ?? this.me;
    for (const user of batch.users ?? []) this.users.set(user.id, user);
    for (const friend of batch.friends ?? []) this.friends.set(friend.uid, friend);
    for (const group of batch.groups ?? []) this.groups.set(group.gid, group);
    for (const gid of batch.membersForgotten ?? []) {
      this.membersForgotten.add(gid);
      for (const [key, member] of this.members) if (member.gid === gid) this.members.delete(key);
    }
    for (const member of batch.members ?? []) this.members.set(`${member.gid}.${member.uid}`, member);
    for (const message of batch.messages ?? []) this.messages.set(`${message.gid}.${message.seq}`, message);
    for (const event of batch.events ?? []) this.events.set(`${event.gid}.${event.rev}`, event);
    for (const pending of batch.pending ?? []) this.pending.set(pending.clientMsgId, pending);
    for (const id of batch.settled ?? []) {
      this.pending.delete(id);
      this.settled.add(id);
    }
    for (const draft of batch.drafts ?? []) this.drafts.set(draft.gid, draft);
    for (const mark of batch.marks ?? []) this.marks.set(mark.gid, mark);
  }

  get isAnew(): boolean {
    return this.anew;
  }

  messagesOf(gid: number): readonly StoredMessage[] {
    return [...this.messages.values()].filter((message) => message.gid === gid);
  }

  eventsOf(gid: number): readonly EventRecord[] {
    return [...this.events.values()].filter((event) => event.gid === gid);
  }

  /** What was gathered of another store is not wanted any more. */
  private forget(): void {
    this.anew = true;
    this.rev = undefined;
    this.me = undefined;
    this.membersForgotten.clear();
    for (const part of REPLICA) this[part].clear();
  }

  batch(): Batch {
    return {
      ...(this.anew && { anew: true as const }),
      ...(this.home !== undefined && { home: this.home }),
      ...(this.rev !== undefined && { rev: this.rev }),
      ...(this.me !== undefined && { me: this.me }),
      ...(this.users.size > 0 && { users: [...this.users.values()] }),
      ...(this.friends.size > 0 && { friends: [...this.friends.values()] }),
      ...(this.groups.size > 0 && { groups: [...this.groups.values()] }),
      ...(this.membersForgotten.size > 0 && { membersForgotten: [...this.membersForgotten] }),
      ...(this.members.size > 0 && { members: [...this.members.values()] }),
      ...(this.events.size > 0 && { events: [...this.events.values()] }),
      ...(this.messages.size > 0 && { messages: [...this.messages.values()] }),
      ...(this.pending.size > 0 && { pending: [...this.pending.values()] }),
      ...(this.settled.size > 0 && { settled: [...this.settled] }),
      ...(this.drafts.size > 0 && { drafts: [...this.drafts.values()] }),
      ...(this.marks.size > 0 && { marks: [...this.marks.values()] }),
    };
  }
}
