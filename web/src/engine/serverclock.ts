// The server's clock, as far as this device was told. Messages carry its times, so "today" and the times of what is being
// sent go by it; a device whose own clock is an hour off shows the same as any other.

import { Cell } from "./live";
import type { Ports } from "./ports";

const NAME = "rim.clock";
/** Less than that nobody sees, and the network makes up. */
const SLACK_MS = 1_500;

export class ServerClock {
  /** How far the server is ahead of this device, in milliseconds. */
  readonly ahead: Cell<number>;

  constructor(private readonly ports: Ports) {
    const kept = Number(ports.notes.get(NAME));
    this.ahead = new Cell(Number.isSafeInteger(kept) ? kept : 0);
  }

  /** The server's time came with an answer that took so long. */
  told(serverNow: number, tookMs: number): void {
    const ahead = Math.round(serverNow + tookMs / 2 - this.ports.now());
    const slack = SLACK_MS + tookMs / 2;
    const next = Math.abs(ahead) <= slack ? 0 : ahead;
    if (Math.abs(next - this.ahead.get()) > slack) this.set(next);
  }

  /** Another tab was told. */
  set(ahead: number): void {
    if (ahead === this.ahead.get()) return;
    this.ports.notes.set(NAME, ahead === 0 ? null : `${ahead}`);
    this.ahead.set(ahead);
  }
}
