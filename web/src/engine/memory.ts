// A store in memory: where the browser has no IndexedDB, and in tests.

import {
  type Batch,
  type EventRecord,
  type Intents,
  type KeptFile,
  OF_STORE,
  type Singles,
  type Snapshot,
  type Store,
  Tables,
  homeOf,
  isEmpty,
  snapshotOf,
} from "./storage";
import type { StoredMessage } from "./wire";

export class MemoryStore implements Store {
  readonly isLasting = false;
  private singles: Singles = {};
  private readonly tables = new Tables();
  private readonly files = new Map<string, KeptFile>();

  load(): Promise<Snapshot> {
    return Promise.resolve(snapshotOf(this.singles, (list) => this.tables.all(list)));
  }

  write(batch: Batch): Promise<void> {
    const { facts, intents } = batch;
    this.singles = { ...(facts.anew === true ? homeOf(this.singles) : this.singles), ...facts.singles };
    this.tables.take(batch);
    for (const draft of intents.drafts ?? []) if (isEmpty("drafts", draft)) this.tables.delete("drafts", draft.gid);
    for (const words of intents.rewrites ?? []) if (isEmpty("rewrites", words)) this.tables.delete("rewrites", words.gid, words.key);
    return Promise.resolve();
  }

  outbox(): Promise<Required<Pick<Intents, "pending" | "acts">>> {
    return Promise.resolve({ pending: this.tables.all("pending"), acts: this.tables.all("acts") });
  }

  page(gid: number, from: number, below: number, limit: number): Promise<readonly StoredMessage[]> {
    const inside = this.tables.at("messages", gid).filter((message) => message.seq >= from && message.seq < below);
    return Promise.resolve([...inside].sort((a, b) => a.seq - b.seq).slice(-limit));
  }

  events(gid: number, limit: number): Promise<readonly EventRecord[]> {
    const events = [...this.tables.at("events", gid)];
    return Promise.resolve(events.sort((a, b) => a.rev - b.rev).slice(-limit));
  }

  keepFile(file: KeptFile): Promise<void> {
    this.files.set(file.clientMsgId, file);
    return Promise.resolve();
  }

  file(clientMsgId: string): Promise<KeptFile | null> {
    return Promise.resolve(this.files.get(clientMsgId) ?? null);
  }

  fileNames(): Promise<readonly string[]> {
    return Promise.resolve([...this.files.keys()]);
  }

  dropFiles(names: readonly string[]): Promise<void> {
    for (const name of names) this.files.delete(name);
    return Promise.resolve();
  }

  clear(all: boolean): Promise<void> {
    this.singles = all ? {} : homeOf(this.singles);
    if (all) this.files.clear();
    this.tables.clear(all ? [...OF_STORE, "pending", "drafts"] : OF_STORE);
    return Promise.resolve();
  }

  close(): void {
    // Nothing is held.
  }
}
