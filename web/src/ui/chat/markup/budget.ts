// How much work a text may be. Parsing is linear by construction; this is what holds it to that.

/** Deeper than this nobody reads: quotes and lists beyond are the text that they are. */
export const DEEPEST_BLOCK = 10;
/** Marks in marks in marks. A text that has more is shown as it was written. */
export const DEEPEST_INLINE = 24;
/** Elements that a message may become. */
const MOST_NODES = 6000;
const STEPS_PER_LETTER = 64;
const STEPS_AT_LEAST = 2000;

/** Thrown where a text is more work than it may be. */
export class TooMuch extends Error {}

export class Budget {
  readonly #most: number;
  #steps = 0;
  #nodes = 0;

  constructor(length: number) {
    this.#most = STEPS_AT_LEAST + STEPS_PER_LETTER * length;
  }

  /** A step is a letter that was looked at, or the like. */
  get steps(): number {
    return this.#steps;
  }

  spend(steps = 1): void {
    this.#steps += steps;
    if (this.#steps > this.#most) throw new TooMuch();
  }

  node(): void {
    this.#steps += 1;
    if (++this.#nodes > MOST_NODES) throw new TooMuch();
  }
}
