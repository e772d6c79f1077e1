// The ends of the chats in which messages expire, whether somebody has opened them or not. So the clock alone says what is unread
// there and what stands last, while nobody is there to tell.

import { replaced } from "./detour";
import { bottom } from "./ranges";
import type { Replica } from "./replica";
import { sees } from "./sight";
import type { Facts, GroupRecord } from "./storage";
import type { StoredMessage } from "./wire";

/** So many of a chat: of more that are unread, the rest is counted until the server tells. */
const MOST = 200;

export class Tails {
  /** By chat: a run of messages without a gap, up to the newest that this device has. */
  private readonly known = new Map<number, readonly StoredMessage[]>();
  /** What has come while the beginning was read. */
  private readonly reading = new Map<number, readonly StoredMessage[]>();

  constructor(
    private readonly replica: Replica,
    private readonly page: (gid: number, from: number, below: number, limit: number) => Promise<readonly StoredMessage[]>,
    private readonly touched: (gid: number) => void,
  ) {}

  /** Empty: not read, or not wanted, as nothing of it is known to expire. */
  of(gid: number): readonly StoredMessage[] {
    return this.known.get(gid) ?? NONE;
  }

  all(): Iterable<readonly StoredMessage[]> {
    return this.known.values();
  }

  /** Nothing of it is of this history. */
  clear(): void {
    this.known.clear();
    this.reading.clear();
  }

  /** Reads those that are wanted. */
  look(): void {
    for (const group of this.replica.groups.values()) if (mayExpire(group)) void this.read(group);
  }

  learned({ groups = [], messages = [], changed = [], gone = [] }: Facts): void {
    for (const { gid } of groups) {
      const group = this.replica.groups.get(gid);
      const news = messages.filter((message) => message.gid === gid);
      if (group === undefined) continue;
      if (mayExpire(group) || news.some(({ noted }) => noted?.expiresAt !== undefined)) void this.read(group);
      this.append(gid, news, bottom(group.covered));
    }
    for (const gid of new Set([...messages, ...changed].map((message) => message.gid))) {
      const told = [...messages, ...changed].filter((message) => message.gid === gid);
      for (const tails of [this.known, this.reading]) {
        const tail = tails.get(gid);
        if (tail !== undefined) tails.set(gid, replaced(tail, told));
      }
    }
    for (const { gid } of gone) {
      const sight = this.replica.living.sight(gid);
      const tail = this.known.get(gid);
      if (tail !== undefined) this.known.set(gid, tail.filter(({ seq }) => sees(sight, seq)));
    }
  }

  private append(gid: number, news: readonly StoredMessage[], lowest: number): void {
    if (news.length === 0) return;
    const waiting = this.reading.get(gid);
    if (waiting !== undefined) {
      this.reading.set(gid, [...waiting, ...news]);
      return;
    }
    const tail = this.known.get(gid);
    if (tail !== undefined) this.known.set(gid, joined(tail, news, lowest));
  }

  private async read({ gid, covered, lastSeq }: GroupRecord): Promise<void> {
    if (this.known.has(gid) || this.reading.has(gid)) return;
    const waiting: readonly StoredMessage[] = [];
    this.reading.set(gid, waiting);
    const read = await this.page(gid, bottom(covered), lastSeq + 1, MOST).catch(() => NONE);
    const news = this.reading.get(gid);
    const group = this.replica.groups.get(gid);
    // Of another history.
    if (news === undefined || group === undefined) return;
    this.reading.delete(gid);
    const sight = this.replica.living.sight(gid);
    this.known.set(gid, joined(read, news, bottom(group.covered)).filter(({ seq }) => sees(sight, seq)));
    this.touched(gid);
  }
}

const NONE: readonly StoredMessage[] = [];

/** Whether more of a chat may expire than what stands last in the list. */
function mayExpire({ last, settings }: GroupRecord): boolean {
  return last?.noted?.expiresAt !== undefined || (settings?.expireSeconds ?? 0) > 0;
}

/** What lies below a hole is left out. */
function joined(tail: readonly StoredMessage[], news: readonly StoredMessage[], lowest: number): readonly StoredMessage[] {
  const last = tail.at(-1)?.seq ?? 0;
  const added = news.filter(({ seq }) => seq > last).sort((a, b) => a.seq - b.seq);
  return [...tail, ...added].filter(({ seq }) => seq >= lowest).slice(-MOST);
}
