// How long to wait before the next try.

const FIRST_MS = 500;
const LAST_MS = 30_000;

/** Pauses that double, each cut by chance to between half and all of it, so that clients do not return in step. */
export class Backoff {
  private full = FIRST_MS;

  constructor(
    private readonly random: () => number,
    private readonly first = FIRST_MS,
    private readonly last = LAST_MS,
  ) {
    this.full = first;
  }

  next(): number {
    const pause = this.full * (0.5 + this.random() / 2);
    this.full = Math.min(this.full * 2, this.last);
    return Math.round(pause);
  }

  reset(): void {
    this.full = this.first;
  }

  /** From now on the longest pauses: what went wrong will not mend itself. */
  exhaust(): void {
    this.full = this.last;
  }
}

/** The delay that a server going away asks for; null where the reason names none. */
export function askedDelay(reason: string): number | null {
  const found = /^reconnect in (\d{1,7}) ms$/.exec(reason);
  return found?.[1] === undefined ? null : Number(found[1]);
}
