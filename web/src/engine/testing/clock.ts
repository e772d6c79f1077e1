// Time and chance under the hand of a test.

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly act: () => void;
}

export class Clock {
  private time = 1_700_000_000_000;
  private count = 0;
  private timers: Timer[] = [];
  private slept = 0;

  readonly now = (): number => this.time;

  /** What a processor counts, which stands still while it sleeps. */
  readonly elapsed = (): number => this.time - this.slept;

  readonly after = (ms: number, act: () => void): (() => void) => {
    const timer: Timer = { at: this.time + Math.max(0, ms), order: this.count++, act };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  };

  /** Lets everything happen that is due within so much time. */
  async pass(ms: number): Promise<void> {
    const end = this.time + ms;
    await calm();
    for (;;) {
      const next = this.timers.filter((timer) => timer.at <= end).sort(byTime)[0];
      if (next === undefined) break;
      this.timers = this.timers.filter((timer) => timer !== next);
      this.time = Math.max(this.time, next.at);
      next.act();
      await calm();
    }
    this.time = end;
  }

  /** The computer sleeps: time passes and nothing happens; timers are late. */
  sleep(ms: number): void {
    this.time += ms;
    this.slept += ms;
  }
}

/** A generator of chance with a seed (mulberry32). */
export function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function byTime(a: Timer, b: Timer): number {
  return a.at - b.at || a.order - b.order;
}

/** All that was promised has been done. */
function calm(): Promise<void> {
  return new Promise((resolve) => {
    // Node's own, which a browser has not: after everything that is due now.
    const { setImmediate } = globalThis as unknown as { setImmediate(then: () => void): void };
    setImmediate(resolve);
  });
}
