// A store in memory: where the browser has no IndexedDB, and in tests.

import type {
  Batch,
  Draft,
  EventRecord,
  GroupRecord,
  Home,
  Mark,
  MemberRecord,
  Pending,
  Snapshot,
  Store,
} from "./storage";
import { REPLICA, bySending } from "./storage";
import type { User } from "./contract";
import type { StoredMessage } from "./wire";
import type { FriendState } from "./wire.gen";

export class MemoryStore implements Store {
  readonly isLasting = false;
  private home: Home | null = null;
  private rev = 0;
  private me: User | null = null;
  private readonly users = new Map<number, User>();
  private readonly friends = new Map<number, FriendState>();
  private readonly groups = new Map<number, GroupRecord>();
  private readonly members = new Map<number, Map<number, MemberRecord>>();
  private readonly messages = new Map<number, Map<number, StoredMessage>>();
  private readonly happened = new Map<number, Map<number, EventRecord>>();
  private readonly pending = new Map<string, Pending>();
  private readonly drafts = new Map<number, Draft>();
  private readonly marks = new Map<number, Mark>();

  load(): Promise<Snapshot> {
    return Promise.resolve({
      rev: this.rev,
      ...(this.home !== null && { home: this.home }),
      ...(this.me !== null && { me: this.me }),
      users: [...this.users.values()],
      friends: [...this.friends.values()],
      groups: [...this.groups.values()],
      members: [...this.members.values()].flatMap((members) => [...members.values()]),
      pending: [...this.pending.values()].sort(bySending),
      drafts: [...this.drafts.values()],
      marks: [...this.marks.values()],
    });
  }

  write(batch: Batch): Promise<void> {
    if (batch.anew === true) this.forget();
    this.home = batch.home ?? this.home;
    this.rev = batch.rev ?? this.rev;
    this.me = batch.me ?? this.me;
    for (const user of batch.users ?? []) this.users.set(user.id, user);
    for (const friend of batch.friends ?? []) this.friends.set(friend.uid, friend);
    for (const group of batch.groups ?? []) this.groups.set(group.gid, group);
    for (const gid of batch.membersForgotten ?? []) this.members.delete(gid);
    for (const member of batch.members ?? []) at(this.members, member.gid).set(member.uid, member);
    for (const message of batch.messages ?? []) at(this.messages, message.gid).set(message.seq, message);
    for (const event of batch.events ?? []) at(this.happened, event.gid).set(event.rev, event);
    for (const pending of batch.pending ?? []) this.pending.set(pending.clientMsgId, pending);
    for (const id of batch.settled ?? []) this.pending.delete(id);
    for (const draft of batch.drafts ?? []) {
      if (draft.text === "") this.drafts.delete(draft.gid);
      else this.drafts.set(draft.gid, draft);
    }
    for (const mark of batch.marks ?? []) this.marks.set(mark.gid, mark);
    return Promise.resolve();
  }

  page(gid: number, from: number, below: number, limit: number): Promise<readonly StoredMessage[]> {
    const messages = [...(this.messages.get(gid)?.values() ?? [])];
    const inside = messages.filter((message) => message.seq >= from && message.seq < below);
    return Promise.resolve(inside.sort((a, b) => a.seq - b.seq).slice(-limit));
  }

  events(gid: number, limit: number): Promise<readonly EventRecord[]> {
    const events = [...(this.happened.get(gid)?.values() ?? [])];
    return Promise.resolve(events.sort((a, b) => a.rev - b.rev).slice(-limit));
  }

  clear(all: boolean): Promise<void> {
    this.forget();
    if (all) this.home = null;
    if (all) for (const map of [this.pending, this.drafts]) map.clear();
    return Promise.resolve();
  }

  private forget(): void {
    this.rev = 0;
    this.me = null;
    for (const part of REPLICA) (part === "events" ? this.happened : this[part]).clear();
  }

  close(): void {
    // Nothing is held.
  }
}

function at<T>(maps: Map<number, Map<number, T>>, gid: number): Map<number, T> {
  let map = maps.get(gid);
  if (map === undefined) maps.set(gid, (map = new Map<number, T>()));
  return map;
}
