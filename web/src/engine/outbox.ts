// The sending of what the user wants, messages and acts in one order, until each is stored or refused.

import { type Act, isOverRest, supersedes } from "./acts";
import { Backoff } from "./backoff";
import type { Problem } from "./contract";
import type { Intended, Item } from "./intended";
import type { Ports } from "./ports";
import type { Answer } from "./rest";
import type { Intents, Pending } from "./storage";
import { sentContent } from "./unsent";
import { AGAIN, type Incoming, type Outgoing, beside, keyOf } from "./wire";

export interface OutboxEvents {
  /** Whether the server has the store that it was written for. */
  mayGo(item: Item): boolean;
  send(frame: Outgoing): void;
  /** Asks over REST what is not said by the socket. */
  ask(act: Act): Promise<Answer<unknown>>;
  changed(intents: Intents): void;
  /** The files of these are to be sent, in this order, and no others. */
  upload(entries: readonly Pending[]): void;
  /** Asks the server what was missed. */
  sync(): Promise<boolean>;
  /** Asks for the messages that these acts were on, as they are now. */
  look(acts: readonly Act[]): Promise<boolean>;
  /** The connection is not logged in any more. */
  loginLost(): void;
}

/** As the reasons of the server are. */
export const UNANSWERED = "the server did not answer this message";

/** What the server says of a file that it does not have. */
const NO_FILE = "no such file";
/** How long what is stored may take to arrive before it is asked for. */
const ECHO_MS = 1_500;
/** A connection that ends at a message this often will end at it the next time, too. */
const BLAMES = 3;
/** A server that fails this often at one message will go on failing at it. */
const FAULTS = 3;
/** A message that was taken back while it may have been on its way is recalled when it turns up within so long. */
const LINGER_MS = 10 * 60_000;

/** Sends what waits. Only the leader has one. */
export class Outbox {
  private connected = false;
  private readonly inFlight = new Set<string>();
  /** Asked over REST and not answered; that outlives a connection. */
  private readonly asking = new Set<string>();
  /** Sent before, on whatever connection. */
  private readonly tried = new Set<string>();
  private readonly faults = new Map<string, number>();
  /** Whose file has gone from the server already: once more, and it fails. */
  private readonly filesGone = new Set<string>();
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
    // Whoever led before may have sent them.
    for (const { clientMsgId } of intents.outbox()) this.tried.add(clientMsgId);
  }

  /** Logged in on a new connection: what was not answered on the last one is sent again. */
  up(): void {
    this.down();
    this.connected = true;
    this.flush();
    if (this.acknowledged().length > 0 || this.done().length > 0) this.awaitEcho();
  }

  down(): void {
    this.connected = false;
    this.inFlight.clear();
    this.resume?.();
    this.resume = null;
    this.echo?.();
    this.echo = null;
  }

  /** All that the server has is known: what was taken back and has not turned up for long does not. */
  synced(): void {
    const gone = this.intents.acts().filter(({ at, deed, on: [target] }) => {
      return deed.is === "recall" && target?.id === null && this.entryOf(target.key) === undefined && this.ports.now() - at > LINGER_MS;
    });
    if (gone.length > 0) this.events.changed({ settled: gone.map(({ id }) => id) });
  }

  flush(): void {
    if (!this.connected || this.resume !== null) return;
    this.sift();
    for (const id of this.blames.keys()) if (!this.waits(id)) this.blames.delete(id);
    this.upload();
    const lanes = new Lanes();
    for (const item of this.intents.queue()) {
      const id = idOf(item);
      if (!this.waits(id)) continue;
      // It waits for a message that is not stored yet, and nothing waits for it.
      if (item.is === "act" && (!this.isAimed(item.act) || this.isHeld(item.act))) continue;
      if (!this.events.mayGo(item)) continue;
      // What is said behind a file in its chat waits with it; what is done to other messages need not.
      const words = wordsOf(item);
      if ((item.is === "message" && item.entry.unsent?.isDone === false) || words.some((lane) => lanes.isHeld(lane))) {
        lanes.hold(words);
        continue;
      }
      const rest = item.is === "act" && isOverRest(item.act);
      const free = lanes.enter(lanesOf(item), rest);
      if (this.inFlight.has(id) || this.asking.has(id)) continue;
      if (!free) {
        lanes.hold(lanesOf(item));
        continue;
      }
      if (this.blames.size > 0 && this.inFlight.size > 0) return;
      if (item.is === "message") this.sendMessage(item.entry);
      else if (rest) void this.ask(item.act);
      else this.sendAct(item.act);
    }
  }

  private upload(): void {
    const mayGo = (entry: Pending): boolean => entry.state.is === "waiting" && this.events.mayGo({ is: "message", entry });
    this.events.upload(this.intents.outbox().filter((entry) => entry.unsent?.isDone === false && mayGo(entry)));
  }

  /** Whether the frame answered one of these messages. */
  answered(frame: Incoming): boolean {
    if (frame.is !== "ack" && frame.is !== "error") return false;
    const id = frame.clientMsgId;
    if (!this.inFlight.delete(id)) return false;
    const alone = this.blames.size > 0;
    this.blames.delete(id);
    if (frame.is === "ack") {
      this.backoff.reset();
      this.acked(id, frame.serverMsgId);
    } else if (this.waits(id)) {
      this.refused(id, frame.code, frame.reason);
    }
    if (alone || this.intents.acts().length > 0) this.flush();
    return true;
  }

  /** The connection ended at a frame, which may have been a message. */
  blame(clientMsgId: string): void {
    if (!this.waits(clientMsgId)) return;
    const blames = (this.blames.get(clientMsgId) ?? 0) + 1;
    this.blames.set(clientMsgId, blames);
    if (blames >= BLAMES) this.fail(clientMsgId, UNANSWERED);
  }

  /** Drops what need not be sent: what a later act makes needless, and a message that was taken back before it was sent. */
  private sift(): void {
    const acts = this.intents.acts();
    if (acts.length === 0) return;
    const settled = new Set<string>();
    const idle = acts.filter(({ id, state }) => state.is === "waiting" && !this.inFlight.has(id) && !this.asking.has(id));
    for (const act of idle) if (acts.some((later) => this.isOvertaken(act, later))) settled.add(act.id);
    for (const { id, deed, on: [target] } of idle) {
      if (deed.is !== "recall" || target === undefined || target.id !== null) continue;
      const entry = this.entryOf(target.key);
      if (entry === undefined || entry.state.is === "acked" || this.inFlight.has(entry.clientMsgId)) continue;
      settled.add(entry.clientMsgId);
      // Else it may turn up, and is recalled then.
      if (!this.tried.has(entry.clientMsgId)) settled.add(id);
    }
    if (settled.size > 0) this.events.changed({ settled: [...settled] });
  }

  /** Whether a later one has been done, or will be sent, so that this need not be. */
  private isOvertaken(act: Act, later: Act): boolean {
    if (later.order <= act.order || later.state.is === "failed" || !supersedes(later, act)) return false;
    return !this.inFlight.has(later.id) && !this.asking.has(later.id);
  }

  /** Whether a later one is on its way: sent behind it, this would undo it. */
  private isHeld(act: Act): boolean {
    return this.intents.acts(act.gid).some((later) => {
      return later.order > act.order && (this.inFlight.has(later.id) || this.asking.has(later.id)) && supersedes(later, act);
    });
  }

  private isAimed({ on, deed }: Act): boolean {
    // An edit may have gone with the message: the message itself tells, which follows its Ack.
    return on.every(({ id, key }) => id !== null && (deed.is !== "edit" || this.entryOf(key) === undefined));
  }

  /** A message that was edited before it was sent is sent as it was edited. */
  private sendMessage(entry: Pending): void {
    const { clientMsgId, gid, kind: wanted, content: said, extras = {} } = this.intents.asWanted(this.uid, entry) ?? entry;
    this.inFlight.add(clientMsgId);
    this.tried.add(clientMsgId);
    const file = entry.unsent?.file ?? null;
    // What a file is, is for the server to say.
    const { kind, content } = file === null ? { kind: wanted, content: said } : { kind: entry.kind, content: sentContent(entry.kind, said, file) };
    this.events.send({ event: "Msg", uid: this.uid, gid, kind, content, clientMsgId, ...beside(extras) });
  }

  private sendAct(act: Act): void {
    const frame = frameOf(act, this.uid);
    if (frame === null) return;
    this.inFlight.add(act.id);
    this.events.send(frame);
  }

  private async ask(act: Act): Promise<void> {
    const { id } = act;
    this.asking.add(id);
    const answer = await this.events.ask(act);
    this.asking.delete(id);
    if (answer.ok) this.backoff.reset();
    // What it says may have settled it already.
    if (answer.ok && this.waits(id)) this.acked(id, null);
    else if (!answer.ok && this.waits(id)) this.unasked(id, answer.problem);
    this.flush();
  }

  private unasked(id: string, problem: Problem): void {
    switch (problem.is) {
      case "refused":
        this.fail(id, problem.message);
        break;
      case "fault":
        this.refused(id, 500, "system error");
        break;
      case "slow-down":
      case "busy":
        this.pause(problem.seconds * 1_000);
        break;
      default:
        this.pause(0);
    }
  }

  private acked(id: string, serverMsgId: number | null): void {
    this.faults.delete(id);
    const entry = this.intents.entry(id);
    const act = this.intents.act(id);
    // Without either the message itself was faster, or the user took it back.
    if (entry !== undefined) {
      const acts = serverMsgId === null ? [] : this.intents.aimedAt(entry.gid, keyOf(this.uid, id), serverMsgId);
      this.events.changed({ pending: [{ ...entry, state: { is: "acked" } }], ...(acts.length > 0 && { acts }) });
    } else if (act !== undefined) {
      // What REST answers is known at once; what the socket acknowledges comes behind its Ack.
      const needless = this.intents.acts(act.gid).filter((one) => one.order < act.order && one.state.is === "waiting" && supersedes(act, one));
      const settled = needless.map((one) => one.id);
      if (isOverRest(act)) this.events.changed({ settled: [...settled, id] });
      else this.events.changed({ acts: [{ ...act, state: { is: "acked" } }], ...(settled.length > 0 && { settled }) });
    } else if (serverMsgId !== null) {
      this.takenBack(id, serverMsgId);
    }
    this.awaitEcho();
  }

  /** Taken back while it was on its way: it is there now, and can be recalled. */
  private takenBack(clientMsgId: string, serverMsgId: number): void {
    const key = keyOf(this.uid, clientMsgId);
    const acts = this.intents.acts().filter(({ on }) => on.some((target) => target.key === key && target.id === null));
    const aimed = acts.flatMap(({ gid }) => this.intents.aimedAt(gid, key, serverMsgId));
    if (aimed.length > 0) this.events.changed({ acts: aimed });
  }

  private refused(id: string, code: number, reason: string): void {
    const faults = (this.faults.get(id) ?? 0) + (code === 500 ? 1 : 0);
    this.faults.set(id, faults);
    if (code === 401) this.events.loginLost();
    // Later messages wait, too, so that they do not overtake this one. Where it is not known whether it was stored (504),
    // the same name finds that out.
    else if (AGAIN.has(code) || (code === 500 && faults < FAULTS)) this.pause(0);
    else if (reason === NO_FILE && this.sendFileAgain(id)) this.flush();
    else this.fail(id, reason);
  }

  /** It was there, and nobody named it for so long that the server has let it go. */
  private sendFileAgain(id: string): boolean {
    const entry = this.intents.entry(id);
    if (entry?.unsent === undefined || this.filesGone.has(id)) return false;
    this.filesGone.add(id);
    this.events.changed({ pending: [{ ...entry, unsent: { ...entry.unsent, transfer: null, file: null, isDone: false } }] });
    return true;
  }

  private pause(leastMs: number): void {
    this.resume ??= this.ports.after(Math.max(leastMs, this.backoff.next()), () => {
      this.resume = null;
      this.flush();
    });
  }

  private fail(id: string, reason: string): void {
    this.faults.delete(id);
    this.blames.delete(id);
    const state = { is: "failed", reason } as const;
    const entry = this.intents.entry(id);
    const act = this.intents.act(id);
    if (entry !== undefined) this.events.changed({ pending: [{ ...entry, state }] });
    // That one has listened is for others to know; one has done so, whatever becomes of the word.
    if (act?.deed.is === "open") this.events.changed({ settled: [id] });
    else if (act !== undefined) this.events.changed({ acts: [{ ...act, state }] });
  }

  private waits(id: string): boolean {
    return (this.intents.entry(id) ?? this.intents.act(id))?.state.is === "waiting";
  }

  private entryOf(key: string): Pending | undefined {
    const prefix = keyOf(this.uid, "");
    return key.startsWith(prefix) ? this.intents.entry(key.slice(prefix.length)) : undefined;
  }

  /**
   * What is stored follows its Ack, or came before it. Sent a second time it may do neither: then a sync
   * brings it, unless so much was missed that it lies in the part left to history. It is stored either way.
   */
  private awaitEcho(): void {
    this.echo ??= this.ports.after(ECHO_MS, () => {
      this.echo = null;
      const [acked, done] = [this.acknowledged(), this.done()];
      if (acked.length > 0 || done.length > 0) void this.settle(acked, done);
    });
  }

  private async settle(acked: readonly string[], done: readonly Act[]): Promise<void> {
    const synced = await this.events.sync();
    const unseen = done.filter(({ id }) => this.intents.act(id)?.state.is === "acked");
    const looked = unseen.length === 0 || (synced && (await this.events.look(unseen)));
    const left = [...acked, ...unseen.map(({ id }) => id)].filter((id) => {
      return (this.intents.entry(id) ?? this.intents.act(id))?.state.is === "acked";
    });
    if (left.length === 0) return;
    if (synced && looked) {
      this.events.changed({ settled: left });
      this.flush();
    } else if (this.connected) this.awaitEcho();
  }

  private acknowledged(): readonly string[] {
    const acked = this.intents.outbox().filter((entry) => entry.state.is === "acked");
    return acked.map((entry) => entry.clientMsgId);
  }

  private done(): readonly Act[] {
    return this.intents.acts().filter(({ state }) => state.is === "acked");
  }
}

/** What must keep its order stands in one lane. Frames follow each other at once; requests over REST wait for all before them. */
class Lanes {
  /** What is under way in each: frames, a request, or something that may not go yet. */
  private readonly busy = new Map<string, "frames" | "rest" | "held">();

  /** Whether the lanes are free for the next one, which is in them from now on. */
  enter(lanes: readonly string[], rest: boolean): boolean {
    const free = lanes.every((lane) => {
      const busy = this.busy.get(lane);
      return busy === undefined || (busy === "frames" && !rest);
    });
    for (const lane of lanes) if (this.busy.get(lane) !== "held") this.busy.set(lane, rest ? "rest" : "frames");
    return free;
  }

  isHeld(lane: string): boolean {
    return this.busy.get(lane) === "held";
  }

  hold(lanes: readonly string[]): void {
    for (const lane of lanes) this.busy.set(lane, "held");
  }
}

/** What it says something in. */
function wordsOf(item: Item): readonly string[] {
  if (item.is === "message") return [`words ${item.entry.gid}`];
  return item.act.deed.is === "forward" ? item.act.deed.to.map((gid) => `words ${gid}`) : [];
}

function lanesOf(item: Item): readonly string[] {
  if (item.is === "message") return [`chat ${item.entry.gid}`];
  const { gid, deed, on } = item.act;
  switch (deed.is) {
    case "star":
    case "unstar":
      return [`star ${gid} ${on[0]?.key}`];
    case "hide":
    case "clear":
      return [`own ${gid}`];
    case "schedule":
      return [`later ${gid}`];
    case "forward":
      return [...new Set([gid, ...deed.to])].map((each) => `chat ${each}`);
    default:
      return [`chat ${gid}`];
  }
}

function frameOf({ id: clientMsgId, gid, deed, on: [target] }: Act, uid: number): Outgoing | null {
  const msgId = target?.id;
  if (msgId === undefined || msgId === null) return null;
  const body = { clientMsgId, uid, gid, msgId };
  switch (deed.is) {
    case "edit": {
      const { kind, content, mentions, mentionAll } = deed;
      return { event: "Edit", ...body, kind, content, ...beside({ mentions, mentionAll }) };
    }
    case "react":
    case "unreact":
      return { event: deed.is === "react" ? "React" : "Unreact", ...body, content: deed.emoji };
    case "recall":
      return { event: "Recall", ...body };
    case "open":
      return { event: "Open", ...body };
    case "pin":
    case "unpin":
      return { event: deed.is === "pin" ? "Pin" : "Unpin", ...body };
    default:
      return null;
  }
}

function idOf(item: Item): string {
  return item.is === "message" ? item.entry.clientMsgId : item.act.id;
}
