// A store in IndexedDB, one database for each account.

import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { User } from "./contract";
import type { StoreEvents } from "./ports";
import {
  type Batch,
  type Draft,
  type EventRecord,
  type GroupRecord,
  type Home,
  type Mark,
  type MemberRecord,
  type Pending,
  REPLICA as PARTS,
  type Snapshot,
  type Store,
  bySending,
} from "./storage";
import type { StoredMessage } from "./wire";
import type { FriendState } from "./wire.gen";

interface Schema extends DBSchema {
  meta: { key: "rev" | "me" | "home"; value: number | User | Home };
  users: { key: number; value: User };
  friends: { key: number; value: FriendState };
  groups: { key: number; value: GroupRecord };
  members: { key: [number, number]; value: MemberRecord };
  messages: { key: [number, number]; value: StoredMessage };
  events: { key: [number, number]; value: EventRecord };
  pending: { key: string; value: Pending };
  drafts: { key: number; value: Draft };
  marks: { key: number; value: Mark };
}

const VERSION = 2;
const REPLICA = ["meta", ...PARTS] as const;
const ALL = [...REPLICA, "pending", "drafts"] as const;

export class IdbStore implements Store {
  readonly isLasting = true;

  private constructor(private readonly db: IDBPDatabase<Schema>) {}

  static async open(name: string, heard: StoreEvents): Promise<IdbStore> {
    const db = await openDB<Schema>(name, VERSION, {
      upgrade(db, from, _to, upgrading) {
        if (from === 1) {
          db.createObjectStore("events", { keyPath: ["gid", "rev"] });
          // What happened before it was kept comes with everything else, anew.
          for (const name of REPLICA) if (name !== "meta") void upgrading.objectStore(name).clear();
          void upgrading.objectStore("meta").delete("rev");
          return;
        }
        db.createObjectStore("meta");
        db.createObjectStore("users", { keyPath: "id" });
        db.createObjectStore("friends", { keyPath: "uid" });
        db.createObjectStore("groups", { keyPath: "gid" });
        db.createObjectStore("members", { keyPath: ["gid", "uid"] });
        db.createObjectStore("messages", { keyPath: ["gid", "seq"] });
        db.createObjectStore("events", { keyPath: ["gid", "rev"] });
        db.createObjectStore("pending", { keyPath: "clientMsgId" });
        db.createObjectStore("drafts", { keyPath: "gid" });
        db.createObjectStore("marks", { keyPath: "gid" });
      },
      blocked: () => heard.blocked(),
      // A newer version of this page is open in another tab: let it upgrade. Or the user signed out there: let it be deleted.
      blocking(_from, to, event) {
        (event.target as IDBDatabase).close();
        heard.lost(to === null ? "memory" : "superseded");
      },
      // The browser took it away: the disk broke, or somebody cleared what pages keep.
      terminated: () => heard.lost("memory"),
    });
    return new IdbStore(db);
  }

  async load(): Promise<Snapshot> {
    // One transaction, so that what is read belongs together.
    const read = this.db.transaction(ALL, "readonly");
    const [rev, me, home, users, friends, groups, members, pending, drafts, marks] = await Promise.all([
      read.objectStore("meta").get("rev"),
      read.objectStore("meta").get("me"),
      read.objectStore("meta").get("home"),
      read.objectStore("users").getAll(),
      read.objectStore("friends").getAll(),
      read.objectStore("groups").getAll(),
      read.objectStore("members").getAll(),
      read.objectStore("pending").getAll(),
      read.objectStore("drafts").getAll(),
      read.objectStore("marks").getAll(),
    ]);
    return {
      rev: typeof rev === "number" ? rev : 0,
      ...(typeof me === "object" && "id" in me && { me }),
      ...(typeof home === "object" && "store" in home && { home }),
      users,
      friends,
      groups: groups.map(placedGroup),
      members,
      pending: pending.map(placedPending).sort(bySending),
      drafts,
      marks,
    };
  }

  async write(batch: Batch): Promise<void> {
    const write = this.db.transaction(storesOf(batch), "readwrite");
    const done: Promise<unknown>[] = [write.done];
    const store = (name: (typeof ALL)[number]) => write.objectStore(name);
    try {
      if (batch.anew === true) for (const name of REPLICA) done.push(store(name).clear());
      if (batch.home !== undefined) done.push(store("meta").put(batch.home, "home"));
      if (batch.rev !== undefined) done.push(store("meta").put(batch.rev, "rev"));
      if (batch.me !== undefined) done.push(store("meta").put(batch.me, "me"));
      for (const user of batch.users ?? []) done.push(store("users").put(user));
      for (const friend of batch.friends ?? []) done.push(store("friends").put(friend));
      for (const group of batch.groups ?? []) done.push(store("groups").put(group));
      for (const gid of batch.membersForgotten ?? []) {
        done.push(store("members").delete(IDBKeyRange.bound([gid, 0], [gid, Infinity])));
      }
      for (const member of batch.members ?? []) done.push(store("members").put(member));
      for (const message of batch.messages ?? []) done.push(store("messages").put(message));
      for (const event of batch.events ?? []) done.push(store("events").put(event));
      for (const pending of batch.pending ?? []) done.push(store("pending").put(pending));
      for (const id of batch.settled ?? []) done.push(store("pending").delete(id));
      for (const draft of batch.drafts ?? []) {
        done.push(draft.text === "" ? store("drafts").delete(draft.gid) : store("drafts").put(draft));
      }
      for (const mark of batch.marks ?? []) done.push(store("marks").put(mark));
    } catch (error) {
      write.abort();
      await Promise.allSettled(done);
      throw error;
    }
    await Promise.all(done);
  }

  async page(gid: number, from: number, below: number, limit: number): Promise<readonly StoredMessage[]> {
    if (below <= from) return [];
    // The places have hardly any gaps, so the newest `limit` of them are nearly always in this range.
    const guess = Math.max(from, below - limit);
    const near = await this.range(gid, guess, below);
    if (near.length >= limit || guess === from) return near;
    const messages: StoredMessage[] = [];
    const read = this.db.transaction("messages", "readonly");
    const range = IDBKeyRange.bound([gid, from], [gid, below], false, true);
    let cursor = await read.store.openCursor(range, "prev");
    while (cursor !== null && messages.length < limit) {
      messages.push(cursor.value);
      cursor = await cursor.continue();
    }
    return messages.reverse();
  }

  async events(gid: number, limit: number): Promise<readonly EventRecord[]> {
    const all = await this.db.getAll("events", IDBKeyRange.bound([gid, 0], [gid, Infinity]));
    return all.slice(-limit);
  }

  async clear(all: boolean): Promise<void> {
    const names = all ? ALL : REPLICA;
    const write = this.db.transaction(names, "readwrite");
    const meta = write.objectStore("meta");
    const home = all ? undefined : await meta.get("home");
    const cleared = names.map((name) => write.objectStore(name).clear());
    await Promise.all([...cleared, home === undefined ? null : meta.put(home, "home"), write.done]);
  }

  close(): void {
    this.db.close();
  }

  private range(gid: number, from: number, below: number): Promise<readonly StoredMessage[]> {
    return this.db.getAll("messages", IDBKeyRange.bound([gid, from], [gid, below], false, true));
  }
}

/** An earlier client knew no places among messages. */
function placedGroup(group: GroupRecord): GroupRecord {
  return (group as Partial<GroupRecord>).after === undefined ? { ...group, after: 0 } : group;
}

/** An earlier client sent by the clock; what it left goes before all that is counted. */
function placedPending(entry: Pending): Pending {
  const counted = (entry as Partial<Pending>).order !== undefined;
  return counted ? entry : { ...entry, order: entry.at - Number.MAX_SAFE_INTEGER, after: 0 };
}

function storesOf(batch: Batch): (typeof ALL)[number][] {
  const names = new Set<(typeof ALL)[number]>();
  for (const key of Object.keys(batch) as (keyof Batch)[]) {
    switch (key) {
      case "anew":
        for (const name of REPLICA) names.add(name);
        break;
      case "home":
      case "rev":
      case "me":
        names.add("meta");
        break;
      case "membersForgotten":
        names.add("members");
        break;
      case "settled":
        names.add("pending");
        break;
      default:
        names.add(key);
    }
  }
  return [...names];
}
