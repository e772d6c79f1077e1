// One suite for every store; and the writer, which keeps `rev` from running ahead of the data.

import "fake-indexeddb/auto";
import { deleteDB, openDB } from "idb";
import { describe, expect, it } from "vitest";
import { IdbStore } from "./idb";
import { MemoryStore } from "./memory";
import {
  type Batch,
  type EventRecord,
  type Facts,
  type GroupRecord,
  type Intents,
  type Store,
  ofFacts,
} from "./storage";
import { StoredRecordings } from "./recordings";
import { Writer } from "./writer";
import type { StoredMessage } from "./wire";

let accounts = 0;
const NO_FILES: Pick<Store, "keepFile" | "file" | "fileNames" | "dropFiles"> = {
  keepFile: () => Promise.resolve(),
  file: () => Promise.resolve(null),
  fileNames: () => Promise.resolve([]),
  dropFiles: () => Promise.resolve(),
};
const UNHEARD = { blocked: () => undefined, lost: () => undefined };
const STORES: readonly (readonly [string, () => Promise<Store>])[] = [
  ["in memory", () => Promise.resolve(new MemoryStore())],
  ["in IndexedDB", () => IdbStore.open(`rim-${++accounts}`, UNHEARD)],
];

function message(seq: number, gid = 1): StoredMessage {
  return { gid, seq, rev: seq, id: seq, uid: 1, kind: "Text", content: `m${seq}`, clientMsgId: `c${seq}`, at: seq };
}

function group(gid: number, rev: number): GroupRecord {
  return {
    gid,
    rev,
    name: "",
    avatar: "",
    mode: 2,
    creator: 1,
    member: true,
    lastSeq: rev,
    readSeq: 0,
    covered: [{ from: 1, to: rev }],
    last: null,
    membersOmitted: false,
    joinedAt: 0,
    lastEvent: null,
    after: 0,
  };
}

function happened(rev: number, name: string): EventRecord {
  return { gid: 1, rev, seq: 1, kind: "renamed", uid: 1, uids: [], count: 0, name, role: null, at: rev };
}

const FACTS = {
  singles: {
    home: { store: { id: "a store", epoch: 1 }, account: "anna" },
    rev: 7,
    me: { id: 1, name: "anna", avatar: "", email: "e", account: "anna" },
  },
  users: [{ id: 2, name: "bob", avatar: "", email: "", account: "bob" }],
  friends: [{ uid: 2, state: "friends", remark: "Bobby" }],
  groups: [group(1, 3)],
  members: [
    { gid: 1, uid: 1, admin: true, left: false, readSeq: 0, deliveredSeq: 0, order: 0 },
    { gid: 2, uid: 1, admin: true, left: false, readSeq: 0, deliveredSeq: 0, order: 0 },
  ],
  messages: [message(1), message(2), message(3)],
  sights: [{ gid: 1, clearedSeq: 0, gone: [{ from: 9, to: 9 }] }],
  stars: [{ gid: 1, id: 2, on: true }],
  mentioned: [{ gid: 1, seqs: [2], rung: [2], told: null }],
} satisfies Facts;

const INTENTS = {
  pending: [
    { clientMsgId: "b", gid: 1, kind: "Text", content: "2", at: 1, order: 2, after: 0, state: { is: "waiting" } },
    { clientMsgId: "a", gid: 1, kind: "Text", content: "1", at: 2, order: 1, after: 0, state: { is: "failed", reason: "no" } },
  ],
  drafts: [{ gid: 1, text: "draft" }],
  marks: [{ gid: 1, seq: 2, msgId: 2 }],
  acts: [{ id: "c", gid: 1, order: 3, at: 3, on: [{ key: "1.c2", id: 2, seq: 2 }], deed: { is: "recall" }, state: { is: "waiting" }, store: null }],
  rewrites: [{ gid: 1, key: "1.c2", at: 3, words: { kind: "Text", content: "m2", replyTo: null, mentions: [], mentionAll: false } }],
} satisfies Intents;

const ALL: Batch = { facts: FACTS, intents: INTENTS };
const FRESH = {
  facts: { singles: {}, users: [], friends: [], groups: [], members: [], sights: [], stars: [], mentioned: [] },
  intents: { pending: [], drafts: [], marks: [], acts: [], rewrites: [] },
};

for (const [name, open] of STORES) {
  describe(`a store ${name}`, () => {
    it("gives back what was written, the outbox in the order of sending", async () => {
      const store = await open();
      expect(await store.load()).toEqual(FRESH);
      await store.write(ALL);
      const { messages: _, ...facts } = FACTS;
      expect(await store.load()).toEqual({ facts, intents: { ...INTENTS, pending: [...INTENTS.pending].reverse() } });
    });

    it("keeps files beside all else, until they are dropped or all is forgotten", async () => {
      const store = await open();
      const [file, poster] = [new Blob(["some bytes"]), new Blob(["a picture"])];
      await store.keepFile({ clientMsgId: "a", file, poster });
      await store.keepFile({ clientMsgId: "b", file, poster: null });
      await store.clear(false);
      expect(await store.fileNames()).toEqual(["a", "b"]);
      const kept = await store.file("a");
      expect([await kept?.file.text(), await kept?.poster?.text()]).toEqual(["some bytes", "a picture"]);
      await store.dropFiles(["a", "c"]);
      expect([await store.file("a"), await store.fileNames()]).toEqual([null, ["b"]]);
      await store.clear(true);
      expect(await store.fileNames()).toEqual([]);
    });

    it("keeps what was said, part by part, each recording of a chat by itself", async () => {
      const recordings = new StoredRecordings(await open());
      const to = { store: null, partner: "ben", creator: null, name: "" };
      const part = (said: string, lastedMs: number) => ({ blob: new Blob([said]), levels: [0.5, 1], lastedMs, to });
      for (let at = 0; at < 11; at++) await recordings.keep(1, "a", at, part(`${at} `, at * 1000));
      await recordings.keep(1, "b", 0, part("other", 500));
      await recordings.keep(12, "c", 0, part("elsewhere", 500));
      const all = await recordings.of(1);
      expect([...all.keys()]).toEqual(["a", "b"]);
      const parts = all.get("a") ?? [];
      expect(await new Blob(parts.map(({ blob }) => blob)).text()).toBe("0 1 2 3 4 5 6 7 8 9 10 ");
      expect(parts.at(-1)).toMatchObject({ levels: [0.5, 1], lastedMs: 10_000, to });
      await recordings.drop(1, "a");
      expect([...(await recordings.of(1)).keys(), ...(await recordings.of(12)).keys()]).toEqual(["b", "c"]);
    });

    it("forgets what is settled, an emptied draft, and the members of one group", async () => {
      const store = await open();
      await store.write(ALL);
      const rewrites = [{ gid: 1, key: "1.c2", at: 3, words: null }];
      await store.write({ facts: { membersForgotten: [1] }, intents: { settled: ["a", "c"], drafts: [{ gid: 1, text: "" }, { gid: 2, text: "", replyTo: 7 }], rewrites } });
      const { facts, intents } = await store.load();
      const { pending, drafts, acts } = intents;
      expect([pending.length, acts.length, intents.rewrites.length]).toEqual([1, 0, 0]);
      // What one is about to answer stays, though nothing is written yet.
      expect(drafts).toEqual([{ gid: 2, text: "", replyTo: 7 }]);
      expect(facts.members.map(({ gid }) => gid)).toEqual([2]);
    });

    it("gives pages from the newest, over gaps in the places, ascending", async () => {
      const store = await open();
      const places = [...Array(50).keys()].map((i) => i + 1).concat([...Array(10).keys()].map((i) => i + 500));
      await store.write(ofFacts({ messages: [...places.map((seq) => message(seq)), message(505, 2)] }));
      const seqs = async (from: number, below: number, limit: number) =>
        (await store.page(1, from, below, limit)).map(({ seq }) => seq);
      expect(await seqs(1, 510, 3)).toEqual([507, 508, 509]);
      expect(await seqs(1, 502, 4)).toEqual([49, 50, 500, 501]);
      expect(await seqs(500, 502, 4)).toEqual([500, 501]);
      expect(await seqs(1, 3, 10)).toEqual([1, 2]);
      expect(await seqs(5, 5, 10)).toEqual([]);
    });

    it("keeps the newer state of a message, however late the older one comes", async () => {
      const store = await open();
      const edited = { ...message(2), rev: 9, content: "edited" };
      await store.write(ofFacts({ messages: [message(1), message(2), message(300)] }));
      await store.write(ofFacts({ changed: [edited] }));
      await store.write(ofFacts({ messages: [message(1), message(2)], changed: [{ ...message(300), rev: 1, content: "late" }] }));
      expect((await store.page(1, 1, 999, 9)).map(({ content }) => content)).toEqual(["m1", "edited", "m300"]);
    });

    it("keeps what is known of oneself where a later state does not tell it", async () => {
      const store = await open();
      const reacted = (rev: number, mine: boolean | null): StoredMessage => {
        return { ...message(1), rev, noted: { reactions: [{ emoji: "👍", count: 20, mine, uids: [] }] } };
      };
      await store.write(ofFacts({ messages: [reacted(2, true)] }));
      await store.write(ofFacts({ changed: [reacted(3, null)] }));
      expect(await store.page(1, 1, 9, 9)).toEqual([reacted(3, true)]);
    });

    it("forgets messages that are gone, those that come with it included", async () => {
      const store = await open();
      await store.write(ofFacts({ messages: [1, 2, 3, 4, 5].map((seq) => message(seq)) }));
      const gone = [{ gid: 1, ranges: [{ from: 2, to: 3 }, { from: 5, to: 6 }] }];
      await store.write(ofFacts({ messages: [message(6), message(7)], gone }));
      expect((await store.page(1, 1, 99, 9)).map(({ seq }) => seq)).toEqual([1, 4, 7]);
    });

    it("forgets the facts and keeps what was not sent and whose it is, or forgets all", async () => {
      const store = await open();
      await store.write(ALL);
      await store.clear(false);
      expect(await store.load()).toEqual({
        facts: { ...FRESH.facts, singles: { home: FACTS.singles.home } },
        intents: { ...INTENTS, pending: [...INTENTS.pending].reverse(), marks: [], acts: [], rewrites: [] },
      });
      expect(await store.page(1, 1, 10, 10)).toEqual([]);
      await store.clear(true);
      expect(await store.load()).toEqual(FRESH);
    });

    it("writes all of a batch or nothing", async () => {
      const store = await open();
      if (store instanceof MemoryStore) return;
      const broken = { ...message(4), seq: {} as unknown as number };
      await expect(store.write(ofFacts({ singles: { rev: 9 }, groups: [group(1, 9)], messages: [message(3), broken] }))).rejects.toThrow();
      expect(await store.load()).toEqual(FRESH);
      expect(await store.page(1, 1, 10, 10)).toEqual([]);
    });
  });
}

describe("a store in IndexedDB", () => {
  it("reads what earlier clients left: of the first, without places and order; of the one before, as it is", async () => {
    const name = `rim-${++accounts}`;
    const first = await openDB(name, 1, {
      upgrade(db) {
        db.createObjectStore("meta");
        for (const [store, key] of [["users", "id"], ["friends", "uid"], ["groups", "gid"], ["drafts", "gid"], ["marks", "gid"]] as const) {
          db.createObjectStore(store, { keyPath: key });
        }
        db.createObjectStore("members", { keyPath: ["gid", "uid"] });
        db.createObjectStore("messages", { keyPath: ["gid", "seq"] });
        db.createObjectStore("pending", { keyPath: "clientMsgId" });
      },
    });
    await first.put("meta", 7, "rev");
    await first.put("meta", FACTS.singles.me, "me");
    await first.put("groups", group(1, 3));
    await first.put("drafts", { gid: 1, text: "draft" });
    await first.put("pending", { clientMsgId: "a", gid: 1, kind: "Text", content: "1", at: 2, state: { is: "waiting" } });
    first.close();
    const now = await IdbStore.open(name, UNHEARD);
    expect(await now.load()).toEqual({
      facts: { ...FRESH.facts, singles: { me: FACTS.singles.me } },
      intents: {
        ...FRESH.intents,
        drafts: [{ gid: 1, text: "draft" }],
        pending: [expect.objectContaining({ clientMsgId: "a", order: 2 - Number.MAX_SAFE_INTEGER, after: 0 })],
      },
    });
    now.close();
    const { after: _, ...before } = group(2, 3);
    const raw = await openDB(name);
    await raw.put("groups", before);
    await raw.put("events", happened(1, "new"));
    const keys = [...raw.objectStoreNames].map((store) => [store, raw.transaction(store).store.keyPath]);
    expect(Object.fromEntries(keys)).toEqual({
      files: "clientMsgId",
      meta: null,
      users: "id",
      friends: "uid",
      groups: "gid",
      members: ["gid", "uid"],
      messages: ["gid", "seq"],
      events: ["gid", "rev"],
      pending: "clientMsgId",
      drafts: "gid",
      marks: "gid",
      sights: "gid",
      stars: ["gid", "id"],
      mentioned: "gid",
      acts: "id",
      rewrites: ["gid", "key"],
    });
    raw.close();
    const again = await IdbStore.open(name, UNHEARD);
    expect((await again.load()).facts.groups).toEqual([group(2, 3)]);
    expect(await again.events(1, 9)).toEqual([happened(1, "new")]);
  });

  it("keeps what one wanted of a client from before messages lived, and asks anew for what the server said", async () => {
    const name = `rim-${++accounts}`;
    const before = await openDB(name, 2, {
      upgrade(db) {
        db.createObjectStore("meta");
        const keys = { users: "id", friends: "uid", groups: "gid", drafts: "gid", marks: "gid", pending: "clientMsgId" };
        for (const [store, keyPath] of Object.entries(keys)) db.createObjectStore(store, { keyPath });
        for (const [store, key] of Object.entries({ members: "uid", messages: "seq", events: "rev" })) {
          db.createObjectStore(store, { keyPath: ["gid", key] });
        }
      },
    });
    await before.put("meta", 7, "rev");
    await before.put("meta", FACTS.singles.me, "me");
    await before.put("groups", group(1, 3));
    await before.put("messages", message(2));
    await before.put("marks", INTENTS.marks[0]);
    await before.put("pending", INTENTS.pending[0]);
    before.close();
    const now = await IdbStore.open(name, UNHEARD);
    expect(await now.load()).toEqual({
      facts: { ...FRESH.facts, singles: { me: FACTS.singles.me } },
      intents: { ...FRESH.intents, pending: [INTENTS.pending[0]], marks: INTENTS.marks },
    });
    // It may have passed over what became of it.
    expect(await now.page(1, 1, 9, 9)).toEqual([]);
    await now.write(ALL);
    expect((await now.load()).intents.acts).toEqual(INTENTS.acts);
  });

  it("gives way where it is deleted, and says that it is lost", async () => {
    const lost: string[] = [];
    const name = `rim-${++accounts}`;
    const store = await IdbStore.open(name, { blocked: () => undefined, lost: (why) => lost.push(why) });
    await store.write(ALL);
    await deleteDB(name);
    expect(lost).toEqual(["memory"]);
    expect(await (await IdbStore.open(name, UNHEARD)).load()).toEqual(FRESH);
  });
});

describe("the writer", () => {
  it("never lets a later batch overtake one that failed", async () => {
    const store = new MemoryStore();
    let full = true;
    const seen: Batch[] = [];
    const failing: Store = {
      ...NO_FILES,
      isLasting: true,
      load: () => store.load(),
      outbox: () => store.outbox(),
      page: (...asked) => store.page(...asked),
      events: (...asked) => store.events(...asked),
      clear: (all) => store.clear(all),
      close: () => store.close(),
      write: (batch) => (full ? Promise.reject(new Error("full")) : store.write(batch)),
    };
    const writer = new Writer(failing, () => () => undefined, queueMicrotask, (batch) => seen.push(batch));
    writer.add(ofFacts({ groups: [group(1, 1)], messages: [message(1)] }));
    await writer.settled();
    full = false;
    writer.add(ofFacts({ groups: [group(1, 2)], messages: [message(2)] }));
    await writer.settled();
    expect((await store.load()).facts.groups[0]?.rev).toBe(2);
    expect((await store.page(1, 1, 9, 9)).map(({ seq }) => seq)).toEqual([1, 2]);
    expect(seen.length).toBe(1);
  });

  it("gives nothing of another history, neither before nor while that is forgotten", async () => {
    const store = new MemoryStore();
    await store.write(ofFacts({ messages: [message(1)], events: [happened(1, "old")] }));
    let refuse: () => void = () => undefined;
    const failing: Store = {
      ...NO_FILES,
      isLasting: true,
      load: () => store.load(),
      outbox: () => store.outbox(),
      page: (...asked) => store.page(...asked),
      events: (...asked) => store.events(...asked),
      clear: (all) => store.clear(all),
      close: () => store.close(),
      write: () => new Promise((_, reject) => (refuse = () => reject(new Error("full")))),
    };
    let start: () => void = () => undefined;
    const soon = (then: () => void): void => void (start = then);
    const writer = new Writer(failing, () => () => undefined, soon, () => undefined);
    const read = () => Promise.all([writer.page(1, 1, 9, 9), writer.events(1, 9)]);
    expect(await read()).toEqual([[message(1)], [happened(1, "old")]]);
    writer.add(ofFacts({ messages: [message(2)], events: [happened(2, "waiting")] }));
    expect(await read()).toEqual([
      [message(1), message(2)],
      [happened(1, "old"), happened(2, "waiting")],
    ]);
    writer.add(ofFacts({ anew: true, events: [happened(1, "new")] }));
    expect(await read()).toEqual([[], [happened(1, "new")]]);
    // It is on its way to the store, which answers when it has failed.
    start();
    await Promise.resolve();
    let answer: () => void = () => undefined;
    store.events = () => new Promise((resolve) => (answer = () => resolve([happened(1, "old")])));
    const asked = writer.events(1, 9);
    refuse();
    await writer.settled();
    answer();
    expect(await asked).toEqual([happened(1, "new")]);
  });

  it("writes what gathers while it writes in one go", async () => {
    const store = new MemoryStore();
    let writes = 0;
    const slow: Store = {
      ...NO_FILES,
      isLasting: true,
      load: () => store.load(),
      outbox: () => store.outbox(),
      page: (...asked) => store.page(...asked),
      events: (...asked) => store.events(...asked),
      clear: (all) => store.clear(all),
      close: () => store.close(),
      write: async (batch) => {
        writes += 1;
        await new Promise((resolve) => setTimeout(resolve, 5));
        await store.write(batch);
      },
    };
    const writer = new Writer(slow, () => () => undefined, queueMicrotask, () => undefined);
    for (let seq = 1; seq <= 100; seq++) {
      writer.add(ofFacts({ groups: [group(1, seq)], messages: [message(seq)] }));
      await Promise.resolve();
    }
    await writer.settled();
    expect(writes).toBeLessThanOrEqual(3);
    expect((await store.page(1, 1, 101, 200)).length).toBe(100);
  });
});
