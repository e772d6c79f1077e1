// When the views are told: at most so often, and at most half the time goes into drawing. The rest is for what comes.

import type { Ports } from "./ports";

const LEAST_PAUSE_MS = 25;
const MOST_PAUSE_MS = 250;

export class Pacing {
  private toldAt = -LEAST_PAUSE_MS;
  private pauseMs = LEAST_PAUSE_MS;
  private waiting = false;

  constructor(
    private readonly ports: Pick<Ports, "after" | "elapsed" | "frame">,
    private readonly tell: () => void,
  ) {}

  soon(): void {
    if (this.waiting) return;
    this.waiting = true;
    const next = (): void => this.ports.frame(() => this.late());
    const wait = this.toldAt + this.pauseMs - this.ports.elapsed();
    if (wait <= 0) next();
    else this.ports.after(wait, next);
  }

  /** What was to be told soon, unless it was told meanwhile. */
  late(): void {
    if (this.waiting) this.now();
  }

  now(): void {
    this.waiting = false;
    const began = this.ports.elapsed();
    this.toldAt = began;
    this.tell();
    // By then it is drawn.
    this.ports.after(0, () => {
      this.pauseMs = Math.min(Math.max(LEAST_PAUSE_MS, 2 * (this.ports.elapsed() - began)), MOST_PAUSE_MS);
    });
  }
}
