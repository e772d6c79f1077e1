// From messages to the rows of the log: days, the divider, and which bubbles belong together. Pure.

import type { Message, MessageState } from "../../engine/contract";

export type LogRow =
  | { readonly kind: "top"; readonly key: "top" }
  | { readonly kind: "day"; readonly key: string; readonly at: number }
  | { readonly kind: "divider"; readonly key: "divider" }
  | {
      readonly kind: "message";
      readonly key: string;
      readonly message: Message;
      /** The first and the last of a group of bubbles of one sender. */
      readonly first: boolean;
      readonly last: boolean;
      /** Whether time and state are shown: not where the next bubble of the group says the same. */
      readonly meta: boolean;
    };

export interface Rows {
  readonly rows: readonly LogRow[];
  /** For each message, where its rows begin: its day, the divider, itself. */
  readonly starts: readonly number[];
  readonly messages: readonly Message[];
  readonly dividerSeq: number | null;
  /** Whether `messages` are all there are, upwards. */
  readonly complete: boolean;
}

const GROUP_GAP_MS = 5 * 60_000;
const MINUTE_MS = 60_000;
const TOP: LogRow = { kind: "top", key: "top" };
const DIVIDER: LogRow = { kind: "divider", key: "divider" };

/** Builds the rows anew, but for those that `before` has already: an arriving message costs the same in any chat. */
export function buildRows(
  messages: readonly Message[],
  dividerSeq: number | null,
  complete: boolean,
  before: Rows | null,
): Rows {
  const kept =
    before !== null && before.dividerSeq === dividerSeq && before.complete === complete
      ? // The last one that is the same may have got a follower, so it is made again.
        Math.max(0, samePrefix(before.messages, messages) - 1)
      : 0;
  if (before !== null && kept > 0 && kept === messages.length) return before;
  const rows = kept > 0 && before !== null ? before.rows.slice(0, before.starts[kept]) : [TOP];
  const starts = kept > 0 && before !== null ? before.starts.slice(0, kept) : [];

  for (let at = kept; at < messages.length; at++) {
    const message = messages[at];
    if (message === undefined) break;
    const previous = messages[at - 1];
    const next = messages[at + 1];
    starts.push(rows.length);
    const newDay = previous === undefined || !sameDay(previous.at, message.at);
    if (newDay) rows.push({ kind: "day", key: `day:${message.key}`, at: message.at });
    const divided = isDivided(previous, message, dividerSeq, complete);
    if (divided) rows.push(DIVIDER);
    const first = newDay || divided || !belongTogether(previous, message);
    const last =
      next === undefined || !belongTogether(message, next) || isDivided(message, next, dividerSeq, complete);
    rows.push({ kind: "message", key: message.key, message, first, last, meta: last || !saySame(message, next) });
  }
  return { rows, starts, messages, dividerSeq, complete };
}

function samePrefix(a: readonly Message[], b: readonly Message[]): number {
  const most = Math.min(a.length, b.length);
  let at = 0;
  while (at < most && a[at] === b[at]) at++;
  return at;
}

/** Whether the divider stands between the two. Above the first loaded message only if that is really the one. */
function isDivided(
  previous: Message | undefined,
  message: Message,
  dividerSeq: number | null,
  complete: boolean,
): boolean {
  if (dividerSeq === null || message.seq === null || message.seq < dividerSeq) return false;
  if (previous === undefined) return complete || message.seq === dividerSeq;
  return previous.seq !== null && previous.seq < dividerSeq;
}

function belongTogether(a: Message, b: Message): boolean {
  return a.uid === b.uid && b.at - a.at < GROUP_GAP_MS && sameDay(a.at, b.at);
}

function saySame(a: Message, b: Message): boolean {
  return Math.floor(a.at / MINUTE_MS) === Math.floor(b.at / MINUTE_MS) && sameState(a.state, b.state);
}

function sameState(a: MessageState, b: MessageState): boolean {
  if (a.is === "failed" || b.is === "failed") return false;
  if (a.is === "read" && b.is === "read") return a.by === b.by;
  return a.is === b.is;
}

function sameDay(a: number, b: number): boolean {
  // Most are minutes apart: the cheap answer first.
  if (a === b) return true;
  return new Date(a).setHours(0, 0, 0, 0) === new Date(b).setHours(0, 0, 0, 0);
}
