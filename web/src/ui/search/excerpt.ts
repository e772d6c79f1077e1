// Some words of a message around what was found in it. Pure: what stands out is known by its place, never looked for again.

import { plainly } from "../../i18n/direction";
import { plainText, treeOf } from "../chat/markup";

export interface Piece {
  readonly text: string;
  readonly found: boolean;
}

type Ranges = readonly (readonly [from: number, to: number])[];

/** So many letters are shown. */
const LONGEST = 160;
/** And so many of them before the first that was found. */
const BEFORE = 36;
/** So far on, the next letters of the words are looked for in their source: the fewer, the less far. */
const AHEAD = [
  { letters: 6, far: 400 },
  { letters: 3, far: 100 },
  { letters: 1, far: 8 },
];

/** On one line: `joint` stands where there were several. */
export function excerptOf(text: string, ranges: Ranges, joint = " "): readonly Piece[] {
  const first = ranges[0]?.[0] ?? 0;
  const from = first <= BEFORE ? 0 : wordAt(text, first - BEFORE, first);
  const to = Math.min(text.length, whole(text, from + LONGEST));
  const pieces: Piece[] = [];
  const add = (start: number, end: number, found: boolean): void => {
    const words = plainly(text.slice(start, end).replaceAll("\n", joint).replace(/\s/g, " "));
    if (words !== "") pieces.push({ text: words, found });
  };
  if (from > 0) pieces.push({ text: "…", found: false });
  let at = from;
  for (const [start, end] of ranges) {
    if (start < at || start >= to) continue;
    add(at, start, false);
    add(start, Math.min(end, to), true);
    at = Math.min(end, to);
  }
  add(at, to, false);
  if (to < text.length) pieces.push({ text: "…", found: false });
  return pieces;
}

/** The first beginning of a word from a place on, before another; there, where there is none. */
function wordAt(text: string, from: number, to: number): number {
  const blank = text.slice(from, to).search(/\s\S/);
  return blank >= 0 ? from + blank + 1 : whole(text, from);
}

/** The place, or the one behind it where it is inside of a character. */
function whole(text: string, at: number): number {
  return /[\udc00-\udfff]/.test(text.charAt(at)) ? at + 1 : at;
}

/** Of what was written with marks the words without them, and where in these the ranges are. */
export function withoutMarks(source: string, ranges: Ranges): { readonly text: string; readonly ranges: Ranges } {
  const text = plainText(treeOf("RichText", source));
  const placeOf = placesOf(source, text);
  const found = ranges.flatMap(([from, to]) => {
    const places = Array.from({ length: to - from }, (_, by) => placeOf.get(from + by)).filter((place) => place !== undefined);
    const [first, last] = [places[0], places.at(-1)];
    return first === undefined || last === undefined ? [] : [[first, last + 1] as const];
  });
  return { text, ranges: found };
}

/**
 * Where the letters of a source stand in what is shown of it: in the same order, with marks between them that are not shown. Some
 * signs there are ours and not in the source.
 */
export function placesOf(source: string, shown: string): ReadonlyMap<number, number> {
  const placeOf = new Map<number, number>();
  for (let at = 0, there = 0; at < shown.length && there < source.length; at++) {
    if (shown[at] !== source[there]) {
      const next = aheadIn(source, there, shown, at);
      if (next < 0) continue;
      there += next;
    }
    placeOf.set(there, at);
    there += 1;
  }
  return placeOf;
}

/** How far on in a source the words go on; less than 0: they do not. */
function aheadIn(source: string, there: number, text: string, at: number): number {
  for (const { letters, far } of AHEAD) {
    const next = source.slice(there, there + far).indexOf(text.slice(at, at + letters));
    if (next >= 0) return next;
  }
  return -1;
}
