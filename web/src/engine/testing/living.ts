// What becomes of messages on the scripted server: notes on them, and what of them users have no longer.

import type { NotedReaction } from "../noted";
import type { Range } from "../storage";
import type { StoredMessage } from "../wire";
import type { FakeGroup, FakeServer } from "./server";

interface Own {
  readonly uid: number;
  readonly gid: number;
  readonly rev: number;
}

/** What a member says of a message by the socket; the reason of a refusal, where it is refused. */
export interface Note {
  readonly event: string;
  readonly msgId: number;
  readonly content: string;
  readonly kind?: StoredMessage["kind"];
  readonly clientMsgId: string;
  readonly mentions?: readonly number[];
  readonly mentionAll?: boolean;
}

export type Refusal = { readonly code: number; readonly reason: string };

const NO_SUCH: Refusal = { code: 404, reason: "no such message" };

interface Held {
  readonly group: FakeGroup;
  readonly kind: string;
  readonly uid: number;
  readonly seq: number;
  readonly emoji: string | null;
  readonly rev: number;
}

export class FakeLiving {
  /** By user and group: places that are hidden, each with the `rev` of its user. */
  hidden: (Own & { readonly seq: number })[] = [];
  cleared: (Own & { readonly seq: number })[] = [];
  stars: (Own & { readonly msgId: number; readonly starred: boolean })[] = [];
  expired: { readonly gid: number; readonly rev: number; readonly range: Range }[] = [];
  scheduled: { readonly id: number; readonly uid: number; readonly gid: number; readonly kind: string; readonly content: string; readonly sendAt: number; readonly clientMsgId: string; readonly mentions: readonly number[] }[] = [];
  /** Who reacted how, the newest first, by message and emoji. */
  private reactions = new Map<number, Map<string, readonly number[]>>();
  /** Who has listened, the newest first, by message. */
  private openings = new Map<number, readonly number[]>();
  private edits = new Map<number, { readonly clientMsgId: string; readonly content: string; readonly createdAt: number }[]>();
  /** What was noted while notices are held back. */
  private held: readonly Held[] | null = null;

  constructor(private readonly server: FakeServer) {}

  /** What is kept of it in a backup. */
  copy(): Pick<FakeLiving, "hidden" | "cleared" | "stars" | "expired"> {
    const { hidden, cleared, stars, expired } = this;
    return structuredClone({ hidden, cleared, stars, expired });
  }

  isGone(uid: number, gid: number, seq: number): boolean {
    const own = (each: Own): boolean => each.uid === uid && each.gid === gid;
    return (
      this.hidden.some((each) => own(each) && each.seq === seq) ||
      this.cleared.some((each) => own(each) && each.seq >= seq) ||
      this.expired.some((each) => each.gid === gid && each.range.from <= seq && each.range.to >= seq)
    );
  }

  /** With what it is to one user; without one, as everybody is told. */
  of(message: StoredMessage, uid: number | null): StoredMessage {
    const byEmoji = this.reactions.get(message.id) ?? new Map<string, readonly number[]>();
    const listeners = this.openings.get(message.id) ?? [];
    if (byEmoji.size === 0 && listeners.length === 0) return message;
    const reactions = [...byEmoji].map(([emoji, uids]): NotedReaction => {
      return { emoji, count: uids.length, mine: uid === null ? null : uids.includes(uid), uids: uids.slice(0, 10) };
    });
    const opened = { count: listeners.length, mine: uid === null ? null : listeners.includes(uid), uids: listeners.slice(0, 10) };
    return { ...message, noted: { ...message.noted, ...(reactions.length > 0 && { reactions }), ...(opened.count > 0 && { opened }) } };
  }

  note(group: FakeGroup, uid: number, { event, msgId, content, kind, clientMsgId, mentions = [], mentionAll = false }: Note): Refusal | null {
    const message = group.messages.find((one) => one.id === msgId);
    if (message === undefined || !this.server.visible(uid, group.gid).some(({ id }) => id === msgId)) return NO_SUCH;
    const { noted = {} } = message;
    const isRecalled = noted.recalledAt !== undefined;
    switch (event) {
      case "Edit": {
        const before = this.edits.get(msgId) ?? [];
        if (before.some((each) => each.clientMsgId === clientMsgId)) return null;
        if (message.uid !== uid) return { code: 403, reason: "only its sender edits a message" };
        if (isRecalled) return { code: 403, reason: "this message was recalled" };
        if (message.content === content && message.kind === (kind ?? message.kind)) return null;
        this.edits.set(msgId, [...before, { clientMsgId, content, createdAt: this.server.now() }]);
        const { mentions: _, mentionAll: __, ...rest } = noted;
        const whom = { ...(mentions.length > 0 && { mentions }), ...(mentionAll && { mentionAll: true as const }) };
        this.put(group, { ...message, kind: kind ?? message.kind, content, noted: { ...rest, ...whom, editedAt: this.server.now() } });
        return this.told(group, "Edited", uid, message.seq);
      }
      case "Recall": {
        if (isRecalled) return null;
        if (message.uid !== uid && group.creator !== uid) return { code: 403, reason: "only its sender or an admin recalls a message" };
        this.reactions.delete(msgId);
        this.edits.delete(msgId);
        this.openings.delete(msgId);
        this.put(group, { ...message, kind: "Text", content: "", noted: { recalledAt: this.server.now(), recalledBy: uid } });
        return this.told(group, "Recalled", uid, message.seq);
      }
      case "React":
      case "Unreact": {
        if (isRecalled) return { code: 403, reason: "this message was recalled" };
        const byEmoji = new Map(this.reactions.get(msgId) ?? []);
        const uids = byEmoji.get(content) ?? [];
        if (uids.includes(uid) === (event === "React")) return null;
        if (event === "React") byEmoji.set(content, [uid, ...uids]);
        else if (uids.length === 1) byEmoji.delete(content);
        else byEmoji.set(content, uids.filter((one) => one !== uid));
        this.reactions.set(msgId, byEmoji);
        this.put(group, message);
        return this.told(group, event === "React" ? "Reacted" : "Unreacted", uid, message.seq, content);
      }
      case "Open": {
        if (isRecalled) return { code: 403, reason: "this message was recalled" };
        if (message.kind !== "Audio") return { code: 422, reason: "only a voice message is listened to" };
        const uids = this.openings.get(msgId) ?? [];
        if (message.uid === uid || uids.includes(uid)) return null;
        this.openings.set(msgId, [uid, ...uids]);
        this.put(group, message);
        return this.told(group, "Opened", uid, message.seq);
      }
      case "Pin":
      case "Unpin": {
        if (isRecalled) return { code: 403, reason: "this message was recalled" };
        if ((noted.pinnedAt !== undefined) === (event === "Pin")) return null;
        const { pinnedAt: _, ...rest } = noted;
        this.put(group, { ...message, noted: event === "Pin" ? { ...rest, pinnedAt: this.server.now() } : rest });
        return this.told(group, event === "Pin" ? "Pinned" : "Unpinned", uid, message.seq);
      }
      default:
        return { code: 400, reason: `no such event: ${event}` };
    }
  }

  hide(uid: number, gid: number, msgIds: readonly number[]): boolean {
    const seqs = this.server.visible(uid, gid).filter(({ id }) => msgIds.includes(id)).map(({ seq }) => seq);
    if (seqs.length === 0) return false;
    const rev = this.server.nextOwnRev(uid);
    for (const seq of seqs) this.hidden.push({ uid, gid, rev, seq });
    this.server.pushOwn(uid, "Hidden", gid, { msgIds, seqs: seqs.map((seq) => [seq, seq]) });
    return true;
  }

  clear(uid: number, gid: number, seq: number): void {
    const rev = this.server.nextOwnRev(uid);
    this.cleared.push({ uid, gid, rev, seq: Math.min(seq, this.server.at(gid).messages.length) });
    this.server.pushOwn(uid, "Cleared", gid, { seq });
  }

  star(uid: number, gid: number, msgId: number, starred: boolean): boolean {
    if (!this.server.visible(uid, gid).some(({ id }) => id === msgId)) return false;
    this.stars.push({ uid, gid, rev: this.server.nextOwnRev(uid), msgId, starred });
    this.server.pushOwn(uid, starred ? "Starred" : "Unstarred", gid, { msgId });
    return true;
  }

  starredBy(uid: number): ReadonlySet<number> {
    const ids = new Set<number>();
    for (const { uid: whose, msgId, starred } of this.stars) {
      if (whose !== uid) continue;
      if (starred) ids.add(msgId);
      else ids.delete(msgId);
    }
    return ids;
  }

  expire(gid: number, from: number, to: number): void {
    const group = this.server.at(gid);
    group.rev += 1;
    this.expired.push({ gid, rev: group.rev, range: { from, to } });
    this.server.tellAll(group, "Expired", 0, { seqs: [[from, to]] });
  }

  /** From now on notices of notes are held back, and then told as one for each message. */
  hold(): void {
    this.held ??= [];
  }

  release(): void {
    this.tellHeld(this.held ?? []);
    this.held = null;
  }

  flush(group: FakeGroup): void {
    const held = this.held?.filter((each) => each.group === group) ?? [];
    if (held.length === 0) return;
    this.held = this.held?.filter((each) => each.group !== group) ?? null;
    this.tellHeld(held);
  }

  private tellHeld(held: readonly Held[]): void {
    const last = new Map(held.map((each) => [`${each.group.gid}.${each.seq}`, each]));
    const from = new Map<number, number>();
    for (const { group, rev } of held) from.set(group.gid, Math.min(from.get(group.gid) ?? Infinity, rev));
    for (const { group, kind, uid, seq, emoji, rev } of [...last.values()].sort((a, b) => a.rev - b.rev)) {
      this.tellOf(group, kind, uid, seq, emoji, { rev, fromRev: from.get(group.gid) ?? rev });
      from.set(group.gid, rev + 1);
    }
  }

  editsOf(msgId: number): readonly { readonly kind: string; readonly content: string; readonly createdAt: number }[] {
    return (this.edits.get(msgId) ?? []).map(({ content, createdAt }) => ({ kind: "Text", content, createdAt }));
  }

  private put(group: FakeGroup, message: StoredMessage): void {
    group.rev += 1;
    const { noted, ...plain } = message;
    const isPlain = noted === undefined || Object.keys(noted).length === 0;
    group.messages[message.seq - 1] = { ...plain, rev: group.rev, ...(!isPlain && { noted }) };
  }

  private told(group: FakeGroup, kind: string, uid: number, seq: number, emoji: string | null = null): null {
    if (this.held !== null) this.held = [...this.held, { group, kind, uid, seq, emoji, rev: group.rev }];
    else this.tellOf(group, kind, uid, seq, emoji, { rev: group.rev });
    return null;
  }

  private tellOf(group: FakeGroup, kind: string, uid: number, seq: number, emoji: string | null, revs: { rev: number; fromRev?: number }): void {
    const message = group.messages[seq - 1];
    if (message === undefined) return;
    this.server.tellNote(group, message, kind, uid, { ...revs, ...(emoji !== null && { emoji }) });
  }
}
