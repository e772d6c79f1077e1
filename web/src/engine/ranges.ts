// Which places of a chat are at hand: lists of ranges, ascending and apart.

import type { Range } from "./storage";

/** The end of the newest range: every message up to here is at hand, but for what lies in holes. */
export function top(covered: readonly Range[]): number {
  return covered.at(-1)?.to ?? 0;
}

/** The first place above the newest hole. */
export function bottom(covered: readonly Range[]): number {
  return covered.at(-1)?.from ?? 1;
}

/** Moves the end of the newest range, never back. */
export function raised(covered: readonly Range[], to: number): readonly Range[] {
  const last = covered.at(-1) ?? { from: 1, to: 0 };
  if (covered.length > 0 && to <= last.to) return covered;
  return [...covered.slice(0, -1), { from: last.from, to: Math.max(last.to, to) }];
}

/** Leaves a hole below `from`, unless everything up to there is at hand. */
export function skipped(covered: readonly Range[], from: number): readonly Range[] {
  if (from <= top(covered) + 1) return covered;
  return [...covered.filter((range) => range.to >= range.from), { from, to: from - 1 }];
}

/** With `more` at hand, too; ranges that touch become one. The newest stays the newest. */
export function filled(covered: readonly Range[], more: Range): readonly Range[] {
  const sorted = [...covered, more].sort((a, b) => a.from - b.from || a.to - b.to);
  const joined: Range[] = [];
  for (const range of sorted) {
    const last = joined.at(-1);
    if (last !== undefined && range.from <= last.to + 1) {
      joined[joined.length - 1] = { from: last.from, to: Math.max(last.to, range.to) };
    } else {
      joined.push(range);
    }
  }
  return joined;
}
