// What is being recorded, as it is kept on the device: after a reload it is there to be listened to, sent or deleted. One page has
// it at a time; others do not offer it.

import type { ChatView, Engine, RecordedPart, Recordings } from "../../../../engine/contract";
import type { Voice } from "./recorder";
import { barsOf } from "./waveform";

type Addressee = ChatView["to"];

export class Kept {
  /** How many parts there are. */
  private count = 0;
  private last: Promise<unknown> = Promise.resolve();
  private dropped = false;
  private free: () => void = () => undefined;

  private constructor(
    private readonly recordings: Promise<Recordings | null>,
    private readonly gid: number,
    private readonly to: Addressee,
    private readonly id: string,
  ) {}

  /** For what is about to be said. */
  static begin(engine: Engine, gid: number, to: Addressee): Kept {
    const kept = new Kept(engine.recordings().catch(() => null), gid, to, crypto.randomUUID());
    void kept.hold();
    return kept;
  }

  /** What was said in a chat before this page was there, and no other page is at. */
  static async find(engine: Engine, gid: number, to: Addressee): Promise<{ readonly kept: Kept; readonly voice: Voice } | null> {
    const recordings = await engine.recordings();
    for (const [id, parts] of (await recordings?.of(gid)) ?? []) {
      const last = parts.at(-1);
      if (last === undefined || !isSame(last.to, to)) continue;
      const kept = new Kept(Promise.resolve(recordings), gid, to, id);
      if (await kept.hold()) return { kept, voice: voiceOf(parts, last) };
    }
    return null;
  }

  add(blob: Blob, levels: readonly number[], lastedMs: number): void {
    if (this.dropped || blob.size === 0) return;
    const at = this.count++;
    // Where it cannot be kept there is still this page, which has it in memory.
    this.queue((recordings) => recordings.keep(this.gid, this.id, at, { blob, levels, lastedMs, to: this.to }));
  }

  /** It was sent, or nobody wants it. */
  drop(): void {
    if (this.dropped) return;
    this.dropped = true;
    this.queue((recordings) => recordings.drop(this.gid, this.id));
    void this.last.then(() => this.free());
  }

  /** For another page, or for later. */
  leave(): void {
    this.free();
  }

  private queue(act: (recordings: Recordings) => Promise<void>): void {
    this.last = this.last.then(async () => {
      const recordings = await this.recordings;
      if (recordings !== null) await act(recordings).catch(() => undefined);
    });
  }

  /** Until it is dropped, or the page ends. False: another page has it. */
  private hold(): Promise<boolean> {
    const locks = (navigator as Partial<Navigator>).locks;
    if (locks === undefined) return Promise.resolve(true);
    return new Promise((resolve) => {
      const held = locks.request(`rim-${this.id}`, { ifAvailable: true }, (lock) => {
        resolve(lock !== null);
        return lock === null ? null : new Promise<void>((free) => (this.free = free));
      });
      held.catch(() => resolve(true));
    });
  }
}

/** What is left of it: the page may have ended in the middle. */
function voiceOf(parts: readonly RecordedPart[], { lastedMs }: RecordedPart): Voice {
  const type = parts[0]?.blob.type ?? "";
  const blob = new Blob(parts.map((part) => part.blob), { type });
  return { blob, durationMs: Math.round(lastedMs), waveform: barsOf(parts.flatMap(({ levels }) => levels)) };
}

function isSame(one: Addressee, other: Addressee): boolean {
  return one.store?.id === other.store?.id && one.partner === other.partner && one.creator === other.creator;
}
