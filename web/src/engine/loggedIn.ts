// The user who is logged in, in one tab: what it knows, what it shows, and who does the work.

import type { ChatView, ConnectionState, Extras, MembersPage, Message, Outcome, SentKind, User } from "./contract";
import { deleteStore } from "./keeping";
import { Leader } from "./leader";
import { MAX_CONTENT_BYTES } from "./limits.gen";
import { Intended } from "./outbox";
import type { Ports, Signal } from "./ports";
import { bottom } from "./ranges";
import { Replica } from "./replica";
import { type Answer, mapped, outcome, type Rest } from "./rest";
import type { ServerClock } from "./serverclock";
import {
  type Addressee,
  type Batch,
  type Draft,
  type EventRecord,
  type Facts,
  type Intents,
  type Mark,
  type Pending,
  type Snapshot,
  type Store,
  Writer,
  ofFacts,
  ofIntents,
} from "./storage";
import { Tabs, type Wish } from "./tabs";
import { Unsaved } from "./unsaved";
import { type Large, type Published, Views, keyOf } from "./views";
import { ChatWindow, PAGE } from "./window";
import { type StoredMessage, happenedPage, historyPage } from "./wire";
import * as wire from "./wire.gen";

export interface LoggedInEvents {
  status(status: ConnectionState): void;
  /** The account as it is now. */
  me(me: User): void;
  arrived(gid: number, message: Message): void;
  out(why: "revoked" | "disabled"): void;
}

/** The views are told at most so often, and at most half the time goes into drawing: the rest is for what comes. */
const PUBLISH_MS = 25;
const MOST_PAUSE_MS = 250;
/** A draft is stored and told to the other tabs when the typing pauses. */
const DRAFT_MS = 400;
/** A message is shown when it is stored, or after so long. */
const STORING_MS = 1_000;
/** What was read from the store so lately need not be read again to lead. */
const FRESH_MS = 1_000;
/** So long a list of members is not read again. */
const LIST_MS = 60_000;
/** And one that could not be had is asked for again, while somebody looks. */
const LIST_RETRY_MS = 10_000;
/** So many of a large group are asked for at a time. */
const MEMBERS = 100;
/** Of what happened in a chat so much is shown, the newest. */
const EVENTS = 2_000;
/** Chats that nobody looks at and that are still in memory. */
const WINDOWS = 8;

export class LoggedIn {
  readonly replica: Replica;
  private readonly intents = new Intended();
  private readonly windows = new Map<number, ChatWindow>();
  /** What happened in the chats that are in memory, ascending. */
  private readonly happened = new Map<number, readonly EventRecord[]>();
  /** Counts how often all of that was lost: what was asked of the store before is not of this history. */
  private histories = 0;
  private readonly views: Views;
  private readonly writer: Writer;
  private readonly unsaved: Unsaved;
  private readonly tabs: Tabs;
  private readonly unclock: () => void;
  private leader: Leader | null = null;
  private loadedAt = -Infinity;
  private stopped = false;
  /** Learned and not yet stored: the other tabs are told of them together. */
  private arrivals: StoredMessage[] = [];
  private readonly drafts = new Map<number, Draft>();
  private storingDrafts: (() => void) | null = null;
  /** The message at which each chat was left; none: at the newest. */
  private readonly left = new Map<number, number>();
  /** When the list of members of a chat was read. */
  private readonly listed = new Map<number, number>();
  /** Of the groups whose members are read in pages: how many they are, and what one is oneself. */
  private readonly large = new Map<number, Large>();
  /** Those of them in which something has happened, so that they are asked about again soon. */
  private readonly stale = new Set<number>();
  /** Whom the server was asked about by their number. */
  private readonly asked = new Set<number>();
  private publishedAt = -PUBLISH_MS;
  private pauseMs = PUBLISH_MS;
  /** Arrived, and told of when it is shown. */
  private announced: StoredMessage[] = [];
  private publishing = false;

  constructor(
    private readonly ports: Ports,
    private readonly rest: Rest,
    private readonly token: string,
    uid: number,
    private readonly store: Store,
    private readonly published: Published,
    private readonly clock: ServerClock,
    private readonly events: LoggedInEvents,
  ) {
    this.replica = new Replica(uid);
    const { windows, happened, large } = this;
    this.views = new Views(this.replica, this.intents, { windows, happened, large }, published, () => clock.ahead.get());
    this.unclock = clock.ahead.subscribe(() => this.clockSet());
    this.unsaved = new Unsaved(ports.notes, uid);
    const { after, frame } = ports;
    this.writer = new Writer(store, after, frame, (batch) => this.stored(batch));
    this.tabs = new Tabs(ports, uid, {
      lead: () => void this.lead(),
      follow: () => this.follow(),
      heard: (batch, arrivals) => this.heard(batch, arrivals),
      status: (status) => this.events.status(status),
      online: (online) => this.published.online.set(online),
      clock: (ahead) => this.clock.set(ahead),
      wished: (wish) => this.wished(wish),
    });
  }

  /** Shows what was stored, and gets to work. */
  start(me: User, stored: Snapshot): void {
    this.take(stored, me);
    if (this.replica.me === null) this.replica.apply({ singles: { me } });
    this.views.touchAll();
    this.publish();
    this.tabs.start();
    for (const [gid, cell] of this.published.chat) if (cell.isWatched) this.watch(gid);
  }

  /** Ends everything this tab does for the account; the store is left as it is. */
  async stop(): Promise<void> {
    if (this.stopped) return;
    this.storeDrafts();
    this.stopped = true;
    this.unclock();
    this.leader?.stop();
    this.leader = null;
    this.tabs.stop();
    await this.writer.stop();
  }

  /** Forgets what is stored: all of it, or all but what was not sent yet. */
  async forget(all: boolean): Promise<void> {
    const { isLasting } = this.store;
    // What this tab could not open or lost is still there.
    if (all && !isLasting) deleteStore(this.ports, this.replica.uid);
    await this.stop();
    if (all) this.unsaved.clear();
    const isCleared = await this.store.clear(all).then(
      () => true,
      () => false,
    );
    this.store.close();
    if (all && isLasting && !isCleared) deleteStore(this.ports, this.replica.uid);
  }

  signal(signal: Signal): void {
    switch (signal) {
      case "visible":
        this.tabs.look();
        this.leader?.wake();
        break;
      case "hidden":
        this.tabs.lookAway();
        this.storeDrafts();
        this.publishLate();
        break;
      case "online":
      case "offline":
        // Offline, too: it is a hint only, and this machine may be the server.
        this.leader?.wake();
        break;
      case "closing":
        this.tabs.close();
        this.storeDrafts();
        break;
    }
  }

  /** Whether what the server has is known here now. */
  sync(): Promise<boolean> {
    return this.tabs.wish({ want: "sync" });
  }

  chat(gid: number): ChatView | null {
    return this.views.chat(gid);
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
        (patienceMs) => this.within(patienceMs, this.tabs.wish({ want: "older", gid })),
        () => this.touched(gid),
        this.left.get(gid) ?? null,
      );
      this.evict();
    } else {
      // The latest goes last.
      this.windows.delete(gid);
    }
    this.windows.set(gid, window);
    window.enter(this.views.unread(gid));
    this.touched(gid);
    void this.listMembers(gid);
    void this.readEvents(gid);
    this.opened(gid);
  }

  /** The single chat with a user, if both are in it. */
  singleWith(uid: number): number | null {
    for (const { gid, member } of this.replica.groups.values()) {
      const left = this.replica.members(gid).get(uid)?.left;
      if (member && left === false && this.replica.partner(gid) === uid) return gid;
    }
    return null;
  }

  looking(gid: number, is: boolean): void {
    this.windows.get(gid)?.look(is, this.views.unread(gid));
  }

  closed(gid: number, place: number | null): void {
    if (place === null) this.left.delete(gid);
    else this.left.set(gid, place);
    this.windows.get(gid)?.leave(place);
    this.touched(gid);
  }

  loadOlder(gid: number): void {
    void this.windows.get(gid)?.grow();
  }

  async send(gid: number, kind: SentKind, content: string, seen?: Addressee, extras?: Extras): Promise<void> {
    const tooLong = new TextEncoder().encode(content).length > MAX_CONTENT_BYTES;
    const state: Pending["state"] = tooLong
      ? { is: "failed", reason: `content: at most ${MAX_CONTENT_BYTES} bytes` }
      : { is: "waiting" };
    const clientMsgId = this.ports.uuid();
    const [at, order, after] = [this.ports.now(), this.intents.nextOrder(), this.replica.newestId];
    const to = this.gone(seen) ?? this.replica.addressee(gid);
    const beside = extras !== undefined && { extras };
    const pending: Pending = { clientMsgId, gid, kind, content, at, order, after, state, to, ...beside };
    // What it was as a draft goes with the same stroke; what is not judged yet is not shown, so it was not that.
    const drafts = this.gone(seen) === null && this.awaitsJudgement(gid) ? [] : [{ gid, text: "" }];
    for (const draft of drafts) this.drafts.delete(draft.gid);
    this.intents.apply({ drafts });
    this.views.touch(ofIntents({ drafts }));
    // At once, as for `setDraft`.
    this.publish();
    this.tabs.shareIntents({ drafts });
    await this.intend({ pending: [pending] }, drafts);
  }

  async resend(gid: number, key: string): Promise<void> {
    const entry = this.failed(gid, key);
    if (entry === null) return;
    await this.intend({ pending: [{ ...entry, state: { is: "waiting" }, to: this.replica.addressee(gid) }] });
  }

  async discard(gid: number, key: string): Promise<void> {
    const entry = this.failed(gid, key);
    if (entry !== null) await this.intend({ settled: [entry.clientMsgId] });
  }

  /** The chat was deleted from the list: what could not be sent, or was begun, does not hold it there. */
  async putAway(gid: number): Promise<void> {
    this.setDraft(gid, "");
    const failed = this.intents.outbox(gid).filter(({ state }) => state.is === "failed");
    if (failed.length > 0) await this.intend({ settled: failed.map(({ clientMsgId }) => clientMsgId) });
  }

  async seen(gid: number, seq: number): Promise<void> {
    if (!this.isUnread(gid, seq)) return;
    const message = await this.messageAt(gid, seq);
    if (message === null || !this.isUnread(gid, message.seq)) return;
    const mark: Mark = { gid, seq: message.seq, msgId: message.id };
    this.intended({ marks: [mark] });
    await this.store.write(ofIntents({ marks: [mark] })).catch(() => undefined);
  }

  /** The last message of the chat that is known here. */
  lastSeq(gid: number): number | undefined {
    return this.replica.groups.get(gid)?.lastSeq;
  }

  setDraft(gid: number, text: string, seen?: Addressee, replyTo: number | null = null): void {
    const to = this.gone(seen);
    // Not put over what is not judged yet: whoever writes still has it, and is shown both.
    if (to === null && this.awaitsJudgement(gid)) return;
    const draft: Draft = { gid, text, ...(replyTo !== null && { replyTo }), ...(to !== null && { to }) };
    const known = this.intents.drafts.get(gid);
    if ((known?.text ?? "") === text && (known?.replyTo ?? null) === replyTo) return;
    // A note does not say whom it is for.
    if (to === null) this.unsaved.note({ drafts: [draft] });
    this.drafts.set(gid, draft);
    this.intents.apply({ drafts: [draft] });
    this.views.touch(ofIntents({ drafts: [draft] }));
    // At once: somebody is typing into what is drawn from it.
    this.publish();
    if (to !== null) {
      this.storeDrafts();
      this.leader?.intended({ drafts: [draft] });
    } else {
      this.storingDrafts ??= this.ports.after(DRAFT_MS, () => this.storeDrafts());
    }
  }

  private awaitsJudgement(gid: number): boolean {
    const draft = this.intents.drafts.get(gid);
    return draft !== undefined && draft.text !== "" && this.gone(draft.to) !== null;
  }

  /** The chat that was seen, where its history has gone: who wrote in it could not know yet. */
  private gone(seen: Addressee | undefined): Addressee | null {
    return seen !== undefined && this.replica.isOfAnother(seen.store) ? seen : null;
  }

  /** Takes what an operation has answered. Only where this tab leads: another tab's leader syncs it. */
  private learn(facts: Facts): void {
    if (this.leader !== null) this.learned(ofFacts(facts), "live");
  }

  /** What the server does not have yet. */
  carried(): Batch {
    const { drafts, marks } = this.intents;
    const { home } = this.replica;
    return {
      facts: home === null ? {} : { singles: { home } },
      intents: { pending: this.intents.outbox(), drafts: [...drafts.values()], marks: [...marks.values()] },
    };
  }

  /** Whether what is stored was left by this user. */
  private take(stored: Snapshot, me: User | null): boolean {
    this.loadedAt = this.ports.elapsed();
    const { home } = stored.facts.singles;
    if (me !== null && home !== undefined && home.account !== me.account) {
      this.disown();
      return false;
    }
    this.replica.load(stored);
    this.intents.load(stored);
    this.recover();
    return true;
  }

  /** In another store somebody else had this number: what they left is not for these eyes. */
  private disown(): void {
    const { pending, drafts } = this.carried().intents;
    this.replica.clear();
    this.unsaved.clear();
    void this.store.clear(true).catch(() => undefined);
    const own: Intents = { pending: pending ?? [], drafts: drafts ?? [] };
    this.unsaved.note(own);
    void this.keep(own);
  }

  /** What was noted and not stored is taken up again. What is known already has gone on since. */
  private recover(): void {
    const noted = this.unsaved.left();
    const pending = noted.pending.filter((one) => this.intents.entry(one.clientMsgId) === undefined);
    const left: Intents = { ...noted, pending };
    this.intents.apply(left);
    void this.keep(noted, left);
  }

  private async lead(): Promise<void> {
    // The last leader may have stored what it did not live to tell.
    const me = this.replica.me;
    if (this.ports.elapsed() - this.loadedAt > FRESH_MS) {
      const stored = await this.store.load().catch(() => null);
      if (stored !== null && !this.stopped && !this.take(stored, me)) this.reopen();
    }
    if (this.stopped || !this.tabs.isLeader || this.leader !== null) return;
    if (this.replica.me === null && me !== null) this.replica.apply({ singles: { me } });
    this.views.touchAll();
    this.soon();
    this.leader = new Leader(this.ports, this.rest, this.token, this.replica, this.intents, {
      learned: (batch, how) => this.learned(batch, how),
      status: (status) => {
        this.events.status(status);
        this.tabs.shareStatus(status);
      },
      online: (online) => {
        this.published.online.set(online);
        this.tabs.shareOnline(online);
      },
      clock: (serverNow, tookMs) => this.clock.told(serverNow, tookMs),
      out: (why) => this.events.out(why),
    });
    this.leader.start();
  }

  private follow(): void {
    this.leader?.stop();
    this.leader = null;
  }

  /** The leader has learned something of the server. */
  private learned({ facts, intents }: Batch, how: "live" | "sync" | "first sync"): void {
    const settled = [
      ...(intents.settled ?? []),
      ...this.intents.settledBy(this.replica.uid, facts.messages ?? []),
    ];
    const whole: Batch = { facts, intents: settled.length > 0 ? { ...intents, settled } : intents };
    // What became of a draft is what is stored of it, not what it was.
    for (const draft of intents.drafts ?? []) {
      if (!this.drafts.has(draft.gid)) continue;
      this.drafts.set(draft.gid, draft);
      this.unsaved.note({ drafts: [draft] });
    }
    // Where it begins anew the store is cleared before anybody reads it.
    if (facts.anew === true) this.writer.add(whole);
    this.show(whole);
    const arrivals = how === "first sync" ? [] : this.arrivalsOf(facts, how);
    this.arrivals.push(...arrivals);
    if (facts.anew !== true) this.writer.add(whole);
    this.announce(arrivals);
  }

  /** It is in the store, so it may be spoken of. */
  private stored(batch: Batch): void {
    const arrivals = this.arrivals;
    this.arrivals = [];
    this.tabs.share(batch, arrivals);
  }

  /** Another tab has learned or intends something. */
  private heard(batch: Batch, arrivals: readonly StoredMessage[]): void {
    if (this.stopped) return;
    this.told(batch);
    this.announce(arrivals);
  }

  private told(batch: Batch): void {
    const { facts, intents } = batch;
    if (this.leader === null) {
      // Not told to the leader yet, so it could not mark them.
      if (facts.anew === true) {
        const drafts = [...this.drafts.values()].map((draft) => ({ ...draft, to: draft.to ?? this.replica.addressee(draft.gid) }));
        for (const draft of drafts) this.drafts.set(draft.gid, draft);
        this.intents.apply({ drafts });
      }
      this.replica.apply(facts);
      this.show(batch);
    } else {
      // What the server said the leader knows better than a tab that has led before it.
      this.show(ofIntents(intents));
      this.leader.intended(intents);
    }
  }

  /**
   * Stored before it is shown: what is seen as being sent is never lost. With it go the drafts that became it, which are
   * shown already: somebody may be writing the next one.
   */
  private async intend(intents: Intents, drafts: readonly Draft[] = []): Promise<void> {
    const whole = { ...intents, drafts };
    this.unsaved.note(whole);
    // Where nothing can be stored, or not soon, it is still sent: it is noted.
    await this.within(
      STORING_MS,
      this.keep(whole).then(() => true),
    );
    if (!this.stopped) this.intended(intents);
  }

  /** Stores what was noted, whole or but for what is stored already. */
  private async keep(noted: Intents, intents = noted): Promise<void> {
    try {
      await this.store.write(ofIntents(intents));
      if (this.store.isLasting) this.unsaved.saved(noted);
    } catch {
      // The note stays.
    }
  }

  private intended(intents: Intents): void {
    this.show(ofIntents(intents));
    this.publish();
    this.tabs.shareIntents(intents);
    this.leader?.intended(intents);
  }

  private show(batch: Batch): void {
    const { facts, intents } = batch;
    for (const id of intents.settled ?? []) {
      const gid = this.intents.entry(id)?.gid;
      if (gid === undefined) continue;
      this.views.touchChat(gid);
      this.unsaved.settled(id);
    }
    if (facts.anew === true) this.intents.forgetMarks();
    this.intents.apply(intents);
    this.views.touch(batch);
    if (facts.anew === true) this.reopen();
    const { groups = [], messages = [], events = [], singles } = facts;
    for (const { gid } of groups) {
      const window = this.windows.get(gid);
      if (window === undefined) continue;
      window.append(messages.filter((message) => message.gid === gid));
      void window.open(this.views.unread(gid));
    }
    for (const gid of new Set(events.map((event) => event.gid))) {
      const known = this.happened.get(gid);
      if (known !== undefined) this.happened.set(gid, joined(known, events, gid));
      this.count(gid);
    }
    for (const { gid, uid } of messages) {
      const known = uid === this.replica.uid || this.replica.user(uid) !== null || this.asked.has(uid);
      if (!known && this.published.chat.get(gid)?.isWatched === true) void this.introduce(uid);
    }
    if (singles?.me !== undefined) this.events.me(singles.me);
    this.soon();
  }

  /** Nothing that was loaded is of this history. */
  private reopen(): void {
    this.windows.clear();
    this.left.clear();
    this.listed.clear();
    this.large.clear();
    this.asked.clear();
    this.happened.clear();
    this.histories += 1;
    for (const [gid, cell] of this.published.chat) if (cell.isWatched) this.watch(gid);
  }

  /** What happened in a chat that is about to be shown. What is learned meanwhile is joined to it. */
  private async readEvents(gid: number): Promise<void> {
    if (this.happened.has(gid)) return;
    this.happened.set(gid, []);
    const { histories } = this;
    const stored = await this.writer.events(gid, EVENTS).catch(() => []);
    if (histories !== this.histories) return;
    this.happened.set(gid, joined(this.happened.get(gid) ?? [], stored, gid));
    this.touched(gid);
  }

  /** A chat without messages has been seen: it is new no longer, on this device. */
  private opened(gid: number): void {
    if (this.intents.marks.has(gid) || this.replica.groups.get(gid)?.last !== null) return;
    const marks = [{ gid, seq: 0, msgId: 0 }];
    this.intended({ marks });
    void this.store.write(ofIntents({ marks })).catch(() => undefined);
  }

  private arrivalsOf({ messages = [] }: Facts, how: "live" | "sync"): readonly StoredMessage[] {
    const others = messages.filter((message) => {
      return message.uid !== this.replica.uid && this.isUnread(message.gid, message.seq);
    });
    if (how === "live") return others;
    // After an absence one word of each chat is enough.
    return [...new Map(others.map((message) => [message.gid, message])).values()];
  }

  private announce(arrivals: readonly StoredMessage[]): void {
    if (arrivals.length === 0 || !this.tabs.notifies) return;
    this.announced.push(...arrivals);
    this.soon();
  }

  private async wished(wish: Wish): Promise<boolean> {
    if (this.leader === null) return false;
    return wish.want === "sync" ? this.leader.sync() : this.fetchOlder(wish.gid);
  }

  /** Fills the newest hole of a chat from its lower edge's side up: the page right below what is at hand. */
  private async fetchOlder(gid: number): Promise<boolean> {
    const group = this.replica.groups.get(gid);
    if (group === undefined) return false;
    const beforeSeq = bottom(group.covered);
    if (beforeSeq <= 1) return true;
    const body = { gid, page: 1, size: PAGE, beforeSeq };
    const { home } = this.replica;
    const answer = mapped(await this.rest.ask(wire.readHistory, body), historyPage);
    // Of another history it is other messages under the same numbers.
    if (!answer.ok || this.stopped || this.replica.isOfAnother(home?.store ?? null)) return false;
    const { messages } = answer.value;
    this.learnQuietly(this.replica.fill(gid, beforeSeq, PAGE, answer.value));
    // In vain: then the lines between these messages are missing, and no message is.
    const fromSeq = messages.length < PAGE ? 0 : (messages[0]?.seq ?? 0);
    const lines = { gid, fromSeq, toSeq: beforeSeq - 1 };
    const happened = group.mode === 1 ? null : await this.rest.ask(wire.listEvents, lines);
    if (this.stopped) return false;
    if (happened?.ok === true) this.learnQuietly(this.replica.happened(gid, happenedPage(happened.value)));
    await this.writer.settled();
    return true;
  }

  /** What is old does not arrive. */
  private learnQuietly(facts: Facts): void {
    this.show(ofFacts(facts));
    this.writer.add(ofFacts(facts));
  }

  /** By order of joining, which sync does not tell; and with the names as they are now. */
  private async listMembers(gid: number): Promise<void> {
    const group = this.replica.groups.get(gid);
    if (group === undefined || !group.member) return;
    if (this.ports.elapsed() - (this.listed.get(gid) ?? -Infinity) < LIST_MS) return;
    this.listed.set(gid, this.ports.elapsed());
    const { home } = this.replica;
    const answer = group.membersOmitted
      ? await this.askMembers(gid, { size: 1 })
      : await this.rest.ask(wire.listMembers, { gid });
    if (this.stopped || this.replica.isOfAnother(home?.store ?? null)) return;
    if (!answer.ok) {
      this.listed.delete(gid);
      if (answer.problem.is === "refused") return;
      this.ports.after(LIST_RETRY_MS, () => {
        if (!this.stopped && this.published.chat.get(gid)?.isWatched === true) void this.listMembers(gid);
      });
    } else if ("count" in answer.value) {
      // It is known to the view by now.
    } else this.meet(this.replica.list(gid, answer.value));
  }

  /** Some members of a large group. */
  async membersPage(gid: number, { search, after }: { search: string; after: number | null }): Promise<Outcome<MembersPage>> {
    const asked = { ...(search !== "" && { q: search }), ...(after !== null && { after }), size: MEMBERS };
    const { home } = this.replica;
    const answer = await this.askMembers(gid, asked);
    if (!answer.ok) return outcome(answer);
    const { members, count, next } = answer.value;
    if (!this.stopped && !this.replica.isOfAnother(home?.store ?? null)) {
      this.meet(this.replica.introduce(members.map(({ user }) => user)));
    }
    const shown = members.map(({ user, role }) => ({ user, admin: role === 2, readSeq: 0, deliveredSeq: 0 }));
    return { ok: true, value: { members: shown, count, next } };
  }

  /** Something has happened in a group: of a large one it is asked how many there are now, while somebody looks. */
  private count(gid: number): void {
    if (!this.large.has(gid) || this.stale.has(gid) || this.published.chat.get(gid)?.isWatched !== true) return;
    this.stale.add(gid);
    // People come in crowds.
    this.ports.after(LIST_RETRY_MS, () => {
      this.stale.delete(gid);
      this.listed.delete(gid);
      if (!this.stopped && this.published.chat.get(gid)?.isWatched === true) void this.listMembers(gid);
    });
  }

  private async askMembers(gid: number, asked: Omit<wire.MembersRequest, "gid">): Promise<Answer<wire.MembersAnswer>> {
    const { histories } = this;
    const answer = await this.rest.ask(wire.listMembersInPages, { gid, ...asked });
    if (answer.ok && histories === this.histories) {
      this.large.set(gid, { count: answer.value.count, admin: answer.value.role === 2 });
      this.touched(gid);
    }
    return answer;
  }

  /** In a large group anybody may write: who is looked at and not known is asked for. */
  private async introduce(uid: number): Promise<void> {
    this.asked.add(uid);
    const { home } = this.replica;
    const answer = await this.rest.ask(wire.getUser, { uid });
    if (this.stopped || this.replica.isOfAnother(home?.store ?? null)) return;
    if (answer.ok) this.meet(this.replica.introduce([answer.value]));
    else if (answer.problem.is !== "refused") this.ports.after(LIST_RETRY_MS, () => this.asked.delete(uid));
  }

  /** A tab that does not lead shows it, and leaves it to the leader's own looks to store it. */
  private meet(facts: Facts): void {
    if (this.leader !== null) this.learn(facts);
    else this.show(ofFacts(facts));
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
      if (this.published.chat.get(gid)?.isWatched === true) continue;
      this.windows.delete(gid);
      this.happened.delete(gid);
    }
  }

  private failed(gid: number, key: string): Pending | null {
    const entry = this.intents.outbox(gid).find((one) => keyOf(this.replica.uid, one.clientMsgId) === key);
    return entry?.state.is === "failed" ? entry : null;
  }

  private isUnread(gid: number, seq: number): boolean {
    const group = this.replica.groups.get(gid);
    return group !== undefined && seq > Math.max(group.readSeq, this.intents.marks.get(gid)?.seq ?? 0);
  }

  /** The message at a place, else the one before it. */
  private async messageAt(gid: number, seq: number): Promise<StoredMessage | null> {
    const shown = this.windows.get(gid)?.messages.findLast((message) => message.seq <= seq);
    if (shown?.seq === seq) return shown;
    const last = this.replica.groups.get(gid)?.last ?? null;
    if (last !== null && last.seq <= seq) return last;
    const [stored] = await this.writer.page(gid, 1, seq + 1, 1).catch(() => []);
    return stored ?? shown ?? null;
  }

  private storeDrafts(): void {
    this.storingDrafts?.();
    this.storingDrafts = null;
    const drafts = [...this.drafts.values()];
    this.drafts.clear();
    if (drafts.length === 0 || this.stopped) return;
    void this.keep({ drafts });
    this.tabs.shareIntents({ drafts });
  }

  /** The times of what is being sent go by the server's clock. */
  private clockSet(): void {
    for (const { gid } of this.intents.outbox()) this.views.touchChat(gid);
    this.tabs.shareClock(this.clock.ahead.get());
    this.soon();
  }

  private touched(gid: number): void {
    this.views.touchChat(gid);
    this.soon();
  }

  private soon(): void {
    if (this.publishing) return;
    this.publishing = true;
    const next = (): void => this.ports.frame(() => this.publishLate());
    const wait = this.publishedAt + this.pauseMs - this.ports.elapsed();
    if (wait <= 0) next();
    else this.ports.after(wait, next);
  }

  /** Unless it was done meanwhile. */
  private publishLate(): void {
    if (this.publishing) this.publish();
  }

  private publish(): void {
    this.publishing = false;
    if (this.stopped) return;
    const began = this.ports.elapsed();
    this.publishedAt = began;
    this.views.publish();
    const { announced } = this;
    this.announced = [];
    for (const message of announced) this.events.arrived(message.gid, this.views.message(message));
    // By then it is drawn.
    this.ports.after(0, () => {
      this.pauseMs = Math.min(Math.max(PUBLISH_MS, 2 * (this.ports.elapsed() - began)), MOST_PAUSE_MS);
    });
  }
}

/** Of the chat, each once, ascending. */
function joined(known: readonly EventRecord[], more: readonly EventRecord[], gid: number): readonly EventRecord[] {
  const all = new Map(known.map((event) => [event.rev, event]));
  for (const event of more) if (event.gid === gid && !all.has(event.rev)) all.set(event.rev, event);
  return all.size === known.length ? known : [...all.values()].sort((a, b) => a.rev - b.rev);
}
