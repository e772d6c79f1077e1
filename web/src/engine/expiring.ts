// What has expired by the clock is not shown and not counted any more, whether the server has said so already or not.

import { type Sight, sees } from "./sight";
import type { GroupRecord } from "./storage";
import type { Tails } from "./tails";
import type { StoredMessage } from "./wire";

/** A part of a chat that is in memory. */
interface Part {
  readonly messages: readonly StoredMessage[];
}

export interface InMemory {
  readonly windows: ReadonlyMap<number, Part>;
  readonly detours: ReadonlyMap<number, Part>;
  readonly tails: Tails;
}

export class Expiring {
  private readonly times = new WeakMap<readonly StoredMessage[], readonly number[]>();

  constructor(
    private readonly memory: InMemory,
    private readonly groups: () => Iterable<GroupRecord>,
    /** By the server's clock. */
    private readonly now: () => number,
  ) {}

  isSeen(message: StoredMessage, sight: Sight): boolean {
    return sees(sight, message.seq) && (message.noted?.expiresAt ?? Infinity) > this.now();
  }

  /** The places above `readTo` of which the server has not said yet that they have expired. */
  untold(group: GroupRecord, readTo: number, sight: Sight): readonly number[] {
    const known = this.newest(group);
    if (this.timesOf(known).length === 0) return NONE;
    const now = this.now();
    return known.filter(({ seq, noted }) => seq > readTo && sees(sight, seq) && (noted?.expiresAt ?? Infinity) <= now).map(({ seq }) => seq);
  }

  /** What stands last in the list; while that is being found again, as far as it is in memory. */
  last(group: GroupRecord, sight: Sight): StoredMessage | null {
    if (group.last !== null && this.isSeen(group.last, sight)) return group.last;
    if (group.lastSeq === 0) return null;
    return this.newest(group).findLast((message) => this.isSeen(message, sight)) ?? null;
  }

  /** When the next of what is in memory expires. */
  next(): number | null {
    const now = this.now();
    let next = Infinity;
    const soon = (at: number): void => {
      if (at > now) next = Math.min(next, at);
    };
    for (const { messages } of [...this.memory.windows.values(), ...this.memory.detours.values()]) this.timesOf(messages).forEach(soon);
    for (const messages of this.memory.tails.all()) this.timesOf(messages).forEach(soon);
    for (const { last } of this.groups()) soon(last?.noted?.expiresAt ?? 0);
    return next === Infinity ? null : next;
  }

  /** What is in memory of the end of a chat. */
  private newest({ gid, last }: GroupRecord): readonly StoredMessage[] {
    const window = this.memory.windows.get(gid)?.messages ?? [];
    if (window.length > 0) return window;
    const tail = this.memory.tails.of(gid);
    return tail.length > 0 || last === null ? tail : [last];
  }

  private timesOf(messages: readonly StoredMessage[]): readonly number[] {
    let known = this.times.get(messages);
    if (known === undefined) {
      known = messages.flatMap(({ noted }) => noted?.expiresAt ?? []);
      this.times.set(messages, known);
    }
    return known;
  }
}

const NONE: readonly number[] = [];
