// One connection, from opening to its end: logs in, notices silence, and says what its end means.

import { askedDelay } from "./backoff";
import type { Ports, Wire } from "./ports";
import { WireError } from "./shape";
import { type Incoming, type Outgoing, decodeFrame, encodeFrame } from "./wire";
import type { StoreState } from "./wire.gen";

/** What to do after a connection. */
export type End =
  /** `blamed` is the frame, by its `clientMsgId`, at which it ended, most probably: the next connection would, too. */
  | {
      readonly next: "retry";
      readonly asked: number | null;
      readonly slowly: boolean;
      readonly blamed: string | null;
    }
  | { readonly next: "out"; readonly why: "revoked" | "disabled" };

export interface ConnectionEvents {
  /** Logged in: from here on the server tells of every change. */
  ready(store: StoreState | null): void;
  /** The computer slept, or its clock was set: what is known of the time may be wrong. */
  timeJumped(): void;
  frame(frame: Incoming): void;
  /** Called once; nothing else follows. */
  ended(end: End): void;
}

const TICK_MS = 5_000;
/** A frame that is not answered by then is not going to be, whatever else the server says. */
const ANSWER_MS = 30_000;
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
  /** What was sent, oldest first: the server answers in the order of the frames. */
  private unanswered: { readonly id: string; readonly sentAt: number }[] = [];

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
      closed: (code, reason) => this.end(meaning(code, reason, this.unanswered[0]?.id ?? null)),
    });
  }

  /** Does nothing where the connection is not ready: whoever sends asks again on the next one. */
  send(frame: Outgoing): void {
    if (this.state === "ready") this.say(frame);
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
    this.say({ event: "Login", uid, token, clientMsgId: this.loginId });
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
      this.end({ next: "retry", asked: null, slowly: true, blamed: null });
      return;
    }
    const named = this.answer(frame);
    if (named === null) return;
    if (this.state === "opening") this.loginAnswered(named);
    else this.events.frame(named);
  }

  private say(frame: Outgoing): void {
    this.unanswered.push({ id: frame.clientMsgId, sentAt: this.ports.elapsed() });
    this.wire.send(encodeFrame(frame));
  }

  /** The frame with the name of what it answers; null where the connection ended at it. */
  private answer(frame: Incoming): Incoming | null {
    if (frame.is !== "ack" && frame.is !== "error") return frame;
    const oldest = this.unanswered[0];
    if (oldest === undefined) return frame;
    if (frame.clientMsgId === oldest.id || frame.clientMsgId === "") {
      // Where the server could not read a name, the answer is the oldest frame's all the same.
      this.unanswered.shift();
      return { ...frame, clientMsgId: oldest.id };
    }
    if (this.unanswered.every(({ id }) => id !== frame.clientMsgId)) return frame;
    // What was passed over will never be answered.
    this.end({ next: "retry", asked: null, slowly: false, blamed: oldest.id });
    return null;
  }

  private loginAnswered(frame: Incoming): void {
    if (frame.is === "ack" && frame.clientMsgId === this.loginId) {
      this.state = "ready";
      this.answerBy = null;
      this.events.ready(frame.store);
    } else if (frame.is === "error" && frame.clientMsgId === this.loginId) {
      // The token will not do the next time either; a busy server will.
      const hopeless = frame.code === 401 || frame.code === 403;
      this.end(
        hopeless
          ? { next: "out", why: "revoked" }
          : { next: "retry", asked: null, slowly: frame.code === 429, blamed: null },
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
      this.end({ next: "retry", asked: null, slowly: false, blamed: null });
    } else if (now - (this.unanswered[0]?.sentAt ?? now) >= ANSWER_MS) {
      this.end({ next: "retry", asked: null, slowly: false, blamed: this.unanswered[0]?.id ?? null });
    } else if (this.answerBy === null && now - this.heardAt >= SILENCE_MS) {
      this.heart(PATIENCE_MS);
    }
  }

  private heart(patience: number): void {
    this.answerBy = this.ports.elapsed() + patience;
    this.untick();
    this.untick = this.ports.after(Math.min(patience, TICK_MS), () => this.tick());
    this.say({ event: "Heart", clientMsgId: this.ports.uuid() });
  }

  private end(end: End): void {
    if (this.state === "ended") return;
    this.drop();
    this.events.ended(end);
  }
}

/** What a close code asks of the client; `oldest` is the frame that waits for its answer longest. */
export function meaning(code: number, reason: string, oldest: string | null): End {
  switch (code) {
    case 4501:
      return { next: "out", why: "revoked" };
    case 4503:
      return { next: "out", why: "disabled" };
    // The same frames would end the next connection, too; and a server that says "too fast" means it.
    case 1002:
    case 1007:
    case 1009:
      return { next: "retry", asked: null, slowly: true, blamed: oldest };
    case 4029:
      return { next: "retry", asked: null, slowly: true, blamed: null };
    default:
      if (code >= 4500 && code <= 4999) return { next: "out", why: "revoked" };
      return { next: "retry", asked: askedDelay(reason), slowly: false, blamed: null };
  }
}
