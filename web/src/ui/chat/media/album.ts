// How the pictures of an album lie beside each other: in rows as wide as the album, each picture as it is shaped. Pure.

/** In parts of the album's width and height. */
export interface Tile {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface AlbumLayout {
  /** The album's width by its height. */
  readonly ratio: number;
  readonly tiles: readonly Tile[];
}

/** Very high and very wide pictures are cut: the others beside them would be stripes. */
const NARROWEST = 0.6;
const WIDEST = 2;
/** An album is not higher than this, in widths. */
const TALLEST = 1.3;
/** More in a row are stripes. */
const MOST_IN_ROW = 4;
/** How high albums of 1, 2, 3, 4 and more pictures look well, in widths. */
const IDEAL = [1, 0.6, 0.95, 1, 1.1] as const;

/** `ratios` are widths by heights, in the order in which the pictures were sent. */
export function layOut(ratios: readonly number[]): AlbumLayout {
  const shapes = ratios.map((ratio) => Math.min(WIDEST, Math.max(NARROWEST, ratio)));
  const rows = bestRows(shapes);
  const heights = rows.map((row) => heightOf(row));
  const whole = heights.reduce((sum, height) => sum + height, 0);
  const shrink = Math.min(1, TALLEST / whole);
  const tiles: Tile[] = [];
  let top = 0;
  for (const [at, row] of rows.entries()) {
    const height = (heights[at] ?? 0) / whole;
    const sum = row.reduce((all, ratio) => all + ratio, 0);
    let left = 0;
    for (const ratio of row) {
      const width = ratio / sum;
      tiles.push({ left, top, width, height });
      left += width;
    }
    top += height;
  }
  return { ratio: 1 / (whole * shrink), tiles };
}

/** How high a row is that is 1 wide. */
function heightOf(row: readonly number[]): number {
  return 1 / row.reduce((sum, ratio) => sum + ratio, 0);
}

/** Of all ways to break the pictures into rows (at most 512) the one that looks best. */
function bestRows(shapes: readonly number[]): readonly (readonly number[])[] {
  let best: readonly (readonly number[])[] = [shapes];
  let least = Infinity;
  const gaps = Math.max(0, shapes.length - 1);
  for (let breaks = 0; breaks < 1 << gaps; breaks++) {
    const rows: number[][] = [[]];
    for (const [at, ratio] of shapes.entries()) {
      rows.at(-1)?.push(ratio);
      if (at < gaps && (breaks >> at) & 1) rows.push([]);
    }
    const cost = costOf(rows, shapes.length);
    if (cost >= least) continue;
    least = cost;
    best = rows;
  }
  return best;
}

/** Far from how high it should be, and rows that are very unlike each other. Of two that are alike, the first rows have fewer. */
function costOf(rows: readonly (readonly number[])[], count: number): number {
  const heights = rows.map(heightOf);
  const whole = heights.reduce((sum, height) => sum + height, 0);
  const ideal = IDEAL[Math.min(count, IDEAL.length) - 1] ?? 1;
  const mean = whole / rows.length;
  const unlike = heights.reduce((sum, height) => sum + (height - mean) ** 2, 0);
  const falling = rows.filter((row, at) => row.length > (rows[at + 1]?.length ?? Infinity)).length;
  const crowded = rows.reduce((sum, { length }) => sum + Math.max(0, length - MOST_IN_ROW) ** 2, 0);
  return (whole - ideal) ** 2 + unlike + falling / 100 + crowded / 50;
}
