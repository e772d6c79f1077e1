// Which places of a chat are gone from the user's own view: cleared, hidden or expired. What is gone stays gone.

import { filled } from "./ranges";
import type { Range, SightRecord } from "./storage";

export type Sight = Pick<SightRecord, "clearedSeq" | "gone">;

export const ALL_SEEN: Sight = { clearedSeq: 0, gone: [] };

export function sees({ clearedSeq, gone }: Sight, seq: number): boolean {
  return seq > clearedSeq && !isIn(gone, seq);
}

/** With more of it gone; the same where nothing is new. */
export function without(sight: Sight, clearedSeq: number, ranges: readonly Range[]): Sight {
  const cleared = Math.max(sight.clearedSeq, clearedSeq);
  const news = ranges.filter(({ from, to }) => to > cleared && !covers(sight.gone, from, to));
  if (cleared === sight.clearedSeq && news.length === 0) return sight;
  let gone = sight.gone.filter(({ to }) => to > cleared);
  for (const range of news) gone = filled(gone, range) as Range[];
  return { clearedSeq: cleared, gone };
}

/** How many places above `after`, up to `to`, are seen. */
export function seenBetween(sight: Sight, after: number, to: number): number {
  const from = Math.max(after, sight.clearedSeq);
  let count = Math.max(0, to - from);
  for (let at = firstEndingAt(sight.gone, from + 1); at < sight.gone.length; at++) {
    const range = sight.gone[at];
    if (range === undefined || range.from > to) break;
    count -= Math.min(range.to, to) - Math.max(range.from, from + 1) + 1;
  }
  return Math.max(0, count);
}

/** The highest place with so many seen places above it, up to `to`. */
export function placeBelow(sight: Sight, to: number, count: number): number {
  let place = to;
  let left = count;
  for (let at = sight.gone.length - 1; at >= 0 && left > 0; at--) {
    const range = sight.gone[at];
    if (range === undefined || range.from > place) continue;
    const above = Math.max(0, place - range.to);
    if (above >= left) break;
    left -= above;
    place = range.from - 1;
  }
  return Math.max(0, place - left);
}

function isIn(ranges: readonly Range[], seq: number): boolean {
  const range = ranges[firstEndingAt(ranges, seq)];
  return range !== undefined && range.from <= seq;
}

function covers(ranges: readonly Range[], from: number, to: number): boolean {
  const range = ranges[firstEndingAt(ranges, from)];
  return range !== undefined && range.from <= from && range.to >= to;
}

/** The first range that ends at `seq` or above it, by halving. */
function firstEndingAt(ranges: readonly Range[], seq: number): number {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ranges[middle]?.to ?? 0) < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}
