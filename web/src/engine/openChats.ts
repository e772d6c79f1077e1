// The chats that somebody looks at, or did lately: what of them is in memory, and where in them one is.

import type { Outcome } from "./contract";
import { Detour } from "./detour";
import { Pins } from "./pins";
import type { Ports } from "./ports";
import { Quotes, findById } from "./quotes";
import { bottom } from "./ranges";
import type { Replica } from "./replica";
import { type Rest, mapped } from "./rest";
import { sees } from "./sight";
import type { EventRecord, Facts } from "./storage";
import type { Wish } from "./tabs";
import type { Views } from "./views";
import { ChatWindow } from "./window";
import { type StoredMessage, keyOf, listed, messageList } from "./wire";
import * as wire from "./wire.gen";
import type { Writer } from "./writer";

export interface OpenEvents {
  views(): Views;
  isStopped(): boolean;
  isWatched(gid: number): boolean;
  /** Has the leader do something. */
  wish(wish: Wish): Promise<boolean>;
  /** Who people are was learned. */
  met(facts: Facts): void;
  touched(gid: number): void;
  /** Draws what was touched, now. */
  publish(): void;
}

/** What could not be had is asked for again, while somebody looks. */
const RETRY_MS = 10_000;
/** Whoever waits for a part of a chat is told after so long that it could not be had. */
const OLDER_MS = 30_000;
/** Of what happened in a chat so much is shown, the newest. */
const EVENTS = 2_000;
/** Chats that nobody looks at and that are still in memory. */
const WINDOWS = 8;

const NO_SUCH_MESSAGE: Outcome<never> = { ok: false, problem: { is: "refused", message: "no such message" } };
const OFFLINE: Outcome<never> = { ok: false, problem: { is: "offline" } };

/** A part of a chat that is in memory. */
type Part = ChatWindow | Detour;

export class OpenChats {
  readonly windows = new Map<number, ChatWindow>();
  readonly detours = new Map<number, Detour>();
  readonly quotes: Quotes;
  readonly pins: Pins;
  /** What happened in them, ascending. */
  readonly happened = new Map<number, readonly EventRecord[]>();
  /** Counts how often all of that was lost: what was asked of the store before is not of this history. */
  private histories = 0;
  /** The message at which each chat was left; none: at the newest. */
  private readonly left = new Map<number, number>();
  /** The mention that was jumped to last, by chat. */
  private readonly mentionAt = new Map<number, number>();
  /** Where what is at hand of a chat began, when its pins were asked for. */
  private readonly bottoms = new Map<number, number>();

  constructor(
    private readonly ports: Ports,
    private readonly rest: Rest,
    private readonly replica: Replica,
    private readonly writer: Writer,
    private readonly events: OpenEvents,
  ) {
    const { touched, isWatched } = events;
    const again = (then: () => void): void => void ports.after(RETRY_MS, () => events.isStopped() || then());
    this.quotes = new Quotes((gid) => this.loaded(gid), (gid, id) => this.fetchMessage(gid, id), touched, again);
    this.pins = new Pins((gid) => this.fetchPins(gid), touched, again, isWatched);
  }

  /** Nothing of it is of this history. */
  clear(): void {
    const { windows, detours, left, happened, mentionAt, bottoms, quotes, pins } = this;
    for (const known of [windows, detours, left, happened, mentionAt, bottoms, quotes, pins]) known.clear();
    this.histories += 1;
  }

  /** Somebody looks at the chat. */
  watch(gid: number): void {
    let window = this.windows.get(gid);
    if (window === undefined) {
      window = new ChatWindow(
        gid,
        this.replica.uid,
        this.writer,
        () => this.writer.settled(),
        () => this.replica.groups.get(gid),
        () => this.events.views().readUpTo(gid),
        (patienceMs) => this.within(patienceMs, this.events.wish({ want: "older", gid })),
        () => this.events.touched(gid),
        this.left.get(gid) ?? null,
      );
      this.evict();
    } else {
      // The latest goes last.
      this.windows.delete(gid);
    }
    this.windows.set(gid, window);
    window.enter(this.events.views().unread(gid));
    this.events.touched(gid);
    void this.readEvents(gid);
    this.watchPins(gid);
  }

  looking(gid: number, is: boolean): void {
    this.windows.get(gid)?.look(is, this.events.views().unread(gid));
  }

  closed(gid: number, place: number | null): void {
    if (place === null) this.left.delete(gid);
    else this.left.set(gid, place);
    this.windows.get(gid)?.leave(place);
    this.detours.delete(gid);
    this.mentionAt.delete(gid);
    this.events.touched(gid);
  }

  loadOlder(gid: number): void {
    const detour = this.detours.get(gid);
    if (detour !== undefined) void detour.growUp();
    else void this.windows.get(gid)?.grow();
  }

  loadNewer(gid: number): void {
    void this.detours.get(gid)?.growDown();
  }

  toNewest(gid: number): void {
    if (!this.detours.delete(gid)) return;
    this.events.touched(gid);
    this.events.publish();
  }

  /** Shows the part of a chat that a message is in. */
  async jump(gid: number, to: { id: number } | { seq: number }): Promise<Outcome<string>> {
    const { histories } = this;
    const message = await this.locate(gid, to);
    if (histories !== this.histories || message === "gone") return NO_SUCH_MESSAGE;
    if (message === null) return OFFLINE;
    const { seq } = message;
    const has = (part: Part | undefined): boolean => part?.messages.some((one) => one.seq === seq) === true;
    if (!sees(this.events.views().sight(gid), seq)) return NO_SUCH_MESSAGE;
    if (has(this.windows.get(gid))) this.detours.delete(gid);
    else if (!has(this.detours.get(gid))) {
      const detour = this.detour(gid);
      const opened = await detour.open(seq);
      if (histories !== this.histories) return NO_SUCH_MESSAGE;
      if (!opened) return OFFLINE;
      if (!has(detour)) return NO_SUCH_MESSAGE;
      this.detours.set(gid, detour);
    }
    this.events.touched(gid);
    this.events.publish();
    return { ok: true, value: keyOf(message.uid, message.clientMsgId) };
  }

  async nextMention(gid: number): Promise<Outcome<string | null>> {
    const seqs = this.events.views().mentions(gid);
    const at = this.mentionAt.get(gid) ?? 0;
    const seq = seqs.find((one) => one > at) ?? seqs[0];
    if (seq === undefined) return { ok: true, value: null };
    this.mentionAt.set(gid, seq);
    return this.jump(gid, { seq });
  }

  /** Shows what was learned. */
  learned({ groups = [], messages = [], changed = [], gone = [], events = [] }: Facts): void {
    for (const { gid } of groups) {
      const window = this.windows.get(gid);
      this.detours.get(gid)?.append(ofChat(messages, gid));
      if (window === undefined) continue;
      window.append(ofChat(messages, gid));
      void window.open(this.events.views().unread(gid));
      this.doubtPins(gid);
    }
    // What a leader has stored comes as one, new or not.
    const told = [...messages, ...changed];
    for (const gid of new Set(told.map((message) => message.gid))) {
      for (const part of this.parts(gid)) part.change(ofChat(told, gid));
    }
    for (const { gid } of gone) {
      const sight = this.replica.living.sight(gid);
      for (const part of this.parts(gid)) part.drop((seq) => sees(sight, seq));
    }
    this.quotes.change(told);
    this.pins.change(told);
    for (const gid of new Set(events.map((event) => event.gid))) {
      const known = this.happened.get(gid);
      if (known !== undefined) this.happened.set(gid, joined(known, events, gid));
    }
  }

  /** A message that is in memory, by its key. */
  find(gid: number, key: string): StoredMessage | null {
    const { last } = this.replica.groups.get(gid) ?? { last: null };
    for (const messages of [...this.loaded(gid), this.pins.of(gid) ?? [], last === null ? [] : [last]]) {
      const found = messages.findLast(({ uid, clientMsgId }) => keyOf(uid, clientMsgId) === key);
      if (found !== undefined) return found;
    }
    return null;
  }

  /** The message at a place, else the one before it. */
  async messageAt(gid: number, seq: number): Promise<StoredMessage | null> {
    const before = this.loaded(gid).flatMap((messages) => messages.findLast((message) => message.seq <= seq) ?? []);
    const shown = before.sort((a, b) => b.seq - a.seq)[0];
    if (shown?.seq === seq) return shown;
    const last = this.replica.groups.get(gid)?.last ?? null;
    if (last !== null && last.seq <= seq) return last;
    const [stored] = await this.writer.page(gid, 1, seq + 1, 1).catch(() => []);
    return stored ?? shown ?? null;
  }

  private parts(gid: number): readonly Part[] {
    const [window, detour] = [this.windows.get(gid), this.detours.get(gid)];
    return [...(window === undefined ? [] : [window]), ...(detour === undefined ? [] : [detour])];
  }

  private loaded(gid: number): readonly (readonly StoredMessage[])[] {
    return this.parts(gid).map(({ messages }) => messages);
  }

  private detour(gid: number): Detour {
    return new Detour(
      gid,
      this.writer,
      () => this.writer.settled(),
      () => this.replica.groups.get(gid),
      (around, patienceMs) => this.within(patienceMs, this.events.wish({ want: "around", gid, around })),
      () => this.events.touched(gid),
    );
  }

  /** Where a message is. Null: that could not be found out. */
  private async locate(gid: number, to: { id: number } | { seq: number }): Promise<StoredMessage | "gone" | null> {
    if ("id" in to) return this.quotes.inMemory(gid, to.id) ?? this.fetchMessage(gid, to.id);
    const { seq } = to;
    const lastSeq = (): number => this.replica.groups.get(gid)?.lastSeq ?? 0;
    // It may be newer than what is known here.
    if (seq > lastSeq()) await this.within(OLDER_MS, this.events.wish({ want: "sync" }));
    if (seq > lastSeq() || !sees(this.events.views().sight(gid), seq)) return "gone";
    const loaded = this.loaded(gid).flatMap((messages) => messages.find((message) => message.seq === seq) ?? []);
    if (loaded[0] !== undefined) return loaded[0];
    const stored = async (): Promise<StoredMessage | undefined> => (await this.writer.page(gid, seq, seq + 1, 1).catch(() => []))[0];
    const found = await stored();
    if (found !== undefined) return found;
    const answer = await this.rest.ask(wire.readAround, { gid, seq, before: 1, after: 1 });
    if (!answer.ok) return answer.problem.is === "refused" ? "gone" : null;
    const message = answer.value.messages.find((each) => each.seq === seq);
    return message === undefined ? "gone" : listed(message);
  }

  /** A message by its id: from the store, else from the server. */
  private async fetchMessage(gid: number, msgId: number): Promise<StoredMessage | "gone" | null> {
    const { histories } = this;
    const lastSeq = this.replica.groups.get(gid)?.lastSeq ?? 0;
    const at = async (seq: number): Promise<StoredMessage | undefined> => (await this.writer.page(gid, 1, seq + 1, 1))[0];
    const stored = await findById(at, lastSeq, msgId).catch(() => null);
    if (histories !== this.histories) return null;
    if (stored !== null) return stored;
    const answer = await this.rest.ask(wire.getMessage, { gid, msgId });
    if (this.events.isStopped() || histories !== this.histories) return null;
    if (answer.ok) return listed(answer.value);
    return answer.problem.is === "refused" ? "gone" : null;
  }

  private async fetchPins(gid: number): Promise<readonly StoredMessage[] | null> {
    const { histories } = this;
    this.bottoms.set(gid, bottom(this.replica.groups.get(gid)?.covered ?? []));
    const answer = mapped(await this.rest.ask(wire.listPins, { gid }), messageList);
    if (this.events.isStopped() || histories !== this.histories) return null;
    // One who may not see the chat any more sees no pins.
    if (!answer.ok) return answer.problem.is === "refused" ? [] : null;
    this.events.met(this.replica.introduce(answer.value.users));
    return answer.value.messages;
  }

  /** A server from before there were pins says nothing of who sets them. */
  private watchPins(gid: number): void {
    const settings = this.replica.groups.get(gid)?.settings ?? null;
    if (settings !== null && this.events.isWatched(gid)) this.pins.watch(gid);
  }

  /** Where a part of what was missed was left to history, pins may be among it. */
  private doubtPins(gid: number): void {
    this.watchPins(gid);
    const at = bottom(this.replica.groups.get(gid)?.covered ?? []);
    const known = this.bottoms.get(gid);
    if (known === undefined || at <= known) return;
    this.bottoms.set(gid, at);
    this.pins.doubt(gid);
  }

  /** What happened in a chat that is about to be shown. What is learned meanwhile is joined to it. */
  private async readEvents(gid: number): Promise<void> {
    if (this.happened.has(gid)) return;
    this.happened.set(gid, []);
    const { histories } = this;
    const stored = await this.writer.events(gid, EVENTS).catch(() => []);
    if (histories !== this.histories) return;
    this.happened.set(gid, joined(this.happened.get(gid) ?? [], stored, gid));
    this.events.touched(gid);
  }

  /** What is not there in time is not there; it may still come. */
  private within(ms: number, done: Promise<boolean>): Promise<boolean> {
    return new Promise((resolve) => {
      const giveUp = this.ports.after(ms, () => resolve(false));
      void done.then((is) => {
        giveUp();
        resolve(is);
      });
    });
  }

  private evict(): void {
    for (const gid of this.windows.keys()) {
      if (this.windows.size < WINDOWS) return;
      if (this.events.isWatched(gid)) continue;
      this.windows.delete(gid);
      this.detours.delete(gid);
      this.happened.delete(gid);
    }
  }
}

function ofChat(messages: readonly StoredMessage[], gid: number): readonly StoredMessage[] {
  return messages.filter((message) => message.gid === gid);
}

/** Of the chat, each once, ascending. */
function joined(known: readonly EventRecord[], more: readonly EventRecord[], gid: number): readonly EventRecord[] {
  const all = new Map(known.map((event) => [event.rev, event]));
  for (const event of more) if (event.gid === gid && !all.has(event.rev)) all.set(event.rev, event);
  return all.size === known.length ? known : [...all.values()].sort((a, b) => a.rev - b.rev);
}
