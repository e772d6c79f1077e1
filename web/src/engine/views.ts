// From records to what is drawn. What did not change stays the same object.

import type {
  ChatRow,
  ChatView,
  Contacts,
  Group,
  Happening,
  Latest,
  Member,
  Failure,
  Message,
  Scheduled,
  User,
} from "./contract";
import { sightAfter } from "./acts";
import type { Detour } from "./detour";
import { type Cursors, Drawn, NO_CURSORS } from "./drawn";
import { Expiring } from "./expiring";
import type { Intended } from "./intended";
import { type Cell, keep, keepList } from "./live";
import type { Pins } from "./pins";
import type { Quotes } from "./quotes";
import type { Replica } from "./replica";
import { type Sight, seenBetween } from "./sight";
import { type Batch, type EventRecord, type GroupRecord, type MemberRecord, type Pending, eachRecord } from "./storage";
import type { Tails } from "./tails";
import type { Typists } from "./typing";
import type { ChatWindow } from "./window";
import type { StoredMessage } from "./wire";
import type { Friendship } from "./wire.gen";

export interface Published {
  readonly chats: Cell<readonly ChatRow[]>;
  readonly contacts: Cell<Contacts>;
  readonly online: Cell<ReadonlySet<number>>;
  readonly unread: Cell<number>;
  readonly failures: Cell<readonly Failure[]>;
  readonly listed: Cell<Latest>;
  readonly scheduled: Cell<readonly Scheduled[] | null>;
  /** Those that somebody asked for. */
  readonly chat: ReadonlyMap<number, Cell<ChatView | null>>;
}

/** What a tab has of the chats that are looked at, and of the ends of some others. */
export interface Loaded {
  readonly tails: Tails;
  readonly windows: ReadonlyMap<number, ChatWindow>;
  readonly detours: ReadonlyMap<number, Detour>;
  readonly quotes: Quotes;
  readonly pins: Pins;
  readonly typists: Typists;
  readonly happened: ReadonlyMap<number, readonly EventRecord[]>;
  readonly large: ReadonlyMap<number, Large>;
}

/** A group whose members are read in pages. */
export interface Large {
  readonly count: number;
  /** Whether one is an admin of it. */
  readonly admin: boolean;
}

export const NO_CONTACTS: Contacts = { friends: [], incoming: [], outgoing: [] };

export class Views {
  private readonly dirty = new Set<number>();
  private allDirty = true;
  private contactsDirty = true;
  private readonly rows = new Map<number, Listed>();
  private readonly expiring: Expiring;
  private readonly failed = new WeakMap<object, Failure>();
  private readonly drawn: Drawn;
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
    now: () => number,
  ) {
    this.expiring = new Expiring(loaded, () => replica.groups.values(), now);
    this.drawn = new Drawn(replica, intents, now);
  }

  /** What the batch speaks of is drawn anew by the next `publish`. */
  touch(batch: Batch): void {
    const { anew, singles, users, friends, membersForgotten } = batch.facts;
    eachRecord(batch, (_, record) => {
      if ("gid" in record) this.dirty.add(record.gid);
    });
    for (const gid of membersForgotten ?? []) this.dirty.add(gid);
    // A user, by whatever name, may be in any row; and what is settled is no longer known by its chat.
    if (anew === true || (users?.length ?? 0) > 0 || (friends?.length ?? 0) > 0 || singles?.me !== undefined) this.touchAll();
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
    this.published.failures.set(keepList(this.published.failures.get(), this.failures()));
    for (const [gid, cell] of this.published.chat) {
      if (this.allDirty || this.dirty.has(gid)) cell.set(this.chat(gid, cell.get()));
    }
    this.dirty.clear();
    this.allDirty = false;
    this.contactsDirty = false;
  }

  /** What a chat is called. */
  title(gid: number): string {
    const group = this.replica.groups.get(gid);
    return group === undefined ? "" : this.face(group).title;
  }

  row(gid: number): ChatRow | null {
    return this.rows.get(gid)?.row ?? null;
  }

  unread(gid: number): number {
    const group = this.replica.groups.get(gid);
    if (group === undefined) return 0;
    const [sight, readTo] = [this.sight(gid), this.readTo(group)];
    return seenBetween(sight, readTo, group.lastSeq) - this.expiring.untold(group, readTo, sight).length;
  }

  message(message: StoredMessage): Message {
    return this.drawn.message(message, message.uid === this.replica.uid ? this.cursors(message.gid) : NO_CURSORS);
  }

  /** What one sees of a chat, once what one has asked for is done. */
  sight(gid: number): Sight {
    return sightAfter(this.replica.living.sight(gid), this.intents.acts(gid));
  }

  /** When the next of what is loaded expires, by the server's clock. */
  nextExpiry(): number | null {
    return this.expiring.next();
  }

  /** The unread messages that mention oneself, ascending. */
  mentions(gid: number): readonly number[] {
    const group = this.replica.groups.get(gid);
    if (group === undefined) return [];
    const [sight, readTo] = [this.sight(gid), this.readTo(group)];
    const expired = this.expiring.untold(group, readTo, sight);
    return this.replica.living.mentioned(gid, readTo, sight).filter((seq) => !expired.includes(seq));
  }

  private unreadMentions(group: GroupRecord): number {
    const { gid, lastSeq } = group;
    const [readTo, sight] = [this.readTo(group), this.sight(gid)];
    const expired = this.replica.living.mentioned(gid, readTo, sight).length - this.mentions(gid).length;
    return this.replica.living.countMentions(gid, readTo, lastSeq, sight) - expired;
  }

  private failures(): readonly Failure[] {
    return this.intents.acts().flatMap((act) => {
      if (act.state.is !== "failed" || act.deed.is === "open") return [];
      const failure = { id: act.id, gid: act.gid, what: act.deed.is, reason: act.state.reason };
      const kept = keep<Failure>(this.failed.get(act), failure);
      this.failed.set(act, kept);
      return [kept];
    });
  }

  chat(gid: number, old: ChatView | null = null): ChatView | null {
    const group = this.replica.groups.get(gid);
    if (group === undefined) return null;
    const window = this.loaded.windows.get(gid);
    const face = this.face(group);
    const members = this.members(group);
    const large = this.loaded.large.get(gid);
    const detour = this.loaded.detours.get(gid);
    const part = detour ?? window;
    const messages = this.messages(gid, part?.messages ?? [], detour === undefined || detour.newer === "none");
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
      older: part?.older ?? "loading",
      newer: detour?.newer ?? "none",
      quotes: this.quotes(gid, messages, old?.quotes),
      pins: this.pins(gid, old?.pins ?? null),
      typing: this.loaded.typists.of(gid),
      settings: group.settings === undefined || group.settings === null ? null : keep(old?.settings, group.settings),
      unread: this.unread(gid),
      unreadMentions: this.unreadMentions(group),
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
    const pending = this.lastPending(gid);
    const draft = this.draft(gid);
    const empty = group.last === null && pending === undefined && draft === "";
    const face = this.face(group);
    // A chat that somebody has opened without a word yet is theirs alone; one that was left empty, nobody's.
    // Deleted, until something is said or written in it.
    if (this.isDeleted(group) && pending === undefined && draft === "") return null;
    if (empty && (!group.member || (face.single && group.creator !== this.replica.uid))) return null;
    const stored = this.expiring.last(group, this.sight(gid));
    const newest = stored && this.message(stored);
    const sending = pending && this.drawn.pending(pending, newest?.at ?? 0, this.clockAhead());
    const last = sending ?? newest;
    const isEmpty = group.last === null && group.member && !face.single;
    const row: ChatRow = {
      gid,
      ...face,
      last,
      lastSender: last === null ? null : this.user(last.uid),
      unread: this.unread(gid),
      unreadMentions: this.unreadMentions(group),
      typing: this.loaded.typists.of(gid),
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

  private messages(gid: number, loaded: readonly StoredMessage[], withPending: boolean): readonly Message[] {
    const cursors = this.cursors(gid);
    const sight = this.sight(gid);
    const seen = loaded.filter((message) => this.expiring.isSeen(message, sight));
    const stored = seen.map((message) => this.drawn.message(message, cursors));
    const outbox = this.intents.outbox(gid);
    if (outbox.length === 0 || !withPending) return stored;
    // A message that is stored is no longer on its way, even where that is not noted yet.
    const own = new Set(stored.filter((message) => message.uid === this.replica.uid).map(({ key }) => key));
    const from = stored.at(-1)?.at ?? 0;
    const sending = outbox.flatMap((entry) => this.drawn.pending(entry, from, this.clockAhead()) ?? []);
    return [...stored, ...sending.filter(({ key }) => !own.has(key))];
  }

  private lastPending(gid: number): Pending | undefined {
    return this.intents.outbox(gid).findLast((entry) => this.drawn.pending(entry, 0, 0) !== null);
  }

  /** Out of the list, or cleared, until something new comes that one sees. */
  private isDeleted({ gid, deletedSeq = null, lastSeq }: GroupRecord): boolean {
    const sight = this.sight(gid);
    if (deletedSeq === null && sight.clearedSeq === 0) return false;
    return seenBetween(sight, Math.max(deletedSeq ?? 0, sight.clearedSeq), lastSeq) === 0;
  }

  /** What the messages answer, as it is now. */
  private quotes(gid: number, messages: readonly Message[], old: ChatView["quotes"] | undefined): ChatView["quotes"] {
    const sight = this.sight(gid);
    const quotes = new Map<number, Message | "gone">();
    for (const { replyTo, recalled } of messages) {
      if (replyTo === null || recalled !== null || quotes.has(replyTo)) continue;
      const quoted = this.loaded.quotes.find(gid, replyTo);
      if (quoted === null) continue;
      const isGone = quoted === "gone" || !this.expiring.isSeen(quoted, sight);
      quotes.set(replyTo, isGone ? "gone" : this.message(quoted));
    }
    const same = old !== undefined && old.size === quotes.size && [...quotes].every(([id, quote]) => old.get(id) === quote);
    return same ? old : quotes;
  }

  private pins(gid: number, old: readonly Message[] | null): readonly Message[] | null {
    const known = this.loaded.pins.of(gid);
    if (known === null) return null;
    const sight = this.sight(gid);
    const loaded = this.loaded.windows.get(gid)?.messages ?? [];
    const asked = new Set(this.intents.acts(gid).filter(({ deed }) => deed.is === "pin").flatMap(({ on }) => on.map(({ seq }) => seq)));
    const added = asked.size === 0 ? [] : loaded.filter(({ seq }) => asked.has(seq) && known.every((pin) => pin.seq !== seq));
    const shown = [...known, ...added].filter((message) => this.expiring.isSeen(message, sight)).map((message) => this.message(message));
    const pins = shown.filter(({ pinnedAt }) => pinnedAt !== null).sort((a, b) => (b.pinnedAt ?? 0) - (a.pinnedAt ?? 0) || (b.id ?? 0) - (a.id ?? 0));
    return keepList(old, pins);
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

  /** Everything up to here counts as read. */
  readUpTo(gid: number): number {
    const group = this.replica.groups.get(gid);
    return group === undefined ? 0 : this.readTo(group);
  }

  private readTo(group: GroupRecord): number {
    return Math.max(group.readSeq, this.intents.marks.get(group.gid)?.seq ?? 0);
  }

  /** Somebody of whom only the id is known has no name yet. */
  user(uid: number): User {
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

const byName = new Intl.Collator();
