// A store in IndexedDB, one database for each account.

import { type DBSchema, type IDBPDatabase, type IDBPObjectStore, openDB } from "idb";
import type { StoreEvents } from "./ports";
import {
  ALL_LISTS,
  type Batch,
  type EventRecord,
  type Facts,
  type GroupRecord,
  type Intents,
  type KeptFile,
  LISTS,
  type List,
  OF_SERVER,
  OF_STORE,
  type Pending,
  READ_WHOLE,
  type Records,
  SETTLED,
  type Singles,
  type Snapshot,
  type Store,
  eachRecord,
  isEmpty,
  snapshotOf,
} from "./storage";
import { newer } from "./noted";
import type { StoredMessage } from "./wire";

/** What there is one of has a store together. */
const SINGLES = "meta";

type Stores = { readonly [L in List]: { readonly key: IDBValidKey; readonly value: Records[L] } };

/** In a store of its own, so that nothing waits for a large one. */
const FILES = "files";

interface Schema extends DBSchema, Stores {
  [SINGLES]: { key: keyof Singles; value: NonNullable<Singles[keyof Singles]> };
  [FILES]: { key: string; value: KeptFile };
}

type Name = List | typeof SINGLES;

const VERSION = 5;
/** What came with it. */
const OF_VERSION_3: readonly List[] = ["sights", "stars", "mentioned", "acts", "rewrites"];
const REPLICA: readonly Name[] = [SINGLES, ...OF_STORE];
const ALL: readonly Name[] = [SINGLES, ...ALL_LISTS];

export class IdbStore implements Store {
  readonly isLasting = true;

  private constructor(private readonly db: IDBPDatabase<Schema>) {}

  static async open(name: string, heard: StoreEvents): Promise<IdbStore> {
    const db = await openDB<Schema>(name, VERSION, {
      upgrade(db, from, _to, upgrading) {
        const create = (list: List): void => {
          const [first, ...more] = LISTS[list].key;
          db.createObjectStore(list, { keyPath: more.length === 0 ? (first ?? null) : [...LISTS[list].key] });
        };
        if (from < 4) db.createObjectStore(FILES, { keyPath: "clientMsgId" });
        if (from > 0) {
          if (from < 3) OF_VERSION_3.forEach(create);
          if (from === 1) create("events");
          // An older client has passed over what it did not know: what the server said comes anew. What one wants stays.
          for (const list of OF_SERVER) void upgrading.objectStore(list).clear();
          void upgrading.objectStore(SINGLES).delete("rev");
          return;
        }
        db.createObjectStore(SINGLES);
        ALL_LISTS.forEach(create);
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
    const [[keys, values], lists] = await Promise.all([
      Promise.all([read.objectStore(SINGLES).getAllKeys(), read.objectStore(SINGLES).getAll()]),
      Promise.all(READ_WHOLE.map((list) => read.objectStore(list).getAll())),
    ]);
    const singles: Singles = Object.fromEntries(keys.map((key, at) => [key, values[at]]));
    return snapshotOf(singles, (list) => {
      const records: readonly unknown[] = lists[READ_WHOLE.indexOf(list)] ?? [];
      const upgraded = UPGRADED[list];
      return upgraded === undefined ? records : records.map(upgraded);
    });
  }

  async write(batch: Batch): Promise<void> {
    const { facts, intents } = batch;
    const write = this.db.transaction(storesOf(batch), "readwrite");
    const done: Promise<unknown>[] = [write.done];
    const store = <N extends Name>(name: N) => write.objectStore(name);
    /** What was begun before is not kept alone. */
    const abort = (error: unknown): never => {
      try {
        write.abort();
      } catch {
        // It is aborted already.
      }
      throw error;
    };
    try {
      if (facts.anew === true) for (const name of REPLICA) done.push(store(name).clear());
      for (const [key, value] of Object.entries(facts.singles ?? {})) done.push(store(SINGLES).put(value, key as keyof Singles));
      for (const gid of facts.membersForgotten ?? []) {
        done.push(store("members").delete(IDBKeyRange.bound([gid, 0], [gid, Infinity])));
      }
      const messages = new Map<number, StoredMessage[]>();
      eachRecord(batch, (list, record) => {
        if (list === "messages") gather(messages, record as StoredMessage);
        else if (isEmpty(list, record)) done.push(store(list).delete(keyIn(list, record)));
        else done.push(store(list).put(record));
      });
      for (const [gid, some] of messages) done.push(putNewer(store("messages"), gid, some, facts.gone).catch(abort));
      for (const { gid, ranges } of facts.gone ?? []) {
        for (const { from, to } of ranges) done.push(store("messages").delete(IDBKeyRange.bound([gid, from], [gid, to])));
      }
      for (const id of intents.settled ?? []) for (const list of SETTLED) done.push(store(list).delete(id));
    } catch (error) {
      write.abort();
      await Promise.allSettled(done);
      throw error;
    }
    await Promise.all(done);
  }

  async outbox(): Promise<Required<Pick<Intents, "pending" | "acts">>> {
    const read = this.db.transaction(SETTLED, "readonly");
    const [pending, acts] = await Promise.all([read.objectStore("pending").getAll(), read.objectStore("acts").getAll()]);
    return { pending, acts };
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

  async keepFile(file: KeptFile): Promise<void> {
    await this.db.put(FILES, file);
  }

  async file(clientMsgId: string): Promise<KeptFile | null> {
    return (await this.db.get(FILES, clientMsgId)) ?? null;
  }

  fileNames(): Promise<readonly string[]> {
    return this.db.getAllKeys(FILES);
  }

  async dropFiles(names: readonly string[]): Promise<void> {
    const write = this.db.transaction(FILES, "readwrite");
    await Promise.all([...names.map(async (name) => write.store.delete(name)), write.done]);
  }

  async clear(all: boolean): Promise<void> {
    if (all) await this.db.clear(FILES);
    const names = all ? ALL : REPLICA;
    const write = this.db.transaction(names, "readwrite");
    const singles = write.objectStore(SINGLES);
    const home = all ? undefined : await singles.get("home");
    const cleared = names.map((name) => write.objectStore(name).clear());
    await Promise.all([...cleared, home === undefined ? null : singles.put(home, "home"), write.done]);
  }

  close(): void {
    this.db.close();
  }

  private range(gid: number, from: number, below: number): Promise<readonly StoredMessage[]> {
    return this.db.getAll("messages", IDBKeyRange.bound([gid, from], [gid, below], false, true));
  }
}

type Messages = IDBPObjectStore<Schema, Name[], "messages", "readwrite">;

/** Of each message the newer of what is there and what is put; none that goes in the same batch. */
async function putNewer(store: Messages, gid: number, messages: readonly StoredMessage[], gone: Facts["gone"]): Promise<void> {
  const ranges = (gone ?? []).filter((each) => each.gid === gid).flatMap((each) => each.ranges);
  const left = messages.filter(({ seq }) => ranges.every(({ from, to }) => seq < from || seq > to));
  const seqs = left.map(({ seq }) => seq);
  const [from, to] = [Math.min(...seqs), Math.max(...seqs)];
  const together = to - from < 2 * left.length + 16;
  // New ones come side by side, and where they come there is nothing yet.
  const there = together
    ? await store.getAll(IDBKeyRange.bound([gid, from], [gid, to]))
    : await Promise.all(seqs.map(async (seq) => store.get([gid, seq])));
  const old = new Map(there.flatMap((message) => (message === undefined ? [] : [[message.seq, message]])));
  // Async, so that one that cannot be put leaves none of the others alone.
  await Promise.all(left.map(async (message) => store.put(newer(old.get(message.seq), message))));
}

function gather(messages: Map<number, StoredMessage[]>, message: StoredMessage): void {
  const some = messages.get(message.gid);
  if (some === undefined) messages.set(message.gid, [message]);
  else some.push(message);
}

function keyIn<L extends List>(list: L, record: Records[L]): IDBValidKey {
  const [first, ...more] = LISTS[list].key.map((part) => record[part as keyof Records[L]] as IDBValidKey);
  return more.length === 0 ? (first ?? []) : [first ?? [], ...more];
}

/** What earlier clients left. */
const UPGRADED: { readonly [L in List]?: (record: unknown) => unknown } = {
  // They knew no places among messages.
  groups: (record) => ({ after: 0, ...(record as Partial<GroupRecord>) }),
  // They sent by the clock; what they left goes before all that is counted.
  pending: (record) => {
    const entry = record as Partial<Pending> & Pick<Pending, "at">;
    return { order: entry.at - Number.MAX_SAFE_INTEGER, after: 0, ...entry };
  },
};

function storesOf({ facts, intents }: Batch): Name[] {
  const { anew, singles, membersForgotten, changed, gone, settled, ...lists } = { ...facts, ...intents };
  const names = new Set<Name>(ALL.filter((name) => name in lists));
  if (anew === true) for (const name of REPLICA) names.add(name);
  if (singles !== undefined) names.add(SINGLES);
  if (membersForgotten !== undefined) names.add("members");
  if (changed !== undefined || gone !== undefined) names.add("messages");
  if (settled !== undefined) for (const list of SETTLED) names.add(list);
  return [...names];
}
