// Where the rows of a long log are: heights as measured, or as guessed until they are. Pure; VirtualLog draws by it.

interface Keyed {
  readonly key: string;
}

export class Layout<Row extends Keyed> {
  rows: readonly Row[] = [];
  #sizes: number[] = [];
  /** `#offsets[i]` is the top of row i; right up to and including `#clean`. */
  #offsets = new Float64Array(1);
  #clean = 0;
  readonly #measured = new Map<string, number>();
  readonly #guess: (row: Row) => number;

  constructor(guess: (row: Row) => number) {
    this.#guess = guess;
  }

  /** Takes new rows. What is the same at the beginning costs nothing. */
  setRows(rows: readonly Row[]): void {
    const old = this.rows;
    if (old === rows) return;
    const most = Math.min(old.length, rows.length);
    let same = 0;
    while (same < most && old[same] === rows[same]) same++;
    const sizes = this.#sizes.slice(0, same);
    for (let at = same; at < rows.length; at++) {
      const row = rows[at];
      if (row !== undefined) sizes.push(this.#measured.get(row.key) ?? this.#guess(row));
    }
    this.rows = rows;
    this.#sizes = sizes;
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

  indexOf(key: string, near: number): number {
    if (this.rows[near]?.key === key) return near;
    return this.rows.findIndex((row) => row.key === key);
  }
}
