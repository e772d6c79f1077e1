// What is about to be sent, in its order: how it is moved, and which messages become of it. Pure.

import type { Attachment } from "../../../engine/contract";

/** So many pictures and films are shown as one. */
const ALBUM = 10;

/** The same in another order: the one at `from` stands at `to`. */
export function moved<T>(all: readonly T[], from: number, to: number): readonly T[] {
  const one = all[from];
  if (one === undefined) return all;
  const rest = all.toSpliced(from, 1);
  return rest.toSpliced(Math.max(0, Math.min(rest.length, to)), 0, one);
}

export interface Batch {
  readonly items: readonly Attachment[];
  /** Whether they are shown as one. */
  readonly album: boolean;
}

/** Pictures and films that follow each other become albums, as even as they can be; all else stands alone. */
export function batchesOf(items: readonly Attachment[]): readonly Batch[] {
  const runs: Attachment[][] = [];
  for (const item of items) {
    const last = runs.at(-1);
    const before = last?.at(-1);
    if (last !== undefined && before !== undefined && isSeen(before) && isSeen(item)) last.push(item);
    else runs.push([item]);
  }
  return runs.flatMap((run) => evenly(run).map((part) => ({ items: part, album: part.length > 1 })));
}

function isSeen({ kind }: Attachment): boolean {
  return kind === "Image" || kind === "Video";
}

/** Eleven are six and five, not ten and one. */
function evenly<T>(run: readonly T[]): readonly (readonly T[])[] {
  const parts = Math.ceil(run.length / ALBUM);
  return Array.from({ length: parts }, (_, at) => run.slice(Math.ceil((run.length * at) / parts), Math.ceil((run.length * (at + 1)) / parts)));
}
