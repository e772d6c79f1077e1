// What the user wants and the server is to learn: messages to send, drafts, how far they have read. And the
// sending of the messages, in order, until each is stored or refused.

import { Backoff } from "./backoff";
import type { Ports } from "./ports";
import { type Draft, type Intents, type Mark, type Pending, type Snapshot, bySending } from "./storage";
import { AGAIN, type Incoming, type Outgoing, type StoredMessage } from "./wire";
import type { SentMsg } from "./wire.gen";

/** The intents of all tabs, as far as this one was told. */
export class Intended {
  private readonly entries = new Map<string, Pending>();
  private readonly draftsByGid = new Map<number, Draft>();
  private readonly marksByGid = new Map<number, Mark>();
  private lastOrder = 0;

  get drafts(): ReadonlyMap<number, Draft> {
    return this.draftsByGid;
  }

  get marks(): ReadonlyMap<number, Mark> {
    return this.marksByGid;
  }

  load({ intents }: Snapshot): void {
    for (const map of [this.entries, this.draftsByGid, this.marksByGid]) map.clear();
    this.apply(intents);
  }

  apply({ pending, settled, drafts, marks }: Intents): void {
    for (const entry of pending ?? []) {
      this.entries.set(entry.clientMsgId, entry);
      this.lastOrder = Math.max(this.lastOrder, entry.order);
    }
    for (const id of settled ?? []) this.entries.delete(id);
    for (const draft of drafts ?? []) this.draftsByGid.set(draft.gid, draft);
    for (const mark of marks ?? []) {
      // Another tab may be behind.
      if (mark.seq > (this.marksByGid.get(mark.gid)?.seq ?? -1)) this.marksByGid.set(mark.gid, mark);
    }
  }

  /** The messages that they are on are of a store that is gone. */
  forgetMarks(): void {
    this.marksByGid.clear();
  }

  /** For a message that is sent after all that are known. */
  nextOrder(): number {
    return ++this.lastOrder;
  }

  entry(clientMsgId: string): Pending | undefined {
    return this.entries.get(clientMsgId);
  }

  /** In the order of sending. */
  outbox(gid?: number): readonly Pending[] {
    const all = [...this.entries.values()];
    return (gid === undefined ? all : all.filter((entry) => entry.gid === gid)).sort(bySending);
  }

  /** Which entries these messages are, once stored. */
  settledBy(uid: number, messages: readonly StoredMessage[]): readonly string[] {
    if (this.entries.size === 0) return [];
    const own = messages.filter((message) => {
      return message.uid === uid && this.entries.get(message.clientMsgId)?.gid === message.gid;
    });
    return own.map((message) => message.clientMsgId);
  }
}

export interface OutboxEvents {
  /** Whether the server has the store that it was written for. */
  mayGo(entry: Pending): boolean;
  send(frame: Outgoing): void;
  changed(intents: Intents): void;
  /** Asks the server what was missed. */
  sync(): Promise<boolean>;
  /** The connection is not logged in any more. */
  loginLost(): void;
}

/** As the reasons of the server are. */
export const UNANSWERED = "the server did not answer this message";

/** How long a stored message may take to arrive before it is asked for. */
const ECHO_MS = 1_500;
/** A connection that ends at a message this often will end at it the next time, too. */
const BLAMES = 3;
/** A server that fails this often at one message will go on failing at it. */
const FAULTS = 3;

/** Sends what waits. Only the leader has one. */
export class Outbox {
  private connected = false;
  private readonly inFlight = new Set<string>();
  private readonly faults = new Map<string, number>();
  /** How many connections have ended at a message. While there is such a one, each is sent alone: so the next end has one cause. */
  private readonly blames = new Map<string, number>();
  private readonly backoff: Backoff;
  private resume: (() => void) | null = null;
  private echo: (() => void) | null = null;

  constructor(
    private readonly ports: Ports,
    private readonly uid: number,
    private readonly intents: Intended,
    private readonly events: OutboxEvents,
  ) {
    this.backoff = new Backoff(ports.random, 1_000);
  }

  /** Logged in on a new connection: what was not answered on the last one is sent again. */
  up(): void {
    this.down();
    this.connected = true;
    this.flush();
    if (this.intents.outbox().some((entry) => entry.state.is === "acked")) this.awaitEcho();
  }

  down(): void {
    this.connected = false;
    this.inFlight.clear();
    this.resume?.();
    this.resume = null;
    this.echo?.();
    this.echo = null;
  }

  flush(): void {
    if (!this.connected || this.resume !== null) return;
    for (const id of this.blames.keys()) if (this.intents.entry(id)?.state.is !== "waiting") this.blames.delete(id);
    for (const entry of this.intents.outbox()) {
      const { clientMsgId, gid, kind, content, extras = {}, state } = entry;
      if (state.is !== "waiting" || this.inFlight.has(clientMsgId) || !this.events.mayGo(entry)) continue;
      if (this.blames.size > 0 && this.inFlight.size > 0) return;
      this.inFlight.add(clientMsgId);
      // No client makes a message that was merged of others.
      this.events.send({ event: "Msg", uid: this.uid, gid, kind: kind as SentMsg["kind"], content, clientMsgId, extras });
    }
  }

  /** Whether the frame answered one of these messages. */
  answered(frame: Incoming): boolean {
    if (frame.is !== "ack" && frame.is !== "error") return false;
    if (!this.inFlight.delete(frame.clientMsgId)) return false;
    const alone = this.blames.size > 0;
    this.blames.delete(frame.clientMsgId);
    const entry = this.intents.entry(frame.clientMsgId);
    // Without an entry the message itself was faster, or the user took it back.
    if (frame.is === "ack") {
      this.backoff.reset();
      if (entry !== undefined) this.acked(entry);
    } else if (entry !== undefined) {
      this.refused(entry, frame.code, frame.reason);
    }
    if (alone) this.flush();
    return true;
  }

  /** The connection ended at a frame, which may have been a message. */
  blame(clientMsgId: string): void {
    const entry = this.intents.entry(clientMsgId);
    if (entry?.state.is !== "waiting") return;
    const blames = (this.blames.get(clientMsgId) ?? 0) + 1;
    this.blames.set(clientMsgId, blames);
    if (blames >= BLAMES) this.fail(entry, UNANSWERED);
  }

  private acked(entry: Pending): void {
    this.faults.delete(entry.clientMsgId);
    this.events.changed({ pending: [{ ...entry, state: { is: "acked" } }] });
    this.awaitEcho();
  }

  private refused(entry: Pending, code: number, reason: string): void {
    const faults = (this.faults.get(entry.clientMsgId) ?? 0) + (code === 500 ? 1 : 0);
    this.faults.set(entry.clientMsgId, faults);
    if (code === 401) {
      this.events.loginLost();
    } else if (AGAIN.has(code) || (code === 500 && faults < FAULTS)) {
      // Later messages wait, too, so that they do not overtake this one. Where it is not known whether it was stored (504),
      // the same name finds that out.
      this.resume ??= this.ports.after(this.backoff.next(), () => {
        this.resume = null;
        this.flush();
      });
    } else {
      this.fail(entry, reason);
    }
  }

  private fail(entry: Pending, reason: string): void {
    this.faults.delete(entry.clientMsgId);
    this.blames.delete(entry.clientMsgId);
    this.events.changed({ pending: [{ ...entry, state: { is: "failed", reason } }] });
  }

  /**
   * A stored message follows its Ack, or came before it. Sent a second time it may do neither: then a sync
   * brings it, unless so much was missed that it lies in the part left to history. It is stored either way.
   */
  private awaitEcho(): void {
    this.echo ??= this.ports.after(ECHO_MS, () => {
      this.echo = null;
      const acked = this.acknowledged();
      if (acked.length > 0) void this.settle(acked);
    });
  }

  private async settle(acked: readonly string[]): Promise<void> {
    const synced = await this.events.sync();
    const left = acked.filter((id) => this.intents.entry(id)?.state.is === "acked");
    if (left.length === 0) return;
    if (synced) this.events.changed({ settled: left });
    else if (this.connected) this.awaitEcho();
  }

  private acknowledged(): readonly string[] {
    const acked = this.intents.outbox().filter((entry) => entry.state.is === "acked");
    return acked.map((entry) => entry.clientMsgId);
  }
}
