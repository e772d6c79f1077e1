// What the user alone has of messages: which are gone from their view, which they have starred, and which of the unread
// mention them. Pure, as the replica that it is a part of.

import { mentionsUser } from "./noted";
import { ALL_SEEN, type Sight, seenBetween, sees, without } from "./sight";
import type { Facts, MentionedRecord, Range, SightRecord, StarRecord } from "./storage";
import type { StoredMessage } from "./wire";

/** So many unread mentions of a chat are known one by one, and the server counts no more. */
export const MOST_MENTIONS = 200;
/** So many states are remembered: those before come from before what was asked last. */
const HEARD = 5_000;

export class Living {
  private readonly sights = new Map<number, SightRecord>();
  private readonly starred = new Map<number, Set<number>>();
  private readonly mentions = new Map<number, MentionedRecord>();
  /** The latest state that was heard of messages that have changed lately. */
  private readonly heardOf = new Map<number, number>();
  private ringing: StoredMessage[] = [];

  constructor(private readonly uid: number) {}

  clear(): void {
    for (const map of [this.sights, this.starred, this.mentions, this.heardOf]) map.clear();
    this.ringing = [];
  }

  apply({ sights, stars, mentioned }: Facts): void {
    for (const record of sights ?? []) this.sights.set(record.gid, record);
    for (const record of stars ?? []) this.star(record);
    for (const record of mentioned ?? []) this.mentions.set(record.gid, record);
  }

  sight(gid: number): Sight {
    return this.sights.get(gid) ?? ALL_SEEN;
  }

  isStarred(gid: number, id: number): boolean {
    return this.starred.get(gid)?.has(id) === true;
  }

  star({ gid, id, on }: StarRecord): void {
    const ids = this.starred.get(gid) ?? new Set();
    if (on) this.starred.set(gid, ids.add(id));
    else ids.delete(id);
  }

  /** Chats in which the server has counted other mentions than are known. */
  get doubtful(): readonly MentionedRecord[] {
    return [...this.mentions.values()].filter(({ told }) => told !== null);
  }

  /** The unread mentions above a place, ascending. */
  mentioned(gid: number, readSeq: number, sight: Sight): readonly number[] {
    return (this.mentions.get(gid)?.seqs ?? []).filter((seq) => seq > readSeq && sees(sight, seq));
  }

  /** How many they are, by the server's count where they are not all known. */
  countMentions(gid: number, readSeq: number, lastSeq: number, sight: Sight): number {
    const known = this.mentioned(gid, readSeq, sight).length;
    const told = this.mentions.get(gid)?.told ?? 0;
    return Math.max(known, Math.min(told, seenBetween(sight, readSeq, lastSeq)));
  }

  /** Since this was asked last: messages that have come to mention the user, each once. */
  rung(): readonly StoredMessage[] {
    const { ringing } = this;
    this.ringing = [];
    return ringing;
  }

  /** Takes places from the user's view; null where none of them was in it. */
  takeAway(gid: number, clearedSeq: number, ranges: readonly Range[]): Facts | null {
    const old = this.sight(gid);
    const { clearedSeq: cleared, gone } = without(old, clearedSeq, ranges);
    if (cleared === old.clearedSeq && gone === old.gone) return null;
    const record: SightRecord = { gid, clearedSeq: cleared, gone };
    this.sights.set(gid, record);
    const all = cleared > old.clearedSeq ? [{ from: 1, to: cleared }, ...ranges] : ranges;
    return { sights: [record], gone: [{ gid, ranges: all }] };
  }

  /** Messages of a chat that are new or in another state. Null where that changes nothing. */
  heard(gid: number, messages: readonly StoredMessage[], readSeq: number): MentionedRecord | null {
    const old = this.mentions.get(gid) ?? none(gid);
    const sight = this.sight(gid);
    let { seqs, rung } = old;
    for (const message of messages) {
      const { seq } = message;
      if (!this.isNews(message)) continue;
      if (seq <= readSeq || !mentionsUser(message, this.uid) || !sees(sight, seq)) {
        if (seqs.includes(seq)) seqs = seqs.filter((one) => one !== seq);
        continue;
      }
      if (!seqs.includes(seq)) seqs = [...seqs, seq].sort((a, b) => a - b);
      if (rung.includes(seq)) continue;
      rung = [...rung, seq];
      this.ringing.push(message);
    }
    if (seqs === old.seqs && rung === old.rung) return null;
    return this.put({ gid, seqs: above(seqs, readSeq), rung: above(rung, readSeq), told: old.told });
  }

  /** The server has counted the unread mentions. Null where that is what is known. */
  counted(gid: number, count: number, readSeq: number): MentionedRecord | null {
    const old = this.mentions.get(gid) ?? none(gid);
    const known = Math.min(this.mentioned(gid, readSeq, this.sight(gid)).length, MOST_MENTIONS);
    const told = count === known ? null : count;
    return told === old.told ? null : this.put({ ...old, told });
  }

  /** The server has named them; `lastSeq` was the last place when it was asked. */
  named(gid: number, messages: readonly StoredMessage[], readSeq: number, lastSeq: number): MentionedRecord {
    const old = this.mentions.get(gid) ?? none(gid);
    const seqs = messages.map(({ seq }) => seq).filter((seq) => seq > readSeq);
    const all = new Set([...seqs, ...above(old.seqs, lastSeq)]);
    // Whoever was away is not told of each of them now.
    const rung = [...new Set([...above(old.rung, readSeq), ...seqs])];
    return this.put({ gid, seqs: [...all].sort((a, b) => a - b), rung, told: null });
  }

  /** Whether no later state of the message was heard before. */
  private isNews({ id, rev }: StoredMessage): boolean {
    const known = this.heardOf.get(id) ?? 0;
    if (known > rev) return false;
    this.heardOf.delete(id);
    this.heardOf.set(id, rev);
    const oldest = this.heardOf.keys().next().value;
    if (this.heardOf.size > HEARD && oldest !== undefined) this.heardOf.delete(oldest);
    return true;
  }

  private put(record: MentionedRecord): MentionedRecord {
    this.mentions.set(record.gid, record);
    return record;
  }
}

function none(gid: number): MentionedRecord {
  return { gid, seqs: [], rung: [], told: null };
}

function above(seqs: readonly number[], place: number): readonly number[] {
  return seqs.filter((seq) => seq > place);
}
