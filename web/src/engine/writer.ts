// The way of batches into the store.

import {
  type Batch,
  type EventRecord,
  FACTS,
  INTENTS,
  type List,
  type Lists,
  type Range,
  type Singles,
  type Some,
  type Store,
  Tables,
  homeOf,
  isNothing,
} from "./storage";
import { filled } from "./ranges";
import { newer } from "./noted";
import type { StoredMessage } from "./wire";

const RETRY_MS = 5_000;

/**
 * Writes batches in the order they came, as many at a time as have gathered. A batch that could not be
 * written is kept and written together with the next ones: nothing may overtake it, or `rev` would promise
 * data that is not there.
 */
export class Writer {
  private gathered = new Gathered();
  private running: Promise<void> | null = null;
  private stopped = false;

  constructor(
    private readonly store: Store,
    private readonly after: (ms: number, then: () => void) => () => void,
    /** When to write: what is added until then is written together. */
    private readonly soon: (then: () => void) => void,
    private readonly written: (batch: Batch) => void,
  ) {}

  add(batch: Batch): void {
    if (this.stopped) return;
    this.gathered.add(batch);
    this.run();
  }

  /** As of the store, with what could not be written yet. */
  async page(gid: number, from: number, below: number, limit: number): Promise<readonly StoredMessage[]> {
    const stored = await this.ofStore(() => this.store.page(gid, from, below, limit));
    const waiting = this.gathered.messagesOf(gid).filter(({ seq }) => seq >= from && seq < below);
    const gone = this.gathered.goneFrom(gid);
    if (waiting.length === 0 && gone.length === 0) return stored;
    const left = stored.filter(({ seq }) => gone.every((range) => seq < range.from || seq > range.to));
    const all = new Map(left.map((message) => [message.seq, message]));
    for (const message of waiting) all.set(message.seq, newer(all.get(message.seq), message));
    return [...all.values()].sort((a, b) => a.seq - b.seq).slice(-limit);
  }

  /** As `page`. */
  async events(gid: number, limit: number): Promise<readonly EventRecord[]> {
    const stored = await this.ofStore(() => this.store.events(gid, limit));
    const waiting = this.gathered.eventsOf(gid);
    if (waiting.length === 0) return stored;
    const all = new Map([...stored, ...waiting].map((event) => [event.rev, event]));
    return [...all.values()].sort((a, b) => a.rev - b.rev).slice(-limit);
  }

  /** When all that was added before is written, or could not be. */
  async settled(): Promise<void> {
    while (this.running !== null && !this.gathered.isEmpty) await this.running;
    await this.running;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  /** What the store still has of another history is not given, also where it could not be forgotten meanwhile. */
  private async ofStore<T>(read: () => Promise<readonly T[]>): Promise<readonly T[]> {
    const stored = this.gathered.isAnew ? [] : await read();
    return this.gathered.isAnew ? [] : stored;
  }

  private run(): void {
    this.running ??= this.writeGathered().finally(() => {
      this.running = null;
    });
  }

  private async writeGathered(): Promise<void> {
    while (!this.gathered.isEmpty && !this.stopped) {
      await new Promise<void>((resolve) => this.soon(resolve));
      const taken = this.gathered;
      this.gathered = new Gathered();
      const batch = taken.batch();
      try {
        await this.store.write(batch);
      } catch {
        taken.add(this.gathered.batch());
        this.gathered = taken;
        this.after(RETRY_MS, () => this.run());
        return;
      }
      this.written(batch);
    }
  }
}

/** Batches made one; of each thing the latest. */
class Gathered {
  private anew = false;
  private singles: Singles = {};
  private readonly tables = new Tables();
  private readonly membersForgotten = new Set<number>();
  private readonly settled = new Set<string>();
  private readonly gone = new Map<number, readonly Range[]>();
  isEmpty = true;

  add(batch: Batch): void {
    if (isNothing(batch)) return;
    this.isEmpty = false;
    const { facts, intents } = batch;
    if (facts.anew === true) {
      // What was gathered of another store is not wanted any more.
      this.anew = true;
      this.singles = homeOf(this.singles);
      this.membersForgotten.clear();
      this.gone.clear();
    }
    this.singles = { ...this.singles, ...facts.singles };
    this.tables.take(batch);
    for (const gid of facts.membersForgotten ?? []) this.membersForgotten.add(gid);
    for (const { gid, ranges } of facts.gone ?? []) this.gone.set(gid, ranges.reduce(filled, this.goneFrom(gid)));
    for (const id of intents.settled ?? []) this.settled.add(id);
  }

  get isAnew(): boolean {
    return this.anew;
  }

  messagesOf(gid: number): readonly StoredMessage[] {
    return this.tables.at("messages", gid);
  }

  goneFrom(gid: number): readonly Range[] {
    return this.gone.get(gid) ?? [];
  }

  eventsOf(gid: number): readonly EventRecord[] {
    return this.tables.at("events", gid);
  }

  batch(): Batch {
    const { anew, singles, membersForgotten, settled } = this;
    return {
      facts: {
        ...(anew && { anew }),
        ...(Object.keys(singles).length > 0 && { singles }),
        ...this.lists(FACTS),
        ...(membersForgotten.size > 0 && { membersForgotten: [...membersForgotten] }),
        ...(this.gone.size > 0 && { gone: [...this.gone].map(([gid, ranges]) => ({ gid, ranges })) }),
      },
      intents: { ...this.lists(INTENTS), ...(settled.size > 0 && { settled: [...settled] }) },
    };
  }

  /** Those that have something in them. */
  private lists<L extends Partial<Lists>>(lists: L): Some<L> {
    const filled = (Object.keys(lists) as List[]).map((list) => [list, this.tables.all(list)] as const);
    return Object.fromEntries(filled.filter(([, records]) => records.length > 0)) as Some<L>;
  }
}
