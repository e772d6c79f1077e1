// Where the rows of a long log are: heights as measured, or as guessed until they are. Pure; VirtualLog draws by it.

interface Keyed {
  readonly key: string;
}

/** What does not move. */
export type Anchor =
  | { readonly at: "bottom" }
  /** Where one comes in: the landmark, if there is one, else the bottom. */
  | { readonly at: "arrival" }
  /** `place` is the row's in the order of all rows, for when it is gone; `delta` is how far its top is below the view's. */
  | { readonly at: "row"; readonly key: string; readonly place: number; readonly delta: number };

export type RowAnchor = Extract<Anchor, { at: "row" }>;

export interface Held {
  readonly top: number;
  /** What holds the view there, which is never more vague than what was asked for. */
  readonly anchor: Anchor;
}

/** Rows that say where one is, and are no place to hold on to. */
export interface Landmark {
  readonly key: string;
  /** Whether it must stay in sight at the bottom, too: nobody looks at what pushes it out. */
  readonly holds: boolean;
}

/** How far below the view's top a landmark stands, so that what is above it is seen, too. */
const LANDMARK_PX = 72;
const BOTTOM: Anchor = { at: "bottom" };

export class Layout<Row extends Keyed> {
  rows: readonly Row[] = [];
  #sizes: number[] = [];
  /** `#offsets[i]` is the top of row i; right up to and including `#clean`. */
  #offsets = new Float64Array(1);
  #clean = 0;
  readonly #measured = new Map<string, number>();
  readonly #guess: (row: Row) => number;
  /** A row's place in the order of all rows, ascending; null where the row may be somewhere else the next time. */
  readonly #placeOf: (row: Row) => number | null;
  /** Where the row that was held last is, most probably. */
  #near = 0;

  constructor(guess: (row: Row) => number, placeOf: (row: Row) => number | null) {
    this.#guess = guess;
    this.#placeOf = placeOf;
  }

  /** Takes new rows. What is the same at the beginning costs nothing, and little at the end. */
  setRows(rows: readonly Row[]): void {
    const old = this.rows;
    if (old === rows) return;
    const most = Math.min(old.length, rows.length);
    let same = 0;
    while (same < most && old[same] === rows[same]) same++;
    let after = 0;
    while (after < most - same && old[old.length - 1 - after] === rows[rows.length - 1 - after]) after++;
    const sizes = rows
      .slice(same, rows.length - after)
      .map((row) => this.#measured.get(row.key) ?? this.#guess(row));
    if (old.length === rows.length) for (const [at, size] of sizes.entries()) this.#sizes[same + at] = size;
    else this.#sizes = this.#sizes.slice(0, same).concat(sizes, this.#sizes.slice(old.length - after));
    this.rows = rows;
    if (this.#offsets.length < rows.length + 1) {
      const grown = new Float64Array(Math.ceil((rows.length + 1) * 1.5));
      grown.set(this.#offsets.subarray(0, this.#clean + 1));
      this.#offsets = grown;
    }
    this.#clean = Math.min(this.#clean, same);
  }

  /** Notes how high a row really is; true if that is news. */
  measure(index: number, size: number): boolean {
    const row = this.rows[index];
    const known = this.#sizes[index];
    if (row === undefined || known === undefined) return false;
    this.#measured.set(row.key, size);
    if (Math.abs(known - size) < 0.25) return false;
    this.#sizes[index] = size;
    this.#clean = Math.min(this.#clean, index);
    return true;
  }

  /** Forgets what was measured: the width has changed. */
  forget(): void {
    this.#measured.clear();
  }

  /** The top of a row; of the one after the last, the whole height. */
  offset(index: number): number {
    const wanted = Math.min(Math.max(index, 0), this.rows.length);
    for (let at = this.#clean; at < wanted; at++) {
      this.#offsets[at + 1] = (this.#offsets[at] ?? 0) + (this.#sizes[at] ?? 0);
    }
    this.#clean = Math.max(this.#clean, wanted);
    return this.#offsets[wanted] ?? 0;
  }

  get total(): number {
    return this.offset(this.rows.length);
  }

  /** The row at a height: the last whose top is not below it. */
  indexAt(y: number): number {
    const total = this.total;
    if (y <= 0 || this.rows.length === 0) return 0;
    if (y >= total) return this.rows.length - 1;
    let low = 0;
    let high = this.rows.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#offsets[middle] ?? 0) <= y) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** What to hold on to where the view's top is at a height: the first row there that has a place. */
  anchorAt(y: number): RowAnchor | null {
    return this.#anchorFrom(this.indexAt(y), y);
  }

  /** What holds a row in the middle of a view, or its beginning near the top if it is high. */
  anchorIn(key: string, height: number): RowAnchor | null {
    const index = this.rows.findIndex((row) => row.key === key);
    const row = this.rows[index];
    if (row === undefined) return null;
    const delta = Math.max(LANDMARK_PX, (height - (this.#sizes[index] ?? 0)) / 2);
    return { at: "row", key, place: this.#placeOf(row) ?? Infinity, delta };
  }

  /** Where a view of this height stands. An anchor that is gone means where one comes in, never the top. */
  hold(anchor: Anchor, height: number, landmark: Landmark | null): Held {
    const lowest = Math.max(0, this.total - height);
    if (anchor.at === "row") {
      const index = this.#find(anchor);
      const row = index === null ? undefined : this.rows[index];
      if (index !== null && row !== undefined) {
        this.#near = index;
        const top = Math.min(lowest, Math.max(0, this.offset(index) - anchor.delta));
        return { top, anchor: row.key === anchor.key ? anchor : { ...anchor, key: row.key } };
      }
    }
    const arriving = anchor.at !== "bottom";
    if (landmark !== null && (arriving || landmark.holds)) {
      const index = this.rows.findIndex((row) => row.key === landmark.key);
      const top = Math.max(0, this.offset(index) - LANDMARK_PX);
      const held = index >= 0 && top < lowest ? this.#anchorFrom(index, top) : null;
      if (held !== null) return { top, anchor: held };
    }
    return { top: lowest, anchor: BOTTOM };
  }

  #anchorFrom(index: number, y: number): RowAnchor | null {
    for (let at = index; at < this.rows.length; at++) {
      const row = this.rows[at];
      const place = row === undefined ? null : this.#placeOf(row);
      if (row !== undefined && place !== null) return { at: "row", key: row.key, place, delta: this.offset(at) - y };
    }
    return null;
  }

  /** The row, or the last one before its place; null where there is none of these any more. */
  #find({ key, place }: RowAnchor): number | null {
    if (this.rows[this.#near]?.key === key) return this.#near;
    const index = this.rows.findIndex((row) => row.key === key);
    if (index >= 0) return index;
    const before = this.rows.findLastIndex((row) => {
      const its = this.#placeOf(row);
      return its !== null && its <= place;
    });
    return before >= 0 ? before : null;
  }
}
