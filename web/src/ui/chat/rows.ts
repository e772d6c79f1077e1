// From messages to the rows of the log: days, the divider, and which bubbles belong together. Pure.

import type { Happening, Message, MessageState } from "../../engine/contract";
import { joinsOnto } from "./happened";

export type LogRow =
  | { readonly kind: "top"; readonly key: "top" }
  | { readonly kind: "day"; readonly key: string; readonly at: number }
  | { readonly kind: "divider"; readonly key: "divider" }
  /** What happened right after each other and is told in one line. */
  | { readonly kind: "happened"; readonly key: string; readonly line: readonly Happening[] }
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
  readonly happenings: readonly Happening[];
  readonly dividerSeq: number | null;
  /** Whether `messages` are all there are, upwards. */
  readonly complete: boolean;
}

const NOTHING: readonly Happening[] = [];
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
  happenings: readonly Happening[] = NOTHING,
): Rows {
  const same = before !== null && before.dividerSeq === dividerSeq && before.complete === complete && before.happenings === happenings;
  const renewed = same ? renewedIn(before, messages) : null;
  if (renewed !== null) return renewed;
  // The last one that is the same may have got a follower, so it is made again.
  const kept = same ? Math.max(0, samePrefix(before.messages, messages) - 1) : 0;
  const rows = kept > 0 && before !== null ? before.rows.slice(0, before.starts[kept]) : [TOP];
  const starts = kept > 0 && before !== null ? before.starts.slice(0, kept) : [];

  // What happened before the first message is shown where that is the first of all.
  let told = 0;
  const firstSeq = complete ? 0 : (messages[0]?.seq ?? 0);
  while (told < happenings.length && (happenings[told]?.seq ?? 0) < firstSeq) told++;
  let previousAt: number | null = null;
  const tell = (belowSeq: number, show: boolean): boolean => {
    const from = told;
    let line: Happening[] = [];
    for (let next = happenings[told]; next !== undefined && next.seq < belowSeq; next = happenings[told]) {
      told++;
      if (!show) {
        previousAt = next.at;
        continue;
      }
      const newDay = previousAt === null || !sameDay(previousAt, next.at);
      if (newDay) rows.push({ kind: "day", key: `day:happened:${next.rev}`, at: next.at });
      previousAt = next.at;
      if (!newDay && joinsOnto(line, next)) {
        line = [...line, next];
        rows[rows.length - 1] = { kind: "happened", key: `happened:${line[0]?.rev}`, line };
      } else {
        line = [next];
        rows.push({ kind: "happened", key: `happened:${next.rev}`, line });
      }
    }
    return told > from;
  };
  // With the rows that are kept are those of what happened up to the next message.
  let keptBetween = false;
  if (kept > 0) {
    tell(messages[kept - 1]?.seq ?? Infinity, false);
    previousAt = messages[kept - 1]?.at ?? null;
    keptBetween = tell(messages[kept]?.seq ?? Infinity, false);
  }

  for (let at = kept; at < messages.length; at++) {
    const message = messages[at];
    if (message === undefined) break;
    const previous = messages[at - 1];
    const next = messages[at + 1];
    const between = at === kept && kept > 0 ? keptBetween : tell(message.seq ?? Infinity, true);
    starts.push(rows.length);
    const newDay: boolean = previousAt === null || !sameDay(previousAt, message.at);
    previousAt = message.at;
    if (newDay) rows.push({ kind: "day", key: `day:${message.key}`, at: message.at });
    const divided = isDivided(previous, message, dividerSeq, complete);
    if (divided) rows.push(DIVIDER);
    const first = newDay || divided || between || previous === undefined || !belongTogether(previous, message);
    const last =
      next === undefined ||
      (happenings[told]?.seq ?? Infinity) < (next.seq ?? Infinity) ||
      !belongTogether(message, next) ||
      isDivided(message, next, dividerSeq, complete);
    rows.push({ kind: "message", key: message.key, message, first, last, meta: last || !saySame(message, next) });
  }
  tell(Infinity, true);
  return { rows, starts, messages, happenings, dividerSeq, complete };
}

/** The rows of the same messages, some of which have changed in what they say; null where they are others, or elsewhere. */
function renewedIn(before: Rows, messages: readonly Message[]): Rows | null {
  if (before.messages.length !== messages.length || messages.length === 0) return null;
  const rows = [...before.rows];
  const renew = (at: number): void => {
    let index = before.starts[at] ?? Infinity;
    while (index < rows.length && rows[index]?.kind !== "message") index++;
    const row = rows[index];
    const [message, next] = [messages[at], messages[at + 1]];
    if (row?.kind !== "message" || message === undefined) return;
    const meta = row.last || next === undefined || !saySame(message, next);
    if (message !== row.message || meta !== row.meta) rows[index] = { ...row, message, meta };
  };
  let changed = false;
  for (let at = 0; at < messages.length; at++) {
    const old = before.messages[at];
    const message = messages[at];
    if (old === message) continue;
    if (old === undefined || message === undefined || old.key !== message.key || old.uid !== message.uid || old.at !== message.at || old.seq !== message.seq)
      return null;
    changed = true;
    renew(at - 1);
    renew(at);
  }
  return changed ? { ...before, rows, messages } : before;
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
  return !isMarked(a) && Math.floor(a.at / MINUTE_MS) === Math.floor(b.at / MINUTE_MS) && sameState(a.state, b.state);
}

/** Whether something stands beside its time. */
function isMarked({ editedAt, pinnedAt, starred, expiresAt, recalled }: Message): boolean {
  return editedAt !== null || pinnedAt !== null || starred || expiresAt !== null || recalled !== null;
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
