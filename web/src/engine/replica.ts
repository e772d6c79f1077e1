// What the server has of the user's world, as far as this client was told; kept exact by `rev`.
//
// Pure: everything that is learned comes back as facts to be stored. Learning a thing twice, or late,
// changes nothing.

import type { User } from "./contract";
import { Changes, GAP, OF_ONESELF, OLD, type Pushed, restated } from "./changes";
import { keep } from "./live";
import { Living } from "./living";
import { Membership } from "./membership";
import { newer } from "./noted";
import { filled, raised, skipped, top } from "./ranges";
import { placeBelow, sees } from "./sight";
import type {
  Addressee,
  EventRecord,
  Facts,
  GroupRecord,
  Home,
  MemberRecord,
  MentionedRecord,
  Snapshot,
  StarRecord,
} from "./storage";
import {
  type AroundPage,
  type GroupDelta,
  type HappenedPage,
  type HistoryPage,
  type NoticeFrame,
  type StoredMessage,
  type SyncAnswer,
  sameStore,
} from "./wire";
import type { FriendState, Friendship, MemberItem, StoreState, SyncRequest } from "./wire.gen";

/** So many messages before and after the one at a place. */
export interface Around {
  readonly seq: number;
  readonly before: number;
  readonly after: number;
}

export class Replica {
  private at: Home | null = null;
  private own = 0;
  private self: User | null = null;
  private readonly people = new Map<number, User>();
  private readonly friendships = new Map<number, FriendState>();
  /** Those whom the user calls by another name, so. */
  private readonly renamed = new Map<number, User>();
  private readonly groupsByGid = new Map<number, GroupRecord>();
  private readonly membership = new Membership();

  /** What the user alone has of messages. */
  readonly living: Living;
  readonly changes: Changes;
  private newest = 0;

  constructor(readonly uid: number) {
    this.living = new Living(uid);
    this.changes = new Changes(uid, this.living, this.groupsByGid, (group) => this.putGroup(group));
  }

  /** Null: no server has told yet which store it has. */
  get home(): Home | null {
    return this.at;
  }

  /** Whether all of this is of another store. */
  isOfAnother(store: StoreState | null): boolean {
    return store !== null && this.at !== null && !sameStore(store, this.at.store);
  }

  /** Whom a chat is with, in words that still mean the same when the numbers do not. */
  addressee(gid: number): Addressee {
    const group = this.groupsByGid.get(gid);
    const partner = this.partner(gid);
    const account = (uid: number | null): string | null => (uid === null ? null : this.user(uid)?.account || null);
    return {
      store: this.at?.store ?? null,
      partner: account(partner),
      creator: group === undefined || group.mode === 1 ? null : account(group.creator),
      name: (partner === null ? group?.name : this.user(partner)?.name) ?? "",
    };
  }

  /** A chat of which nothing is left but what was written for it. */
  remember(gid: number, { partner, name }: Addressee): GroupRecord {
    const mode = partner === null ? 2 : 1;
    return this.putGroup({ ...this.unknownGroup(gid, false), name: name || (partner ?? ""), mode });
  }

  get rev(): number {
    return this.own;
  }

  /** The id of the newest message known, in any chat: ids ascend in the order in which the server stores. */
  get newestId(): number {
    return this.newest;
  }

  get me(): User | null {
    return this.self;
  }

  get groups(): ReadonlyMap<number, GroupRecord> {
    return this.groupsByGid;
  }

  get friends(): ReadonlyMap<number, FriendState> {
    return this.friendships;
  }

  members(gid: number): ReadonlyMap<number, MemberRecord> {
    return this.membership.of(gid);
  }

  /** The other one of a single chat; null where it is none, or they are not known. */
  partner(gid: number): number | null {
    const members = this.members(gid);
    if (this.groupsByGid.get(gid)?.mode !== 1 || members.size !== 2) return null;
    for (const uid of members.keys()) if (uid !== this.uid) return uid;
    return null;
  }

  friendship(uid: number): Friendship {
    return this.friendships.get(uid)?.state ?? "none";
  }

  user(uid: number): User | null {
    if (uid === this.uid && this.self !== null) return this.self;
    const user = this.people.get(uid);
    return user === undefined ? null : this.called(user);
  }

  /** Everybody who is known, but the user. */
  others(): readonly User[] {
    return [...this.people.values()].filter(({ id }) => id !== this.uid).map((user) => this.called(user));
  }

  /** Somebody as the server tells of them, by the name that the user has for them. */
  called(user: User): User {
    const { id, name: realName } = user;
    const name = this.friendships.get(id)?.remark ?? "";
    if (name === "") return user;
    const called = keep<User>(this.renamed.get(id), { ...user, name, realName });
    this.renamed.set(id, called);
    return called;
  }

  load({ facts }: Snapshot): void {
    this.clear();
    this.apply(facts);
  }

  /** Nothing is known, not even whose it is. */
  clear(): void {
    this.at = null;
    this.forget();
  }

  private forget(): void {
    this.own = 0;
    this.self = null;
    this.newest = 0;
    this.living.clear();
    for (const map of [this.people, this.friendships, this.renamed, this.groupsByGid, this.membership]) map.clear();
  }

  /** Takes over what another tab has learned. */
  apply(facts: Facts): void {
    const { anew, singles, users, friends, groups, membersForgotten, members } = facts;
    if (anew === true) this.forget();
    this.living.apply(facts);
    this.at = singles?.home ?? this.at;
    this.own = singles?.rev ?? this.own;
    this.self = singles?.me ?? this.self;
    for (const user of users ?? []) this.people.set(user.id, user);
    for (const friend of friends ?? []) this.friendships.set(friend.uid, friend);
    for (const group of groups ?? []) this.putGroup(group);
    for (const gid of membersForgotten ?? []) this.membership.forget(gid);
    for (const member of members ?? []) this.membership.put(member);
  }

  /** Asks what was missed in the groups above `after`. Of those it names `most`, and asks for the others when these are answered. */
  request(limit: number, window: number, after: number | null, most: number): SyncRequest {
    const known = [...this.groupsByGid.values()].filter(({ gid }) => gid > (after ?? 0));
    const groups = known
      .map(({ gid, rev, member, recalledTo = 0 }) => ({ gid, rev, ...(!member && { recalledTo }) }))
      .sort((a, b) => a.gid - b.gid);
    const to = groups.length > most ? groups[most - 1]?.gid : undefined;
    return {
      rev: this.own,
      groups: groups.slice(0, most),
      limit,
      window,
      ...(this.at !== null && { store: this.at.store }),
      ...(after !== null && { after }),
      ...(to !== undefined && { to }),
    };
  }

  /** Takes an answer over; `first` where the account was new to this device. */
  merge(answer: SyncAnswer, first: boolean): Facts {
    const anew = this.isOfAnother(answer.store);
    if (anew) {
      this.forget();
      first = true;
    }
    const groups: GroupRecord[] = [];
    const members: MemberRecord[] = [];
    const membersForgotten: number[] = [];
    const messages: StoredMessage[] = [];
    const events: EventRecord[] = [];
    const changed: StoredMessage[] = [];
    const mentioned: MentionedRecord[] = [];
    // Before anything that comes with it: what is gone is not learned.
    const taken = this.changes.takenAway(answer);
    for (const delta of answer.groups) {
      for (const event of delta.events) events.push({ gid: delta.gid, ...event });
      const group = this.mergeGroup(delta, first);
      groups.push(group);
      const sight = this.living.sight(delta.gid);
      const seen = ({ seq }: StoredMessage): boolean => sees(sight, seq);
      messages.push(...delta.messages.filter(seen));
      changed.push(...delta.changed.filter(seen));
      const mentions = this.living.heard(delta.gid, [...delta.messages, ...delta.changed], group.readSeq);
      const counted = delta.unreadMentions === null ? null : this.living.counted(delta.gid, delta.unreadMentions, group.readSeq);
      const record = counted ?? mentions;
      if (record !== null) mentioned.push(record);
      if (group.membersOmitted && this.membership.forget(delta.gid)) membersForgotten.push(delta.gid);
      // Of a group that was large these are only those who changed since.
      if (!group.membersOmitted) for (const member of delta.members) members.push(this.membership.merge(delta.gid, member));
      for (const message of delta.messages) members.push(...this.membership.written(message));
    }
    // After the groups: one that somebody joined anew says that nothing of it is deleted.
    for (const { gid, deletedSeq, readSeq } of answer.chats) {
      const group = this.groupsByGid.get(gid);
      if (group === undefined) continue;
      const changed = this.putGroup({ ...group, deletedSeq, readSeq: Math.max(group.readSeq, readSeq) });
      const told = groups.findIndex((one) => one.gid === gid);
      if (told >= 0) groups[told] = changed;
      else groups.push(changed);
    }
    for (const gid of taken.gids) {
      const group = this.changes.lastSeen(gid);
      const told = groups.findIndex((one) => one.gid === gid);
      if (group === null) continue;
      if (told >= 0) groups[told] = group;
      else groups.push(group);
    }
    const stars = answer.starred.map(({ gid, msgId, starred }): StarRecord => ({ gid, id: msgId, on: starred }));
    for (const star of stars) this.living.star(star);
    const me = answer.me === null || this.self === null ? answer.me : keep(this.self, answer.me);
    const account = (me ?? this.self)?.account ?? this.at?.account ?? "";
    const home = answer.store !== null && (anew || this.at === null) ? { store: answer.store, account } : null;
    const facts: Facts = {
      ...(anew && { anew: true as const }),
      singles: {
        ...(home !== null && { home }),
        rev: answer.rev,
        ...(me !== null && me !== this.self && { me }),
      },
      users: this.meet(answer.users),
      friends: answer.friends,
      groups,
      members,
      messages,
      ...(events.length > 0 && { events }),
      ...(membersForgotten.length > 0 && { membersForgotten }),
      ...(changed.length > 0 && { changed }),
      ...(mentioned.length > 0 && { mentioned }),
      ...(stars.length > 0 && { stars }),
      ...taken.facts,
    };
    this.at = home ?? this.at;
    this.own = answer.rev;
    this.self = me ?? this.self;
    for (const friend of answer.friends) this.friendships.set(friend.uid, friend);
    return facts;
  }

  /** Fits in a message that was pushed. */
  push(message: StoredMessage): Pushed {
    const group = this.groupsByGid.get(message.gid);
    if (group === undefined) return GAP;
    if (message.rev <= group.rev) return OLD;
    const next = message.rev === group.rev + 1;
    const known = message.seq <= top(group.covered);
    // Messages have places of their own: one that follows the last is shown at once, even where receipts
    // before it are missing still.
    if (!next && !known && message.seq !== top(group.covered) + 1) return GAP;
    if (!next && known) return GAP;
    const mine = message.uid === this.uid;
    const isSeen = sees(this.living.sight(message.gid), message.seq);
    const grown = this.putGroup({
      ...group,
      rev: next ? message.rev : group.rev,
      lastSeq: Math.max(group.lastSeq, message.seq),
      readSeq: mine ? Math.max(group.readSeq, message.seq) : group.readSeq,
      covered: raised(group.covered, message.seq),
      last: isSeen ? newest(group.last, message) : group.last,
    });
    const members = this.membership.written(message);
    const mentioned = known ? null : this.living.heard(message.gid, [message], grown.readSeq);
    return {
      fit: next ? "next" : "early",
      facts: {
        groups: [grown],
        members,
        ...(!known && isSeen && { messages: [message] }),
        ...(mentioned !== null && { mentioned: [mentioned] }),
      },
    };
  }

  /** Fits in a change that is no message. A gap: what it is about has to be asked for. */
  notice(notice: NoticeFrame): Pushed {
    const { gid, rev, seq, uid, kind } = notice;
    if (kind === "ProfileUpdated") return this.profile(notice);
    if (gid !== null && OF_ONESELF.has(kind)) return this.changes.ofOneself(gid, notice);
    if (gid === null || rev === null) return GAP;
    const group = this.groupsByGid.get(gid);
    if (group === undefined) return GAP;
    if (notice.msg !== null && rev <= group.rev) return this.changes.late(notice.msg, notice);
    if (rev <= group.rev) return OLD;
    if (notice.msg !== null || kind === "Moved" || kind === "Expired") return this.changes.moved(group, rev, notice);
    if (seq === null || (kind !== "Read" && kind !== "Delivered")) return GAP;
    const next = rev === group.rev + 1;
    const read = kind === "Read" ? seq : 0;
    const grown = this.putGroup({
      ...group,
      rev: next ? rev : group.rev,
      readSeq: uid === this.uid ? Math.max(group.readSeq, read) : group.readSeq,
    });
    const members = this.membership.advance(gid, uid, read, seq);
    return { fit: next ? "next" : "gap", facts: { groups: [grown], members } };
  }

  /** Fits in what somebody is called now: in a group, or without one of a friend or oneself. */
  private profile({ gid, rev, user }: NoticeFrame): Pushed {
    if (gid === null) {
      if (user === null) return GAP;
      if (user.id !== this.uid) {
        const users = this.meet([user]);
        // Where none of that is new, the user calls them by another name.
        return users.length === 0 ? GAP : { fit: "next", facts: { users } };
      }
      this.self = this.self === null ? user : keep(this.self, user);
      return { fit: "next", facts: { singles: { me: this.self } } };
    }
    const group = this.groupsByGid.get(gid);
    if (group === undefined || rev === null) return GAP;
    if (rev <= group.rev) return OLD;
    const users = user === null ? [] : this.meet([user]);
    if (rev !== group.rev + 1) return { fit: "gap", facts: { users } };
    return { fit: "next", facts: { users, groups: [this.putGroup({ ...group, rev })] } };
  }

  /** Takes a page of older messages over: those before `beforeSeq`, of which `size` were asked for. */
  fill(gid: number, beforeSeq: number, size: number, page: HistoryPage): Facts {
    const users = this.meet(page.users);
    const group = this.groupsByGid.get(gid);
    if (group === undefined) return { users };
    const first = page.messages[0];
    const from = first === undefined || page.messages.length < size ? 1 : first.seq;
    const covered = filled(group.covered, { from, to: beforeSeq - 1 });
    return { users, ...this.older(group, page.messages), groups: [this.putGroup({ ...group, covered })] };
  }

  /** Takes over a part of a chat; `lastSeq` was the last place when it was asked for. */
  fillAround(gid: number, page: AroundPage, lastSeq: number): Facts {
    const users = this.meet(page.users);
    const group = this.groupsByGid.get(gid);
    const [first, last] = [page.messages[0], page.messages.at(-1)];
    if (group === undefined || first === undefined || last === undefined) return { users };
    const to = page.newer ? last.seq : Math.max(lastSeq, last.seq);
    // What is new comes by its `rev` and not from here.
    const newest = top(group.covered);
    const range = { from: page.older ? first.seq : 1, to: Math.min(to, newest) };
    if (range.from > range.to) return { users };
    const covered = filled(group.covered, range);
    const old = page.messages.filter((message) => message.seq <= newest);
    return { users, ...this.older(group, old), groups: [this.putGroup({ ...group, covered })] };
  }

  /** Of older messages, those that are not gone since they were asked for. */
  private older({ gid }: GroupRecord, all: readonly StoredMessage[]): Facts {
    const sight = this.living.sight(gid);
    const messages = all.filter(({ seq }) => sees(sight, seq));
    return { messages, members: messages.flatMap((message) => this.membership.written(message)) };
  }

  /** The unread messages that mention the user, as the server names them. */
  mentioned(gid: number, page: HistoryPage, lastSeq: number): Facts {
    const group = this.groupsByGid.get(gid);
    if (group === undefined) return {};
    return { users: this.meet(page.users), mentioned: [this.living.named(gid, page.messages, group.readSeq, lastSeq)] };
  }

  /** Takes over what happened among older messages. */
  happened(gid: number, page: HappenedPage): Facts {
    return { users: this.meet(page.users), events: page.events.map((event) => ({ gid, ...event })) };
  }

  /** Takes a list of members over, which is by order of joining. Who is a member is told by sync, which is ordered by `rev`. */
  list(gid: number, listed: readonly MemberItem[]): Facts {
    const users = this.meet(listed.map((member) => member.user));
    const known = this.members(gid);
    const members = listed.flatMap(({ user }, order): MemberRecord[] => {
      const old = known.get(user.id);
      return old === undefined || old.order === order ? [] : [{ ...old, order }];
    });
    for (const member of members) this.membership.put(member);
    return { users, members };
  }

  /** Takes over who somebody is. */
  introduce(users: readonly User[]): Facts {
    return { users: this.meet(users) };
  }

  /** Those of the users that are new or have changed. Of oneself only `me` is up to date. */
  private meet(users: readonly User[]): readonly User[] {
    const changed = users.filter((user) => {
      const old = this.people.get(user.id);
      return user.id !== this.uid && (old === undefined || keep(old, user) !== old);
    });
    for (const user of changed) this.people.set(user.id, user);
    return changed;
  }

  private mergeGroup(delta: GroupDelta, first: boolean): GroupRecord {
    const old = this.groupsByGid.get(delta.gid) ?? this.unknownGroup(delta.gid, first);
    const opened = delta.skippedTo === null ? old.covered : skipped(old.covered, delta.skippedTo);
    const whole = delta.more ? (delta.messages.at(-1)?.seq ?? 0) : delta.lastSeq;
    const info = delta.group;
    const sight = this.living.sight(delta.gid);
    const last = delta.messages.filter(({ seq }) => sees(sight, seq)).reduce(newest, old.last);
    return this.putGroup({
      ...old,
      ...(info !== null && {
        name: info.name,
        avatar: info.avatar,
        mode: info.mode,
        creator: info.creatorUid,
      }),
      rev: Math.max(old.rev, delta.rev),
      ...(typeof delta.recalledTo === "number" && { recalledTo: delta.recalledTo }),
      member: delta.member,
      lastSeq: Math.max(old.lastSeq, delta.lastSeq),
      readSeq: Math.max(old.readSeq, placeBelow(sight, delta.lastSeq, delta.unread)),
      covered: raised(opened, whole),
      last: delta.changed.reduce(restated, last),
      settings: info?.settings ?? old.settings ?? null,
      // For good: of one that has become smaller only what changes is told, and the rest is not here.
      membersOmitted: old.membersOmitted || delta.membersOmitted,
      deletedSeq: delta.deletedSeq,
      joinedAt: delta.joinedAt,
      lastEvent: lastOf(delta) ?? old.lastEvent,
    });
  }

  private unknownGroup(gid: number, first: boolean): GroupRecord {
    return {
      gid,
      rev: 0,
      name: "",
      avatar: "",
      mode: 0,
      creator: 0,
      member: false,
      lastSeq: 0,
      readSeq: 0,
      covered: [],
      last: null,
      membersOmitted: false,
      joinedAt: 0,
      lastEvent: null,
      after: first ? 0 : this.newest,
    };
  }

  private putGroup(group: GroupRecord): GroupRecord {
    this.groupsByGid.set(group.gid, group);
    this.newest = Math.max(this.newest, group.last?.id ?? 0);
    return group;
  }
}

function lastOf({ gid, events }: GroupDelta): EventRecord | null {
  const last = events.at(-1);
  return last === undefined ? null : { gid, ...last };
}

function newest(old: StoredMessage | null, message: StoredMessage): StoredMessage {
  if (old === null || message.seq > old.seq) return message;
  return message.seq === old.seq ? newer(old, message) : old;
}
