// A store in IndexedDB, one database for each account.

import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { StoreEvents } from "./ports";
import {
  ALL_LISTS,
  type Batch,
  type EventRecord,
  type GroupRecord,
  LISTS,
  type List,
  OF_STORE,
  type Pending,
  READ_WHOLE,
  type Records,
  type Singles,
  type Snapshot,
  type Store,
  eachRecord,
  snapshotOf,
} from "./storage";
import type { StoredMessage } from "./wire";

/** What there is one of has a store together. */
const SINGLES = "meta";

type Stores = { readonly [L in List]: { readonly key: IDBValidKey; readonly value: Records[L] } };

interface Schema extends DBSchema, Stores {
  [SINGLES]: { key: keyof Singles; value: NonNullable<Singles[keyof Singles]> };
}

type Name = List | typeof SINGLES;

const VERSION = 2;
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
        if (from === 1) {
          create("events");
          // What happened before it was kept comes with everything else, anew.
          for (const name of REPLICA) if (name !== SINGLES) void upgrading.objectStore(name).clear();
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
    try {
      if (facts.anew === true) for (const name of REPLICA) done.push(store(name).clear());
      for (const [key, value] of Object.entries(facts.singles ?? {})) done.push(store(SINGLES).put(value, key as keyof Singles));
      for (const gid of facts.membersForgotten ?? []) {
        done.push(store("members").delete(IDBKeyRange.bound([gid, 0], [gid, Infinity])));
      }
      eachRecord(batch, (list, record) => done.push(store(list).put(record)));
      for (const id of intents.settled ?? []) done.push(store("pending").delete(id));
      for (const { gid, text } of intents.drafts ?? []) if (text === "") done.push(store("drafts").delete(gid));
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
  const { anew, singles, membersForgotten, ...lists } = { ...facts, ...intents };
  const names = new Set<Name>(ALL.filter((name) => name in lists));
  if (anew === true) for (const name of REPLICA) names.add(name);
  if (singles !== undefined) names.add(SINGLES);
  if (membersForgotten !== undefined) names.add("members");
  if (intents.settled !== undefined) names.add("pending");
  return [...names];
}
