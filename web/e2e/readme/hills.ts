// Pictures of hills, drawn point by point: few colours, so that the pictures of the README stay small.

import { pngOf } from "../support/files";

type Colour = readonly [number, number, number];

export interface Hills {
  readonly width: number;
  readonly height: number;
  /** From above to the horizon. */
  readonly sky: readonly [Colour, Colour];
  /** From the farthest to the nearest. */
  readonly ridges: readonly Colour[];
  /** Where the sun stands, in parts of the picture. */
  readonly sun: readonly [number, number];
  /** Another row of hills for each. */
  readonly at: number;
}

const SUN: Colour = [255, 244, 214];

export function hills({ width, height, sky: [above, below], ridges, sun, at }: Hills): Buffer {
  const edges = ridges.map((_, ridge) =>
    Array.from({ length: width }, (_, x) => {
      const along = (x / width) * 6 + at * 2.7 + ridge * 1.9;
      const up = Math.sin(along) * 0.5 + Math.sin(along * 2.3 + 1) * 0.3 + Math.sin(along * 5.1) * 0.1;
      return height * (0.42 + (ridge * 0.5) / ridges.length - up * 0.13);
    }),
  );
  const rows = Array.from({ length: height }, (_, y) => {
    const row = Buffer.alloc(1 + 3 * width);
    const part = Math.round((y / height) * 12) / 12;
    const air = above.map((from, channel) => from + ((below[channel] ?? 0) - from) * part);
    for (let x = 0; x < width; x++) {
      const nearest = ridges.findLastIndex((_, ridge) => y > (edges[ridge]?.[x] ?? height));
      const isSun = Math.hypot(x - sun[0] * width, y - sun[1] * height) < width * 0.06;
      row.set(ridges[nearest] ?? (isSun ? SUN : air), 1 + 3 * x);
    }
    return row;
  });
  return pngOf(width, height, rows);
}

const MORNING = [[126, 178, 221], [250, 222, 190]] as const;
const NOON = [[86, 160, 230], [214, 236, 250]] as const;
const EVENING = [[92, 78, 140], [250, 160, 110]] as const;

/** What the walk of last year was like: beside each other, so that there is room for words, too. */
export const WALK: readonly Buffer[] = [
  hills({ width: 800, height: 960, sky: MORNING, ridges: [[150, 178, 196], [96, 138, 142], [52, 98, 84]], sun: [0.66, 0.24], at: 0 }),
  hills({ width: 800, height: 840, sky: NOON, ridges: [[136, 170, 150], [86, 140, 90], [44, 96, 60]], sun: [0.3, 0.16], at: 1 }),
  hills({ width: 800, height: 960, sky: EVENING, ridges: [[150, 96, 128], [96, 62, 104], [50, 38, 76]], sun: [0.55, 0.36], at: 2 }),
];
