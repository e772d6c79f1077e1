// From records to what is drawn. What did not change stays the same object.

import type {
  ChatRow,
  ChatView,
  Contacts,
  Group,
  Happening,
  Member,
  Message,
  MessageState,
  User,
} from "./contract";
import { type Cell, keep, keepList } from "./live";
import type { Intended } from "./outbox";
import type { Replica } from "./replica";
import { type Batch, type EventRecord, type GroupRecord, type MemberRecord, type Pending, eachRecord } from "./storage";
import { NO_QUOTES, PLAIN } from "./plain";
import type { ChatWindow } from "./window";
import type { StoredMessage } from "./wire";
import type { Friendship } from "./wire.gen";

export interface Published {
  readonly chats: Cell<readonly ChatRow[]>;
  readonly contacts: Cell<Contacts>;
  readonly online: Cell<ReadonlySet<number>>;
  readonly unread: Cell<number>;
  /** Those that somebody asked for. */
  readonly chat: ReadonlyMap<number, Cell<ChatView | null>>;
}

/** What a tab has of the chats that are looked at. */
export interface Loaded {
  readonly windows: ReadonlyMap<number, ChatWindow>;
  readonly happened: ReadonlyMap<number, readonly EventRecord[]>;
  readonly large: ReadonlyMap<number, Large>;
}

/** A group whose members are read in pages. */
export interface Large {
  readonly count: number;
  /** Whether one is an admin of it. */
  readonly admin: boolean;
}

const NOBODY_WRITES: readonly User[] = [];
export const NO_CONTACTS: Contacts = { friends: [], incoming: [], outgoing: [] };

/** The name of a message among those of its chat, from the first moment on. */
export function keyOf(uid: number, clientMsgId: string): string {
  return `${uid}.${clientMsgId}`;
}

export class Views {
  private readonly dirty = new Set<number>();
  private allDirty = true;
  private contactsDirty = true;
  private readonly rows = new Map<number, Listed>();
  private readonly stored = new WeakMap<StoredMessage, Message>();
  private readonly sending = new WeakMap<Pending, Message>();
  private readonly shownMembers = new WeakMap<MemberRecord, Member>();
  private readonly happenings = new WeakMap<EventRecord, Happening>();
  private readonly strangers = new Map<number, User>();

  constructor(
    private readonly replica: Replica,
    private readonly intents: Intended,
    private readonly loaded: Loaded,
    private readonly published: Published,
    /** How far the server's clock is ahead of this device's. */
    private readonly clockAhead: () => number,
  ) {}

  /** What the batch speaks of is drawn anew by the next `publish`. */
  touch(batch: Batch): void {
    const { anew, singles, users, friends, membersForgotten } = batch.facts;
    eachRecord(batch, (_, record) => {
      if ("gid" in record) this.dirty.add(record.gid);
    });
    for (const gid of membersForgotten ?? []) this.dirty.add(gid);
    // A user may be in any row; and what is settled is no longer known by its chat.
    if (anew === true || (users?.length ?? 0) > 0 || singles?.me !== undefined) this.touchAll();
    if ((friends?.length ?? 0) > 0) this.contactsDirty = true;
  }

  touchChat(gid: number): void {
    this.dirty.add(gid);
  }

  touchAll(): void {
    this.allDirty = true;
    this.contactsDirty = true;
  }

  publish(): void {
    const gids = this.allDirty ? [...this.replica.groups.keys()] : [...this.dirty];
    for (const gid of gids) this.list(gid);
    if (this.allDirty) for (const gid of this.rows.keys()) if (!this.replica.groups.has(gid)) this.rows.delete(gid);
    if (gids.length > 0 || this.allDirty) this.publishList();
    if (this.contactsDirty) this.publishContacts();
    for (const [gid, cell] of this.published.chat) {
      if (this.allDirty || this.dirty.has(gid)) cell.set(this.chat(gid, cell.get()));
    }
    this.dirty.clear();
    this.allDirty = false;
    this.contactsDirty = false;
  }

  row(gid: number): ChatRow | null {
    return this.rows.get(gid)?.row ?? null;
  }

  unread(gid: number): number {
    const group = this.replica.groups.get(gid);
    if (group === undefined) return 0;
    return Math.max(0, group.lastSeq - this.readTo(group));
  }

  message(message: StoredMessage): Message {
    return this.shown(message, message.uid === this.replica.uid ? this.cursors(message.gid) : NO_CURSORS);
  }

  chat(gid: number, old: ChatView | null = null): ChatView | null {
    const group = this.replica.groups.get(gid);
    if (group === undefined) return null;
    const window = this.loaded.windows.get(gid);
    const face = this.face(group);
    const members = this.members(group);
    const large = this.loaded.large.get(gid);
    const messages = this.messages(gid, window);
    const view: ChatView = {
      group: keep<Group>(old?.group, {
        gid,
        name: group.name,
        avatar: group.avatar,
        single: face.single,
        creator: group.creator,
      }),
      title: face.title,
      avatar: face.avatar,
      avatarSeed: face.avatarSeed,
      partner: face.partner,
      member: group.member,
      self: group.member ? this.selfIn(group, members, old?.self ?? null) : null,
      members: keepList(old?.members, members),
      large: group.membersOmitted,
      count: group.membersOmitted ? (large?.count ?? null) : members.length > 0 ? members.length : null,
      writers: keepList(old?.writers, this.writers(gid, messages)),
      messages: keepList(old?.messages, messages),
      happenings: keepList(old?.happenings, this.happeningsOf(gid)),
      older: window?.older ?? "loading",
      newer: "none",
      quotes: NO_QUOTES,
      pins: null,
      typing: NOBODY_WRITES,
      settings: null,
      unread: this.unread(gid),
      unreadMentions: 0,
      dividerSeq: window?.dividerSeq ?? null,
      draft: this.draft(gid),
      draftReply: this.intents.drafts.get(gid)?.replyTo ?? null,
      to: keep(old?.to, this.replica.addressee(gid)),
    };
    return keep(old, view);
  }

  /** What was written for a chat of another history is not shown before it is known whether this one is the same. */
  private draft(gid: number): string {
    const draft = this.intents.drafts.get(gid);
    return draft === undefined || this.replica.isOfAnother(draft.to?.store ?? null) ? "" : draft.text;
  }

  private list(gid: number): void {
    const group = this.replica.groups.get(gid);
    const listed = group === undefined ? null : this.listed(group);
    if (listed === null) this.rows.delete(gid);
    else this.rows.set(gid, listed);
  }

  private listed(group: GroupRecord): Listed | null {
    const { gid } = group;
    const pending = this.intents.outbox(gid).at(-1);
    const draft = this.draft(gid);
    const empty = group.last === null && pending === undefined && draft === "";
    const face = this.face(group);
    // A chat that somebody has opened without a word yet is theirs alone; one that was left empty, nobody's.
    // Deleted, until something is said or written in it.
    if (isDeleted(group) && pending === undefined && draft === "") return null;
    if (empty && (!group.member || (face.single && group.creator !== this.replica.uid))) return null;
    const newest = group.last && this.message(group.last);
    const last = pending !== undefined ? this.pendingMessage(pending, newest?.at ?? 0) : newest;
    const isEmpty = group.last === null && group.member && !face.single;
    const row: ChatRow = {
      gid,
      ...face,
      last,
      lastSender: last === null ? null : this.user(last.uid),
      unread: this.unread(gid),
      unreadMentions: 0,
      typing: NOBODY_WRITES,
      isNew: isEmpty && group.creator !== this.replica.uid && !this.intents.marks.has(gid),
      happened: isEmpty && group.lastEvent !== null ? this.happening(group.lastEvent) : null,
      draft,
      left: !group.member,
    };
    return {
      row: keep(this.rows.get(gid)?.row, row),
      rank: rankOf(group, pending),
    };
  }

  private publishList(): void {
    const listed = this.ranked().sort((a, b) => byRank(b.rank, a.rank) || b.row.gid - a.row.gid);
    const rows = listed.map(({ row }) => row);
    this.published.chats.set(keepList(this.published.chats.get(), rows));
    this.published.unread.set(rows.reduce((sum, row) => sum + row.unread, 0));
  }

  /** A group without messages that one was in already when this device came has its rank by when one joined it. */
  private ranked(): Listed[] {
    const rows = [...this.rows.values()];
    const groups = [...this.replica.groups.values()];
    return rows.map((listed) => {
      const group = this.replica.groups.get(listed.row.gid);
      if (group === undefined || listed.rank.id > 0 || group.joinedAt === 0) return listed;
      let id = 0;
      for (const { last } of groups) if (last !== null && last.at <= group.joinedAt) id = Math.max(id, last.id);
      return { ...listed, rank: { id, since: 1 } };
    });
  }

  private publishContacts(): void {
    const old = this.published.contacts.get();
    const of = (state: Friendship): readonly User[] => {
      const friends = [...this.replica.friends.values()].filter((friend) => friend.state === state);
      const users = friends.map((friend) => this.user(friend.uid));
      return users.sort((a, b) => byName.compare(a.name, b.name) || a.id - b.id);
    };
    const contacts: Contacts = {
      friends: keepList(old.friends, of("friends")),
      incoming: keepList(old.incoming, of("incoming")),
      outgoing: keepList(old.outgoing, of("outgoing")),
    };
    this.published.contacts.set(keep(old, contacts));
  }

  private face(group: GroupRecord): Face {
    const { gid, mode } = group;
    const partner = this.replica.partner(gid);
    if (partner !== null) {
      const { name, avatar, id } = this.user(partner);
      return { single: true, title: name, avatar, avatarSeed: id, partner };
    }
    // Until its members are known a single chat is one all the same.
    const single = mode === 1 && this.replica.members(gid).size === 0;
    return { single, title: group.name, avatar: group.avatar, avatarSeed: gid, partner };
  }

  private happeningsOf(gid: number): readonly Happening[] {
    return (this.loaded.happened.get(gid) ?? []).map((record) => this.happening(record));
  }

  private happening(record: EventRecord): Happening {
    const { gid, rev, seq, kind, uid, count, name, at } = record;
    const joined = kind === "MembersAdded" && at === this.replica.groups.get(gid)?.joinedAt;
    // Of many only the first are told: whether oneself is among the others, the time says.
    const all = joined ? [this.replica.uid, ...record.uids] : record.uids;
    const uids = all.includes(this.replica.uid) ? new Set([this.replica.uid, ...all]) : new Set(all);
    const users = [...uids].map((one) => this.user(one));
    const admin = record.role === 2;
    const old = this.happenings.get(record);
    const shown = { rev, seq, kind, actor: this.user(uid), users: keepList(old?.users, users), count, name, admin, at };
    const kept = keep<Happening>(old, shown);
    this.happenings.set(record, kept);
    return kept;
  }

  private members(group: GroupRecord): readonly Member[] {
    // What an earlier version has stored of them goes with the next change.
    if (group.membersOmitted) return [];
    const present = [...this.replica.members(group.gid).values()].filter((member) => !member.left);
    present.sort((a, b) => a.order - b.order || a.uid - b.uid);
    return present.map((record) => {
      const shown: Member = {
        user: this.user(record.uid),
        admin: record.admin,
        readSeq: record.readSeq,
        deliveredSeq: record.deliveredSeq,
      };
      const kept = keep(this.shownMembers.get(record), shown);
      this.shownMembers.set(record, kept);
      return kept;
    });
  }

  private selfIn(group: GroupRecord, members: readonly Member[], old: Member | null): Member | null {
    const { me, uid } = this.replica;
    if (!group.membersOmitted) return members.find((member) => member.user.id === uid) ?? null;
    if (me === null) return null;
    const admin = this.loaded.large.get(group.gid)?.admin === true;
    return keep<Member>(old, { user: me, admin, readSeq: group.readSeq, deliveredSeq: group.readSeq });
  }

  /** Former members, and anybody of a large group. */
  private writers(gid: number, messages: readonly Message[]): readonly User[] {
    const members = this.replica.members(gid);
    const others = new Map<number, User>();
    for (const { uid } of messages) {
      if (uid === this.replica.uid || others.has(uid) || members.get(uid)?.left === false) continue;
      const user = this.replica.user(uid);
      if (user !== null) others.set(uid, user);
    }
    return [...others.values()];
  }

  private messages(gid: number, window: ChatWindow | undefined): readonly Message[] {
    const cursors = this.cursors(gid);
    const stored = (window?.messages ?? []).map((message) => this.shown(message, cursors));
    const outbox = this.intents.outbox(gid);
    if (outbox.length === 0) return stored;
    // A message that is stored is no longer on its way, even where that is not noted yet.
    const own = new Set(stored.filter((message) => message.uid === this.replica.uid).map(({ key }) => key));
    const from = stored.at(-1)?.at ?? 0;
    const sending = outbox.map((entry) => this.pendingMessage(entry, from)).filter(({ key }) => !own.has(key));
    return [...stored, ...sending];
  }

  private shown(message: StoredMessage, cursors: Cursors): Message {
    const state = message.uid === this.replica.uid ? stateOf(message.seq, cursors) : STORED;
    const old = this.stored.get(message);
    if (old?.state === state) return old;
    const { gid, id, uid, kind, content, at, seq, clientMsgId } = message;
    const shown: Message = { key: keyOf(uid, clientMsgId), gid, id, uid, kind, content, at, seq, state, ...PLAIN };
    this.stored.set(message, shown);
    return shown;
  }

  /** It stands below what is stored, and so it is not shown as older than that. */
  private pendingMessage(entry: Pending, from: number): Message {
    const old = this.sending.get(entry);
    const at = Math.max(from, entry.at + this.clockAhead());
    if (old?.at === at) return old;
    const { gid, kind, content, clientMsgId, extras } = entry;
    const { uid } = this.replica;
    const key = keyOf(uid, clientMsgId);
    const sent = { key, gid, uid, kind, content, at, state: pendingState(entry), ...PLAIN, ...extras };
    const shown: Message = { ...sent, id: null, seq: null };
    this.sending.set(entry, shown);
    return shown;
  }

  private cursors(gid: number): Cursors {
    const read: number[] = [];
    let delivered = 0;
    for (const member of this.replica.members(gid).values()) {
      if (member.left || member.uid === this.replica.uid) continue;
      read.push(member.readSeq);
      delivered = Math.max(delivered, member.deliveredSeq);
    }
    return { read: read.sort((a, b) => a - b), delivered };
  }

  private readTo(group: GroupRecord): number {
    return Math.max(group.readSeq, this.intents.marks.get(group.gid)?.seq ?? 0);
  }

  /** Somebody of whom only the id is known has no name yet. */
  private user(uid: number): User {
    const known = this.replica.user(uid);
    if (known !== null) return known;
    let stranger = this.strangers.get(uid);
    if (stranger === undefined) {
      stranger = { id: uid, name: "", avatar: "", email: "", account: "" };
      this.strangers.set(uid, stranger);
    }
    return stranger;
  }
}

function isDeleted({ deletedSeq, lastSeq }: GroupRecord): boolean {
  return deletedSeq !== undefined && deletedSeq !== null && lastSeq <= deletedSeq;
}

interface Listed {
  readonly row: ChatRow;
  readonly rank: Rank;
}

/**
 * Where a chat stands in the list: by the newest message that it has, or that there was when something happened in it that
 * is no message yet; then by what happened. No clock is asked, as clocks go wrong.
 */
interface Rank {
  readonly id: number;
  readonly since: number;
}

function rankOf({ last, after }: GroupRecord, pending: Pending | undefined): Rank {
  const id = Math.max(last?.id ?? 0, after, pending?.after ?? 0);
  if (pending?.after === id) return { id, since: 1 + pending.order };
  return { id, since: last?.id === id ? 0 : 1 };
}

function byRank(a: Rank, b: Rank): number {
  return a.id - b.id || a.since - b.since;
}

interface Face {
  readonly single: boolean;
  readonly title: string;
  readonly avatar: string;
  readonly avatarSeed: number;
  readonly partner: number | null;
}

/** How far the others are. */
interface Cursors {
  /** Of each of them, ascending. */
  readonly read: readonly number[];
  /** Of the furthest of them. */
  readonly delivered: number;
}

const NO_CURSORS: Cursors = { read: [], delivered: 0 };
const SENDING: MessageState = { is: "sending" };
const STORED: MessageState = { is: "stored" };
const DELIVERED: MessageState = { is: "delivered" };
const READ_BY: MessageState[] = [];
const byName = new Intl.Collator();

function stateOf(seq: number, { read, delivered }: Cursors): MessageState {
  // How many have not come so far, by halving.
  let low = 0;
  let high = read.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((read[middle] ?? 0) < seq) low = middle + 1;
    else high = middle;
  }
  const by = read.length - low;
  if (by > 0) return (READ_BY[by] ??= { is: "read", by });
  return delivered >= seq ? DELIVERED : STORED;
}

function pendingState(entry: Pending): MessageState {
  switch (entry.state.is) {
    case "waiting":
      return SENDING;
    case "acked":
      return STORED;
    case "failed":
      return entry.state;
  }
}
