// The pinned messages of the chats that are looked at: asked for once, and then kept up to date by what is learned.

import { newer } from "./noted";
import type { StoredMessage } from "./wire";

export class Pins {
  private readonly byGid = new Map<number, ReadonlyMap<number, StoredMessage>>();
  private readonly asking = new Set<number>();
  /** What changed while the list was asked for. */
  private readonly early = new Map<number, StoredMessage[]>();

  constructor(
    /** Null: they could not be had. */
    private readonly fetch: (gid: number) => Promise<readonly StoredMessage[] | null>,
    private readonly changed: (gid: number) => void,
    private readonly later: (then: () => void) => void,
    private readonly isWatched: (gid: number) => boolean,
  ) {}

  /** Null: not known yet. */
  of(gid: number): readonly StoredMessage[] | null {
    const pins = this.byGid.get(gid);
    return pins === undefined ? null : [...pins.values()];
  }

  /** Somebody looks at the chat. */
  watch(gid: number): void {
    if (!this.byGid.has(gid)) void this.ask(gid);
  }

  /** So much was missed that pins may have been among it. */
  doubt(gid: number): void {
    if (!this.byGid.has(gid)) return;
    if (this.isWatched(gid)) void this.ask(gid);
    else this.byGid.delete(gid);
  }

  change(changed: readonly StoredMessage[]): void {
    for (const message of changed) {
      this.early.get(message.gid)?.push(message);
      const pins = this.byGid.get(message.gid);
      if (pins !== undefined) this.byGid.set(message.gid, withOne(pins, message));
    }
  }

  clear(): void {
    this.byGid.clear();
    this.early.clear();
    this.asking.clear();
  }

  private async ask(gid: number): Promise<void> {
    if (this.asking.has(gid)) return;
    this.asking.add(gid);
    const early: StoredMessage[] = [];
    this.early.set(gid, early);
    const pins = await this.fetch(gid);
    // Forgotten meanwhile: it is another history.
    if (this.early.get(gid) !== early) return;
    this.early.delete(gid);
    this.asking.delete(gid);
    if (pins === null) {
      this.later(() => {
        if (this.isWatched(gid)) void this.ask(gid);
      });
      return;
    }
    const known = new Map(pins.map((message) => [message.seq, message]));
    this.byGid.set(gid, early.reduce<ReadonlyMap<number, StoredMessage>>(withOne, known));
    this.changed(gid);
  }
}

function withOne(pins: ReadonlyMap<number, StoredMessage>, message: StoredMessage): ReadonlyMap<number, StoredMessage> {
  const old = pins.get(message.seq);
  const now = newer(old, message);
  if (old === undefined && now.noted?.pinnedAt === undefined) return pins;
  const next = new Map(pins);
  if (now.noted?.pinnedAt === undefined) next.delete(message.seq);
  else next.set(message.seq, now);
  return next;
}
