// Single messages as they are drawn: what the server said, with what one wants oneself folded in. What did not change stays
// the same object.

import { type Act, folded } from "./acts";
import type { Message, MessageState, Reaction, Recalled } from "./contract";
import type { Intended } from "./intended";
import type { NotedReaction } from "./noted";
import { PLAIN } from "./plain";
import type { Replica } from "./replica";
import type { Pending } from "./storage";
import { type StoredMessage, keyOf } from "./wire";

/** How far the others are. */
export interface Cursors {
  /** Of each of them, ascending. */
  readonly read: readonly number[];
  /** Of the furthest of them. */
  readonly delivered: number;
}

export const NO_CURSORS: Cursors = { read: [], delivered: 0 };

interface Drawing {
  readonly state: MessageState;
  readonly acts: readonly Act[];
  readonly starred: boolean;
  readonly again: Recalled["again"];
  readonly message: Message;
}

export class Drawn {
  private readonly stored = new WeakMap<StoredMessage, Drawing>();
  private readonly sending = new WeakMap<Pending, { readonly at: number; readonly acts: readonly Act[]; readonly message: Message }>();

  constructor(
    private readonly replica: Replica,
    private readonly intents: Intended,
    /** By the server's clock, as far as it is known. */
    private readonly now: () => number,
  ) {}

  message(message: StoredMessage, cursors: Cursors): Message {
    const { gid, id, uid, clientMsgId } = message;
    const state = uid === this.replica.uid ? stateOf(message.seq, cursors) : STORED;
    const old = this.stored.get(message);
    const key = old?.message.key ?? keyOf(uid, clientMsgId);
    const acts = this.intents.actsOn(gid, key);
    const starred = this.replica.living.isStarred(gid, id);
    const again = uid === this.replica.uid ? (this.intents.words(gid, key)?.words ?? null) : null;
    if (old?.state === state && old.acts === acts && old.starred === starred && old.again === again) return old.message;
    const { kind, content, at, seq } = message;
    const plain: Message = { key, gid, id, uid, kind, content, at, seq, state, ...this.beside(message, starred) };
    const shown = folded(plain, acts, this.replica.uid, this.now());
    const drawn = shown.recalled === null || again === null ? shown : { ...shown, recalled: { ...shown.recalled, again } };
    this.stored.set(message, { state, acts, starred, again, message: drawn });
    return drawn;
  }

  /** It stands below what is stored, and so it is not shown as older than that. Null: it is taken back. */
  pending(entry: Pending, from: number, ahead: number): Message | null {
    const { gid, kind, content, clientMsgId, extras } = entry;
    const { uid } = this.replica;
    const old = this.sending.get(entry);
    const key = old?.message.key ?? keyOf(uid, clientMsgId);
    const acts = this.intents.actsOn(gid, key);
    if (acts.some(({ deed, state }) => deed.is === "recall" && state.is !== "failed")) return null;
    const at = Math.max(from, entry.at + ahead);
    if (old?.at === at && old.acts === acts) return old.message;
    const sent = { key, gid, uid, kind, content, at, state: pendingState(entry), ...PLAIN, ...extras };
    const message = folded({ ...sent, id: null, seq: null }, acts, uid, at);
    this.sending.set(entry, { at, acts, message });
    return message;
  }

  private beside({ noted }: StoredMessage, starred: boolean): typeof PLAIN {
    if (noted === undefined) return starred ? { ...PLAIN, starred } : PLAIN;
    const { replyTo, mentions, mentionAll, forwardedFrom, editedAt, recalledAt, recalledBy, reactions, pinnedAt, expiresAt, opened, links } = noted;
    return {
      ...PLAIN,
      replyTo: replyTo ?? null,
      mentions: mentions ?? PLAIN.mentions,
      mentionAll: mentionAll === true,
      forwarded: forwardedFrom === undefined ? null : { uid: forwardedFrom.uid, name: forwardedFrom.name, at: forwardedFrom.createdAt },
      editedAt: editedAt ?? null,
      recalled: recalledAt === undefined ? null : { by: recalledBy ?? 0, at: recalledAt, again: null },
      reactions: reactions === undefined ? PLAIN.reactions : reactions.map(reaction),
      pinnedAt: pinnedAt ?? null,
      expiresAt: expiresAt ?? null,
      starred,
      links: links === undefined ? PLAIN.links : links,
      heard: opened === undefined ? null : { ...opened, mine: opened.mine === true },
    };
  }
}

function reaction({ emoji, count, mine, uids }: NotedReaction): Reaction {
  return { emoji, count, mine: mine === true, uids };
}

const SENDING: MessageState = { is: "sending" };
const STORED: MessageState = { is: "stored" };
const DELIVERED: MessageState = { is: "delivered" };
const READ_BY: MessageState[] = [];

function stateOf(seq: number, { read, delivered }: Cursors): MessageState {
  // How many have not come so far, by halving.
  let low = 0;
  let high = read.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((read[middle] ?? 0) < seq) low = middle + 1;
    else high = middle;
  }
  const by = read.length - low;
  if (by > 0) return (READ_BY[by] ??= { is: "read", by });
  return delivered >= seq ? DELIVERED : STORED;
}

function pendingState(entry: Pending): MessageState {
  switch (entry.state.is) {
    case "waiting":
      return SENDING;
    case "acked":
      return STORED;
    case "failed":
      return entry.state;
  }
}
