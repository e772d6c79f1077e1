// What a person wants done with messages: kept until the server has it, shown at once, folded over what the server said.

import { attachedIn, saysTheSame } from "./attached";
import type { Change, Deed as Name, Extras, Message, MessageKind, Reaction, SentKind } from "./contract";
import { type Sight, without } from "./sight";
import type { StoredMessage } from "./wire";
import type { StoreState } from "./wire.gen";

/** A message, by its key; `id` and `seq` are null while it is not known to be stored. */
export interface Target {
  readonly key: string;
  readonly id: number | null;
  readonly seq: number | null;
}

export type Deed =
  | { readonly is: "edit"; readonly kind: SentKind; readonly content: string; readonly mentions: readonly number[]; readonly mentionAll: boolean }
  | { readonly is: "recall" | "pin" | "unpin" | "star" | "unstar" | "hide" | "open" }
  | { readonly is: "react" | "unreact"; readonly emoji: string }
  | { readonly is: "clear"; readonly seq: number }
  | { readonly is: "forward"; readonly to: readonly number[]; readonly merged: boolean; readonly withoutOrigin: boolean }
  | { readonly is: "schedule"; readonly kind: SentKind; readonly content: string; readonly sendAt: number; readonly extras: Extras };

/** Something that one has asked for and the server is not known to have done. */
export interface Act {
  /** Also its `clientMsgId`. */
  readonly id: string;
  readonly gid: number;
  /** Counted together with messages: the order of sending. */
  readonly order: number;
  /** Unix milliseconds by the clock of this device. */
  readonly at: number;
  readonly on: readonly Target[];
  readonly deed: Deed;
  readonly state:
    | { readonly is: "waiting" }
    /** The server has done it; what that changed comes. */
    | { readonly is: "acked" }
    | { readonly is: "failed"; readonly reason: string };
  /** Its numbers mean nothing in another. */
  readonly store: StoreState | null;
}

/** What a message of one's own said that one has recalled: it may be written again for a while. */
export interface Rewritten {
  readonly gid: number;
  readonly key: string;
  /** Unix milliseconds by the clock of this device. */
  readonly at: number;
  /** Null: not any more. */
  readonly words: { readonly kind: SentKind; readonly content: string; readonly replyTo: number | null; readonly mentions: readonly number[]; readonly mentionAll: boolean } | null;
}

/** Whether two spellings are of one emoji: the server stores it as Unicode spells it in full. */
export function isSameEmoji(one: string, other: string): boolean {
  return one === other || one.replace(SELECTORS, "") === other.replace(SELECTORS, "");
}

/** These say how it is drawn. */
const SELECTORS = /[\ufe0e\ufe0f]/gu;

/** So long one's own recalled words are kept on the device. */
export const REWRITE_MS = 10 * 60_000;

/** One of two acts that are about the same thing holds: the later. Null: each holds. */
export function subject({ gid, on, deed }: Act): string | null {
  const key = on[0]?.key ?? "";
  switch (deed.is) {
    case "react":
    case "unreact":
      return `react ${gid} ${key} ${deed.emoji.replace(SELECTORS, "")}`;
    case "pin":
    case "unpin":
      return `pin ${gid} ${key}`;
    case "star":
    case "unstar":
      return `star ${gid} ${key}`;
    case "edit":
    case "recall":
    case "open":
      return `${deed.is} ${gid} ${key}`;
    case "clear":
      return `clear ${gid}`;
    default:
      return null;
  }
}

/** Whether the later act makes the earlier one needless. */
export function supersedes(later: Act, earlier: Act): boolean {
  const same = subject(later);
  if (same !== null && same === subject(earlier)) return true;
  if (later.deed.is !== "recall" || later.gid !== earlier.gid || later.on[0]?.key !== earlier.on[0]?.key) return false;
  return ["edit", "react", "unreact", "pin", "unpin"].includes(earlier.deed.is);
}

/** Whether what the server says of the message is what the act wanted. */
export function isDoneOn(message: StoredMessage, { deed }: Act): boolean {
  const { content, kind, noted = {} } = message;
  switch (deed.is) {
    case "edit":
      return noted.recalledAt !== undefined || (saysWhat(deed, kind, content) && same(noted.mentions ?? [], deed.mentions));
    case "recall":
      return noted.recalledAt !== undefined;
    case "react":
      return noted.reactions?.some(({ emoji, mine }) => isSameEmoji(emoji, deed.emoji) && mine === true) === true;
    case "unreact":
      return noted.reactions?.every(({ emoji, mine }) => !isSameEmoji(emoji, deed.emoji) || mine === false) !== false;
    case "pin":
      return noted.pinnedAt !== undefined;
    case "unpin":
      return noted.pinnedAt === undefined;
    case "open":
      return noted.recalledAt !== undefined || noted.opened?.mine === true;
    default:
      return false;
  }
}

/** Of what has a file the server says most by itself. */
function saysWhat(deed: Deed & { is: "edit" }, kind: MessageKind, content: string): boolean {
  if (attachedIn(kind, content) !== null) return saysTheSame(content, deed.content);
  return content === deed.content && kind === deed.kind;
}

function same(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every((each) => other.includes(each));
}

/** The message as it is once these are done, in their order. */
export function folded(message: Message, acts: readonly Act[], me: number, now: number): Message {
  let shown = message;
  let change: Change | null = null;
  for (const act of acts) {
    const { id, deed, state } = act;
    // Nobody waits for this, nor minds where it comes to nothing.
    if (deed.is === "open") {
      if (shown.recalled === null) shown = { ...shown, heard: heardBy(shown.heard, me) };
      continue;
    }
    if (state.is === "failed") {
      change = { is: "failed", what: deed.is, reason: state.reason, id, content: deed.is === "edit" ? deed.content : null };
      continue;
    }
    if (change?.is !== "failed") change = { is: "waiting", what: deed.is };
    if (shown.recalled === null || !OF_WHAT_IS_SAID.has(deed.is)) shown = { ...shown, ...wanted(shown, deed, me, now) };
  }
  return change === null ? shown : { ...shown, change };
}

/** These change nothing of a message that is recalled. */
const OF_WHAT_IS_SAID: ReadonlySet<Name> = new Set(["edit", "recall", "react", "unreact", "pin", "unpin"]);

function wanted(message: Message, deed: Exclude<Deed, { is: "open" }>, me: number, now: number): Partial<Message> {
  switch (deed.is) {
    case "edit": {
      const { kind, content, mentions, mentionAll } = deed;
      // What is not sent yet was never anything else.
      return { kind, content, mentions, mentionAll, ...(message.id !== null && { editedAt: message.editedAt ?? now }) };
    }
    case "recall":
      return { ...message, content: "", kind: "Text", reactions: [], pinnedAt: null, recalled: { by: me, at: now, again: null } };
    case "react":
      return { reactions: reacted(message.reactions, deed.emoji, me) };
    case "unreact":
      return { reactions: unreacted(message.reactions, deed.emoji, me) };
    case "pin":
      return { pinnedAt: message.pinnedAt ?? now };
    case "unpin":
      return { pinnedAt: null };
    case "star":
    case "unstar":
      return { starred: deed.is === "star" };
    default:
      return {};
  }
}

function heardBy(heard: Message["heard"], me: number): Message["heard"] {
  if (heard === null) return { count: 1, mine: true, uids: [me] };
  return heard.mine ? heard : { count: heard.count + 1, mine: true, uids: [me, ...heard.uids].slice(0, 10) };
}

function reacted(reactions: readonly Reaction[], emoji: string, me: number): readonly Reaction[] {
  const old = reactions.find((each) => isSameEmoji(each.emoji, emoji));
  if (old === undefined) return [...reactions, { emoji, count: 1, mine: true, uids: [me] }];
  if (old.mine) return reactions;
  const more = { emoji: old.emoji, count: old.count + 1, mine: true, uids: [me, ...old.uids].slice(0, 10) };
  return reactions.map((each) => (each === old ? more : each));
}

function unreacted(reactions: readonly Reaction[], emoji: string, me: number): readonly Reaction[] {
  return reactions.flatMap((each) => {
    if (!isSameEmoji(each.emoji, emoji) || !each.mine) return [each];
    const count = each.count - 1;
    return count === 0 ? [] : [{ emoji: each.emoji, count, mine: false, uids: each.uids.filter((uid) => uid !== me) }];
  });
}

/** What is seen once these are done. */
export function sightAfter(sight: Sight, acts: readonly Act[]): Sight {
  let after = sight;
  for (const { deed, state, on } of acts) {
    if (state.is === "failed") continue;
    if (deed.is === "clear") after = without(after, deed.seq, []);
    if (deed.is === "hide") after = without(after, 0, on.flatMap(({ seq }) => (seq === null ? [] : [{ from: seq, to: seq }])));
  }
  return after;
}

/** Whether it is asked for over REST. */
export function isOverRest({ deed }: Act): boolean {
  return ["star", "unstar", "hide", "clear", "forward", "schedule"].includes(deed.is);
}
