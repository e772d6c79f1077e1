// Where what is known is kept. Browsers have stores that refuse, that wait for another tab, and that never answer; none of
// these may keep anybody from their messages, so the engine goes on from memory then, and says why.

import type { Keeping } from "./contract";
import { MemoryStore } from "./memory";
import type { Ports } from "./ports";
import { type Batch, type EventRecord, type Intents, type KeptFile, type Snapshot, type Store, ofIntents } from "./storage";
import { Unsaved } from "./unsaved";
import type { StoredMessage } from "./wire";

/** To open the store and read it. A large account takes a second or two on a slow phone. */
const OPEN_MS = 8_000;
/** To read or write once. */
const ANSWER_MS = 10_000;
/** To find a file. */
const FILE_MS = 60_000;
/** What was asked before the computer slept may be answered right behind the timer that gave it up. */
const GRACE_MS = 1_000;
/** Before the account's number: the note that nothing of it may be left. */
const DELETED = "rim.deleted.";
/** So often in a row without an answer, and there will be none. */
const SILENCES = 2;

export interface Opened {
  readonly store: Store;
  readonly snapshot: Snapshot;
  readonly keeping: Keeping;
}

/** Opens the account's store, or one in memory after some seconds. `lost` is told, once, where it is gone later. */
export async function openStore(ports: Ports, uid: number, lost: (keeping: Keeping) => void): Promise<Opened> {
  let keeping: Keeping = "memory";
  let told = false;
  const gone = (why: Keeping): void => {
    if (told) return;
    told = true;
    lost(why);
  };
  const opening = ports.openStore(uid, {
    blocked: () => {
      keeping = "blocked";
    },
    lost: gone,
  });
  try {
    const open = async (): Promise<Opened> => {
      const store = new Patient(await opening, ports, () => gone("memory"));
      if (ports.notes.get(DELETED + uid) !== null) await emptyStore(ports, uid, store);
      return { store, snapshot: await store.load(), keeping: "lasting" };
    };
    return await inTime(ports, OPEN_MS, open());
  } catch (error) {
    // The store has the shape of a newer client.
    if (error instanceof Error && error.name === "VersionError") keeping = "superseded";
    // Should it open after all, the next page may have it.
    told = true;
    void opening.then(
      (store) => store.close(),
      () => undefined,
    );
    return inMemory(keeping, ofIntents({}));
  }
}

/**
 * Takes away all that is kept of the account: what is in `store`, or, where that is not the lasting one or refuses, the store
 * as a whole. Where the page does not live to see that done, the next one does it.
 */
export async function emptyStore(ports: Ports, uid: number, store: Store): Promise<void> {
  ports.notes.set(DELETED + uid, "yes");
  const isEmpty =
    store.isLasting &&
    (await store.clear(true).then(
      () => true,
      () => false,
    ));
  if (isEmpty) isDeleted(ports, uid);
  else deleteStore(ports, uid);
}

/** Does what earlier pages did not live to see done, but for the account that is about to be opened. */
export function finishDeleting(ports: Ports, opening: number | null): void {
  for (const name of ports.notes.names()) {
    const uid = name.startsWith(DELETED) ? Number(name.slice(DELETED.length)) : null;
    if (uid !== null && uid !== opening) deleteStore(ports, uid);
  }
}

/** The browser may take its time, so nobody waits for it. */
function deleteStore(ports: Ports, uid: number): void {
  void ports.deleteStore(uid).then(
    () => isDeleted(ports, uid),
    () => undefined,
  );
}

function isDeleted(ports: Ports, uid: number): void {
  // They have signed in again meanwhile, and begun with an empty store.
  if (ports.notes.get(DELETED + uid) === null) return;
  new Unsaved(ports.notes, uid).clear();
  ports.notes.set(DELETED + uid, null);
}

/** A store for as long as the page lives, with what was in another one. */
export async function inMemory(keeping: Keeping, carried: Batch, files: readonly KeptFile[] = []): Promise<Opened> {
  const store = new MemoryStore();
  await store.write(carried);
  for (const file of files) await store.keepFile(file);
  return { store, snapshot: await store.load(), keeping };
}

/** Gives up on what is not answered. */
class Patient implements Store {
  private silences = 0;

  constructor(
    private readonly store: Store,
    private readonly ports: Ports,
    private readonly lost: () => void,
  ) {}

  get isLasting(): boolean {
    return this.store.isLasting;
  }

  load(): Promise<Snapshot> {
    return this.answer(this.store.load());
  }

  write(batch: Batch): Promise<void> {
    return this.answer(this.store.write(batch));
  }

  outbox(): Promise<Required<Pick<Intents, "pending" | "acts">>> {
    return this.answer(this.store.outbox());
  }

  page(gid: number, from: number, below: number, limit: number): Promise<readonly StoredMessage[]> {
    return this.answer(this.store.page(gid, from, below, limit));
  }

  events(gid: number, limit: number): Promise<readonly EventRecord[]> {
    return this.answer(this.store.events(gid, limit));
  }

  /** Who waits for a large one to be written knows that it takes long. */
  keepFile(file: KeptFile): Promise<void> {
    return this.store.keepFile(file);
  }

  /** It may have to wait for one that is being written: who does not answer soon has not gone for that. */
  file(clientMsgId: string): Promise<KeptFile | null> {
    return inTime(this.ports, FILE_MS, this.store.file(clientMsgId));
  }

  fileNames(): Promise<readonly string[]> {
    return this.store.fileNames();
  }

  dropFiles(names: readonly string[]): Promise<void> {
    return this.store.dropFiles(names);
  }

  clear(all: boolean): Promise<void> {
    return this.answer(this.store.clear(all));
  }

  close(): void {
    this.store.close();
  }

  private async answer<T>(asked: Promise<T>): Promise<T> {
    try {
      const answer = await inTime(this.ports, ANSWER_MS, asked);
      this.silences = 0;
      return answer;
    } catch (error) {
      if (error instanceof Silence && ++this.silences >= SILENCES) this.lost();
      throw error;
    }
  }
}

class Silence extends Error {
  override readonly name = "Silence";
}

function inTime<T>(ports: Ports, ms: number, asked: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    let stop = ports.after(ms, () => {
      stop = ports.after(GRACE_MS, () => reject(new Silence("the store does not answer")));
    });
    asked.then(resolve, reject).finally(() => stop());
  });
}
