// One connection, from opening to its end: logs in, notices silence, and says what its end means.

import { askedDelay } from "./backoff";
import type { Ports, Wire } from "./ports";
import { type Incoming, type Outgoing, WireError, decodeFrame, encodeFrame } from "./wire";

/** What to do after a connection. */
export type End =
  | { readonly next: "retry"; readonly asked: number | null; readonly slowly: boolean }
  | { readonly next: "out"; readonly why: "revoked" | "disabled" };

export interface ConnectionEvents {
  /** Logged in: from here on the server tells of every change. */
  ready(): void;
  /** The computer slept, or its clock was set: what is known of the time may be wrong. */
  timeJumped(): void;
  frame(frame: Incoming): void;
  /** Called once; nothing else follows. */
  ended(end: End): void;
}

const TICK_MS = 5_000;
/** No clock is slewed by more than that between two looks. */
const JUMP_MS = 2_000;
/** The opening handshake and Login together. */
const LOGIN_MS = 15_000;
/** After so long without a word from the server it is asked for one. */
const SILENCE_MS = 25_000;
/** How long it may take to answer that; shorter where there is reason to doubt the connection. */
const PATIENCE_MS = 10_000;
const DOUBT_MS = 4_000;

export class Connection {
  private readonly wire: Wire;
  private state: "opening" | "ready" | "ended" = "opening";
  private heardAt: number;
  private tickedAt: number;
  /** How far the device's clock is ahead of what has elapsed: what moves it is a sleep, or somebody who sets the clock. */
  private ahead: number;
  private answerBy: number | null;
  private untick: () => void;
  private readonly loginId: string;

  constructor(
    private readonly ports: Ports,
    private readonly who: { readonly uid: number; readonly token: string },
    private readonly events: ConnectionEvents,
  ) {
    const now = ports.elapsed();
    this.heardAt = now;
    this.tickedAt = now;
    this.ahead = ports.now() - now;
    this.answerBy = now + LOGIN_MS;
    this.loginId = ports.uuid();
    this.untick = ports.after(TICK_MS, () => this.tick());
    this.wire = ports.connect({
      opened: () => this.opened(),
      heard: (text) => this.heard(text),
      closed: (code, reason) => this.end(meaning(code, reason)),
    });
  }

  /** Does nothing where the connection is not ready: whoever sends asks again on the next one. */
  send(frame: Outgoing): void {
    if (this.state === "ready") this.wire.send(encodeFrame(frame));
  }

  /** Asks whether the server is still there: the network changed, or the computer slept. */
  probe(): void {
    if (this.state === "ready" && this.answerBy === null) this.heart(DOUBT_MS);
  }

  /** Closes it without a word to `events`. */
  drop(): void {
    if (this.state === "ended") return;
    this.state = "ended";
    this.untick();
    this.wire.close();
  }

  private opened(): void {
    if (this.state !== "opening") return;
    const { uid, token } = this.who;
    this.wire.send(encodeFrame({ event: "Login", uid, token, clientMsgId: this.loginId }));
  }

  private heard(text: string): void {
    if (this.state === "ended") return;
    this.heardAt = this.ports.elapsed();
    if (this.state === "ready") this.answerBy = null;
    let frame: Incoming;
    try {
      frame = decodeFrame(text);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      // Something was said that is not understood; a new connection and a sync do not depend on it.
      this.end({ next: "retry", asked: null, slowly: true });
      return;
    }
    if (this.state === "opening") this.loginAnswered(frame);
    else this.events.frame(frame);
  }

  private loginAnswered(frame: Incoming): void {
    if (frame.is === "ack" && frame.clientMsgId === this.loginId) {
      this.state = "ready";
      this.answerBy = null;
      this.events.ready();
    } else if (frame.is === "error" && frame.clientMsgId === this.loginId) {
      // The token will not do the next time either; a busy server will.
      const hopeless = frame.code === 401 || frame.code === 403;
      this.end(
        hopeless ? { next: "out", why: "revoked" } : { next: "retry", asked: null, slowly: frame.code === 429 },
      );
    } else {
      // Bound before the Ack: the sync that follows brings it again.
    }
  }

  private tick(): void {
    if (this.state === "ended") return;
    const now = this.ports.elapsed();
    const ahead = this.ports.now() - now;
    const jumped = Math.abs(ahead - this.ahead) > JUMP_MS;
    // A clock that counts while the computer sleeps tells of it as well as one that does not.
    const slept = jumped || now - this.tickedAt > 3 * TICK_MS;
    this.tickedAt = now;
    this.ahead = ahead;
    this.untick = this.ports.after(TICK_MS, () => this.tick());
    if (slept && this.state === "ready") {
      // The answer may wait in the queue behind this very timer: so ask anew instead of judging.
      this.heart(DOUBT_MS);
      if (jumped) this.events.timeJumped();
    } else if (this.answerBy !== null && now >= this.answerBy) {
      this.end({ next: "retry", asked: null, slowly: false });
    } else if (this.answerBy === null && now - this.heardAt >= SILENCE_MS) {
      this.heart(PATIENCE_MS);
    }
  }

  private heart(patience: number): void {
    this.answerBy = this.ports.elapsed() + patience;
    this.untick();
    this.untick = this.ports.after(Math.min(patience, TICK_MS), () => this.tick());
    this.wire.send(encodeFrame({ event: "Heart", clientMsgId: this.ports.uuid() }));
  }

  private end(end: End): void {
    if (this.state === "ended") return;
    this.drop();
    this.events.ended(end);
  }
}

/** What a close code asks of the client. */
export function meaning(code: number, reason: string): End {
  switch (code) {
    case 4501:
      return { next: "out", why: "revoked" };
    case 4503:
      return { next: "out", why: "disabled" };
    // The same frames would end the next connection, too; and a server that says "too fast" means it.
    case 1002:
    case 1007:
    case 1009:
    case 4029:
      return { next: "retry", asked: null, slowly: true };
    default:
      if (code >= 4500 && code <= 4999) return { next: "out", why: "revoked" };
      return { next: "retry", asked: askedDelay(reason), slowly: false };
  }
}
