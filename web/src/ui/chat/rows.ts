// From messages to the rows of the log: days, the divider, and which bubbles belong together. Pure.

import { attachedIn } from "../../engine/attached";
import type { Happening, Message, MessageState } from "../../engine/contract";
import { joinsOnto } from "./happened";
import { ALBUM_MOST } from "./media/box";

export type LogRow =
  | { readonly kind: "top"; readonly key: "top" }
  | { readonly kind: "day"; readonly key: string; readonly at: number }
  | { readonly kind: "divider"; readonly key: "divider" }
  /** What happened right after each other and is told in one line. */
  | { readonly kind: "happened"; readonly key: string; readonly line: readonly Happening[] }
  | {
      readonly kind: "message";
      readonly key: string;
      /** Of an album, its first. */
      readonly message: Message;
      /** Pictures that were sent together and are shown as one, in order; null: it is a message of its own. */
      readonly album: readonly Message[] | null;
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
  let kept = same ? Math.max(0, samePrefix(before.messages, messages) - 1) : 0;
  // Of an album all or nothing.
  while (kept > 0 && before !== null && before.starts[kept] === before.starts[kept - 1]) kept--;
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
    const newDay: boolean = previousAt === null || !sameDay(previousAt, message.at);
    previousAt = message.at;
    const divided = isDivided(previous, message, dividerSeq, complete);
    const apart = newDay || divided || between;
    const row = rows.at(-1);
    const album = !apart && row?.kind === "message" && previous !== undefined ? albumWith(row, previous, message) : null;
    starts.push(album === null ? rows.length : (starts.at(-1) ?? 0));
    if (newDay) rows.push({ kind: "day", key: `day:${message.key}`, at: message.at });
    if (divided) rows.push(DIVIDER);
    const first = apart || previous === undefined || !belongTogether(previous, message);
    const last =
      next === undefined ||
      (happenings[told]?.seq ?? Infinity) < (next.seq ?? Infinity) ||
      !belongTogether(message, next) ||
      isDivided(message, next, dividerSeq, complete);
    const meta = last || !saySame(message, next);
    if (album !== null && row?.kind === "message") rows[rows.length - 1] = { ...row, album, last, meta };
    else rows.push({ kind: "message", key: message.key, message, album: null, first, last, meta });
  }
  tell(Infinity, true);
  return { rows, starts, messages, happenings, dividerSeq, complete };
}

/** The rows of the same messages, some of which have changed in what they say; null where they are others, or elsewhere. */
function renewedIn(before: Rows, messages: readonly Message[]): Rows | null {
  if (before.messages.length !== messages.length || messages.length === 0) return null;
  const rows = [...before.rows];
  const renew = (at: number): void => {
    const start = before.starts[at] ?? Infinity;
    let index = start;
    while (index < rows.length && rows[index]?.kind !== "message") index++;
    const row = rows[index];
    let from = at;
    while (from > 0 && before.starts[from - 1] === start) from--;
    const message = messages[from];
    if (row?.kind !== "message" || message === undefined) return;
    const end = from + (row.album?.length ?? 1);
    const album = row.album === null ? null : messages.slice(from, end);
    const [final, next] = [messages[end - 1] ?? message, messages[end]];
    const meta = row.last || next === undefined || !saySame(final, next);
    if (album !== null || message !== row.message || meta !== row.meta) rows[index] = { ...row, message, album, meta };
  };
  let changed = false;
  for (let at = 0; at < messages.length; at++) {
    const old = before.messages[at];
    const message = messages[at];
    if (old === message) continue;
    if (old === undefined || message === undefined || old.key !== message.key || old.uid !== message.uid || old.at !== message.at || old.seq !== message.seq)
      return null;
    if (albumOf(old) !== albumOf(message)) return null;
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

/** The row's album with one message more; null where that is none of it. */
function albumWith({ message: head, album }: LogRow & { kind: "message" }, previous: Message, message: Message): readonly Message[] | null {
  const name = albumOf(message);
  if (name === null || name !== albumOf(previous) || !belongTogether(previous, message)) return null;
  if (message.replyTo !== head.replyTo && message.replyTo !== null) return null;
  if (message.forwarded?.uid !== head.forwarded?.uid) return null;
  const members = album ?? [head];
  return members.length < ALBUM_MOST ? [...members, message] : null;
}

const albums = new WeakMap<Message, string | null>();

/** The album that a picture or film was sent in; null where there is none, and where it has something to say of itself. */
function albumOf(message: Message): string | null {
  const { kind, content, recalled, state, change } = message;
  // Most messages: nothing is looked up for them.
  if ((kind !== "Image" && kind !== "Video") || !content.includes('"album"')) return null;
  if (recalled !== null || state.is === "failed" || change?.is === "failed") return null;
  const known = albums.get(message);
  if (known !== undefined) return known;
  const album = attachedIn(kind, content)?.album ?? null;
  albums.set(message, album);
  return album;
}

/** The key of the row that a message is in. */
export function rowKeyOf(rows: readonly LogRow[], key: string): string | null {
  return rows.find((row) => row.kind === "message" && (row.key === key || row.album?.some((each) => each.key === key) === true))?.key ?? null;
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
