// The user who is logged in, in one tab: what it knows, what it shows, and who does the work.

import type { Act } from "./acts";
import type { ChatView, ConnectionState, Extras, Message, Outcome, SentKind, User } from "./contract";
import { Detour } from "./detour";
import { Doing, tooLong } from "./doing";
import { Intended } from "./intended";
import { deleteStore } from "./keeping";
import { Later } from "./later";
import { Leader } from "./leader";
import { Lists } from "./lists";
import { People } from "./people";
import { Pins } from "./pins";
import type { Ports, Signal } from "./ports";
import { Quotes, findById } from "./quotes";
import { bottom } from "./ranges";
import { type Around, Replica } from "./replica";
import { type Rest, mapped } from "./rest";
import type { ServerClock } from "./serverclock";
import { sees } from "./sight";
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
  ofFacts,
  ofIntents,
} from "./storage";
import { type Arrival, Tabs, type Wish } from "./tabs";
import { Typists } from "./typing";
import { Unsaved } from "./unsaved";
import { type Published, Views } from "./views";
import { ChatWindow, PAGE } from "./window";
import { type StoredMessage, happenedPage, historyPage, keyOf, listed, messageList } from "./wire";
import * as wire from "./wire.gen";
import * as live from "./wire.live";
import { Writer } from "./writer";

export interface LoggedInEvents {
  status(status: ConnectionState): void;
  /** The account as it is now. */
  me(me: User): void;
  arrived(gid: number, message: Message, mention: boolean): void;
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
/** What could not be had is asked for again, while somebody looks. */
const RETRY_MS = 10_000;
/** A message whose place is not known is looked for among so many of the newest. */
const NEWEST = 500;
/** What stands last in the list is looked for so many pages up. */
const PAGES_UP = 5;
/** Of what happened in a chat so much is shown, the newest. */
const EVENTS = 2_000;
/** Timers take no more than this. */
const MOST_WAIT_MS = 3_600_000;
/** Whoever waits for a part of a chat is told after so long that it could not be had. */
const OLDER_MS = 30_000;
/** Chats that nobody looks at and that are still in memory. */
const WINDOWS = 8;

export class LoggedIn {
  readonly replica: Replica;
  private readonly intents = new Intended();
  private readonly windows = new Map<number, ChatWindow>();
  private readonly detours = new Map<number, Detour>();
  private readonly quotes: Quotes;
  private readonly pins: Pins;
  private readonly typists: Typists;
  readonly people: People;
  readonly doing: Doing;
  readonly lists: Lists;
  readonly later: Later;
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
  private arrivals: Arrival[] = [];
  private readonly drafts = new Map<number, Draft>();
  private storingDrafts: (() => void) | null = null;
  /** The message at which each chat was left; none: at the newest. */
  private readonly left = new Map<number, number>();
  /** The mention that was jumped to last, by chat. */
  private readonly mentionAt = new Map<number, number>();
  /** Where what is at hand of a chat began, when its pins were asked for. */
  private readonly bottoms = new Map<number, number>();
  private expiring: (() => void) | null = null;
  private forgetting: (() => void) | null = null;
  private publishedAt = -PUBLISH_MS;
  private pauseMs = PUBLISH_MS;
  /** Arrived, and told of when it is shown. */
  private announced: Arrival[] = [];
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
    const { windows, detours, happened, replica } = this;
    const touched = (gid: number): void => this.touched(gid);
    const isWatched = (gid: number): boolean => published.chat.get(gid)?.isWatched === true;
    const again = (then: () => void): void => void ports.after(RETRY_MS, () => this.stopped || then());
    this.people = new People(ports, rest, replica, {
      isStopped: () => this.stopped,
      isWatched,
      met: (facts) => this.meet(facts),
      touched,
    });
    this.quotes = new Quotes((gid) => this.loaded(gid), (gid, id) => this.fetchMessage(gid, id), touched, again);
    this.pins = new Pins((gid) => this.fetchPins(gid), touched, again, isWatched);
    this.typists = new Typists(ports, (uid) => this.views.user(uid), touched);
    const { quotes, pins, typists } = this;
    const shown = { windows, detours, quotes, pins, typists, happened, large: this.people.large };
    this.views = new Views(replica, this.intents, shown, published, () => clock.ahead.get(), () => ports.now() + clock.ahead.get());
    this.doing = new Doing(
      ports,
      replica,
      this.intents,
      (gid, key) => this.find(gid, key),
      (intents) => void this.intend(intents),
    );
    this.lists = new Lists(
      rest,
      this.views,
      (gid, key) => this.doing.target(gid, key)?.id ?? null,
      (users) => this.meet(replica.introduce(users)),
    );
    this.later = new Later(rest, ports.uuid, () => this.soon());
    this.unclock = clock.ahead.subscribe(() => this.clockSet());
    this.unsaved = new Unsaved(ports.notes, uid);
    const { after, frame } = ports;
    this.writer = new Writer(store, after, frame, (batch) => this.stored(batch));
    this.tabs = new Tabs(ports, uid, {
      lead: () => void this.lead(),
      follow: () => this.follow(),
      heard: (batch, arrivals) => this.heard(batch, arrivals),
      status: (status) => this.connected(status),
      online: (online) => this.published.online.set(online),
      types: (gid, who) => this.typists.types(gid, who),
      typing: (gid) => this.leader?.types(gid),
      rescheduled: () => this.reschedule(),
      found: () => void this.takeUp(),
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
    this.typists.clear();
    this.expiring?.();
    this.forgetting?.();
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
    void this.people.list(gid);
    void this.readEvents(gid);
    this.watchPins(gid);
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
    this.detours.delete(gid);
    this.mentionAt.delete(gid);
    this.touched(gid);
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
    this.touched(gid);
    this.publish();
  }

  /** Shows the part of a chat that a message is in. */
  async jump(gid: number, to: { id: number } | { seq: number }): Promise<Outcome<string>> {
    const { histories } = this;
    const message = await this.locate(gid, to);
    if (histories !== this.histories || message === "gone") return NO_SUCH_MESSAGE;
    if (message === null) return { ok: false, problem: { is: "offline" } };
    const { seq } = message;
    const has = (part: { readonly messages: readonly StoredMessage[] } | undefined): boolean => part?.messages.some((one) => one.seq === seq) === true;
    if (!sees(this.views.sight(gid), seq)) return NO_SUCH_MESSAGE;
    if (has(this.windows.get(gid))) this.detours.delete(gid);
    else if (!has(this.detours.get(gid))) {
      const detour = new Detour(
        gid,
        this.writer,
        () => this.writer.settled(),
        () => this.replica.groups.get(gid),
        (around, patienceMs) => this.within(patienceMs, this.tabs.wish({ want: "around", gid, around })),
        () => this.touched(gid),
      );
      const opened = await detour.open(seq);
      if (histories !== this.histories) return NO_SUCH_MESSAGE;
      if (!opened) return { ok: false, problem: { is: "offline" } };
      if (!has(detour)) return NO_SUCH_MESSAGE;
      this.detours.set(gid, detour);
    }
    this.touched(gid);
    this.publish();
    return { ok: true, value: keyOf(message.uid, message.clientMsgId) };
  }

  async nextMention(gid: number): Promise<Outcome<string | null>> {
    const seqs = this.views.mentions(gid);
    const at = this.mentionAt.get(gid) ?? 0;
    const seq = seqs.find((one) => one > at) ?? seqs[0];
    if (seq === undefined) return { ok: true, value: null };
    this.mentionAt.set(gid, seq);
    return this.jump(gid, { seq });
  }

  /** One is writing. The leader tells the others, as often as they need it. */
  typing(gid: number): void {
    const group = this.replica.groups.get(gid);
    if (group?.member !== true || group.membersOmitted) return;
    if (this.leader !== null) this.leader.types(gid);
    else this.tabs.shareTyping(gid);
  }

  async send(gid: number, kind: SentKind, content: string, seen?: Addressee, extras?: Extras): Promise<void> {
    const state = tooLong(content);
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
    if (entry === null) return;
    const acts = this.intents.actsOn(gid, key).map(({ id }) => id);
    await this.intend({ settled: [entry.clientMsgId, ...acts] });
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
      intents: {
        pending: this.intents.outbox(),
        acts: this.intents.acts(),
        rewrites: this.intents.kept,
        drafts: [...drafts.values()],
        marks: [...marks.values()],
      },
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
    this.forgetWords();
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
    const acts = noted.acts.filter(({ id }) => this.intents.act(id) === undefined);
    const left: Intents = { ...noted, pending, acts };
    this.intents.apply(left);
    const isWaiting = ({ state }: { readonly state: { readonly is: string } }): boolean => state.is === "waiting";
    const found = this.intents.outbox().some(isWaiting) || this.intents.acts().some(isWaiting);
    void this.keep(noted, left).then(() => found && this.tabs.shareFound());
  }

  /** Takes up what another tab has stored and did not live to tell. */
  private async takeUp(): Promise<void> {
    await this.writer.settled();
    const stored = await this.store.outbox().catch(() => ({}));
    if (this.stopped || this.leader === null) return;
    const { pending = [], acts = [] } = this.intents.unknown(stored);
    if (pending.length + acts.length > 0) this.intended({ pending, acts });
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
        this.connected(status);
        this.tabs.shareStatus(status);
      },
      online: (online) => {
        this.published.online.set(online);
        this.tabs.shareOnline(online);
      },
      types: (gid, who) => {
        this.typists.types(gid, who);
        this.tabs.shareTypes(gid, who);
      },
      rescheduled: () => {
        this.reschedule();
        this.tabs.shareRescheduled();
      },
      clock: (serverNow, tookMs) => this.clock.told(serverNow, tookMs),
      out: (why) => this.events.out(why),
    });
    void this.aim(this.intents.acts());
    for (const { gid, last, lastSeq } of this.replica.groups.values()) if (last === null && lastSeq > 0) void this.relast(gid);
    this.leader.start();
  }

  private follow(): void {
    this.leader?.stop();
    this.leader = null;
  }

  /** The leader has learned something of the server. */
  private learned({ facts, intents }: Batch, how: "live" | "sync" | "quietly"): void {
    const told = [...(facts.messages ?? []), ...(facts.changed ?? [])];
    const done = this.intents.doneBy(told);
    const acts = [...(intents.acts ?? []), ...(done.acts ?? [])];
    const settled = [
      ...(intents.settled ?? []),
      ...this.intents.settledBy(this.replica.uid, told),
      ...(done.settled ?? []),
      ...this.doneAlone(facts),
    ];
    const whole: Batch = {
      facts,
      intents: { ...intents, ...(acts.length > 0 && { acts }), ...(settled.length > 0 && { settled }) },
    };
    // What became of a draft is what is stored of it, not what it was.
    for (const draft of intents.drafts ?? []) {
      if (!this.drafts.has(draft.gid)) continue;
      this.drafts.set(draft.gid, draft);
      this.unsaved.note({ drafts: [draft] });
    }
    // Where it begins anew the store is cleared before anybody reads it.
    if (facts.anew === true) this.writer.add(whole);
    this.show(whole);
    const arrivals = this.arrivalsOf(facts, how);
    this.arrivals.push(...arrivals);
    if (facts.anew !== true) this.writer.add(whole);
    this.announce(arrivals);
    if (told.length > 0 && this.intents.acts().length > 0) this.leader?.intended({ acts: [] });
    for (const { gid } of facts.gone ?? []) void this.relast(gid);
  }

  /** Acts that only the user sees, and that are done. */
  private doneAlone({ sights, stars }: Facts): readonly string[] {
    if (sights === undefined && stars === undefined) return [];
    const { living } = this.replica;
    const isDone = ({ gid, deed, on }: Act): boolean => {
      const sight = living.sight(gid);
      if (deed.is === "clear") return sight.clearedSeq >= deed.seq;
      if (deed.is === "hide") return on.every(({ seq }) => seq !== null && !sees(sight, seq));
      return false;
    };
    return this.intents.acts().filter((act) => act.state.is !== "failed" && isDone(act)).map(({ id }) => id);
  }

  /** What stood last in the list is gone: what does now. */
  private async relast(gid: number): Promise<void> {
    for (let pages = 0; pages < PAGES_UP; pages++) {
      const group = this.replica.groups.get(gid);
      if (this.stopped || this.leader === null || group === undefined || group.last !== null) return;
      const lowest = bottom(group.covered);
      await this.writer.settled();
      const [message] = await this.writer.page(gid, lowest, group.lastSeq + 1, 1).catch(() => []);
      if (this.stopped) return;
      if (message !== undefined && sees(this.replica.living.sight(gid), message.seq)) {
        this.learned(ofFacts(this.replica.relast(gid, message)), "quietly");
        return;
      }
      if (lowest <= 1 || this.replica.living.sight(gid).clearedSeq >= lowest - 1 || !(await this.fetchOlder(gid))) return;
    }
  }

  /** It is in the store, so it may be spoken of. */
  private stored(batch: Batch): void {
    const arrivals = this.arrivals;
    this.arrivals = [];
    this.tabs.share(batch, arrivals);
  }

  /** Another tab has learned or intends something. */
  private heard(batch: Batch, arrivals: readonly Arrival[]): void {
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
      void this.aim(intents.acts ?? []);
    }
  }

  /** Acts on messages that were not stored yet when they were asked for, and are by now: finds those. */
  private async aim(acts: readonly Act[]): Promise<void> {
    const lost = acts.filter(({ on }) => on.some(({ key, id }) => id === null && !this.isWaiting(key)));
    for (const { gid, deed, id } of lost) {
      await this.writer.settled();
      const lastSeq = this.replica.groups.get(gid)?.lastSeq ?? 0;
      const newest = await this.writer.page(gid, 1, lastSeq + 1, NEWEST).catch(() => []);
      if (this.stopped) return;
      const done = this.intents.doneBy(newest);
      const isFound = [...(done.acts ?? []).map((act) => act.id), ...(done.settled ?? [])].includes(id);
      // One that was recalled may turn up yet.
      const settled = isFound || deed.is === "recall" ? (done.settled ?? []) : [...(done.settled ?? []), id];
      this.learned(ofIntents({ ...done, settled }), "quietly");
      this.leader?.intended({ acts: done.acts ?? [] });
    }
  }

  private isWaiting(key: string): boolean {
    const prefix = keyOf(this.replica.uid, "");
    return key.startsWith(prefix) && this.intents.entry(key.slice(prefix.length)) !== undefined;
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
    if (intents.rewrites !== undefined) this.forgetWords();
    if (this.leader !== null && intents.acts !== undefined) void this.aim(intents.acts);
  }

  /** Recalled words are kept for a while only. */
  private forgetWords(): void {
    this.forgetting?.();
    this.forgetting = null;
    const { rewrites, nextMs } = this.doing.stale();
    if (rewrites.length > 0) {
      this.show(ofIntents({ rewrites }));
      void this.store.write(ofIntents({ rewrites })).catch(() => undefined);
      for (const { gid } of rewrites) this.views.touchChat(gid);
    }
    if (nextMs !== null) this.forgetting = this.ports.after(nextMs, () => this.forgetWords());
  }

  private show(batch: Batch): void {
    const { facts, intents } = batch;
    for (const id of intents.settled ?? []) {
      const gid = this.intents.entry(id)?.gid ?? this.intents.act(id)?.gid;
      if (gid === undefined) continue;
      this.views.touchChat(gid);
      this.unsaved.settled(id);
    }
    if (facts.anew === true) this.intents.forgetOfStore();
    this.intents.apply(intents);
    this.views.touch(batch);
    if (facts.anew === true) this.reopen();
    const { groups = [], messages = [], changed = [], gone = [], events = [], singles } = facts;
    const ofChat = (all: readonly StoredMessage[], gid: number): readonly StoredMessage[] => all.filter((one) => one.gid === gid);
    for (const { gid } of groups) {
      const window = this.windows.get(gid);
      this.detours.get(gid)?.append(ofChat(messages, gid));
      if (window === undefined) continue;
      window.append(ofChat(messages, gid));
      void window.open(this.views.unread(gid));
      this.doubtPins(gid);
    }
    // What a leader has stored comes as one, new or not.
    const told = [...messages, ...changed];
    for (const gid of new Set(told.map((message) => message.gid))) {
      for (const part of [this.windows.get(gid), this.detours.get(gid)]) part?.change(ofChat(told, gid));
    }
    for (const { gid } of gone) {
      const sight = this.replica.living.sight(gid);
      for (const part of [this.windows.get(gid), this.detours.get(gid)]) part?.drop((seq) => sees(sight, seq));
    }
    this.quotes.change(told);
    this.pins.change(told);
    this.lists.remember(told.filter(({ gid, uid, clientMsgId }) => this.lists.find(gid, keyOf(uid, clientMsgId)) !== null));
    this.typists.wrote(messages);
    // One that was scheduled is sent now.
    if (messages.some(({ uid, clientMsgId }) => uid === this.replica.uid && clientMsgId.startsWith("sched:"))) this.reschedule();
    for (const gid of new Set(events.map((event) => event.gid))) {
      const known = this.happened.get(gid);
      if (known !== undefined) this.happened.set(gid, joined(known, events, gid));
      this.people.count(gid);
    }
    this.people.introduce(messages);
    if (singles?.me !== undefined) this.events.me(singles.me);
    this.soon();
  }

  /** Nothing that was loaded is of this history. */
  private reopen(): void {
    const { windows, detours, left, happened, mentionAt, bottoms, people, quotes, pins, lists, typists } = this;
    for (const known of [windows, detours, left, happened, mentionAt, bottoms, people, quotes, pins, lists, typists]) known.clear();
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

  /** Messages of others, and those that have come to mention the user. */
  private arrivalsOf({ messages = [] }: Facts, how: "live" | "sync" | "quietly"): readonly Arrival[] {
    const rung = this.replica.living.rung();
    if (how === "quietly") return [];
    const mentions = new Set(rung);
    const news = [...messages, ...rung.filter((message) => !messages.includes(message))];
    const others = news.filter((message) => message.uid !== this.replica.uid && this.isUnread(message.gid, message.seq));
    const arrivals = others.map((message): Arrival => ({ message, mention: mentions.has(message) }));
    if (how === "live") return arrivals;
    // After an absence one word of each chat is enough: that one is mentioned, if one is.
    const ofChat = new Map<number, Arrival>();
    for (const arrival of arrivals) {
      const { gid } = arrival.message;
      if (arrival.mention || ofChat.get(gid)?.mention !== true) ofChat.set(gid, arrival);
    }
    return [...ofChat.values()];
  }

  private announce(arrivals: readonly Arrival[]): void {
    if (arrivals.length === 0 || !this.tabs.notifies) return;
    this.announced.push(...arrivals);
    this.soon();
  }

  private async wished(wish: Wish): Promise<boolean> {
    if (this.leader === null) return false;
    switch (wish.want) {
      case "sync":
        return this.leader.sync();
      case "older":
        return this.fetchOlder(wish.gid);
      case "around":
        return this.fetchAround(wish.gid, wish.around);
    }
  }

  /** The part of a chat around a message. */
  private async fetchAround(gid: number, around: Around): Promise<boolean> {
    const { home, groups } = this.replica;
    const lastSeq = groups.get(gid)?.lastSeq ?? 0;
    const answer = mapped(await this.rest.ask(live.around, { gid, ...around }), messageList);
    if (!answer.ok || this.stopped || this.replica.isOfAnother(home?.store ?? null)) return false;
    this.learned(ofFacts(this.replica.fillAround(gid, around, answer.value, lastSeq)), "quietly");
    await this.writer.settled();
    return true;
  }

  /** Runs of messages of a chat that are in memory. */
  private loaded(gid: number): readonly (readonly StoredMessage[])[] {
    return [this.windows.get(gid)?.messages ?? [], this.detours.get(gid)?.messages ?? []];
  }

  /** The message of that name, wherever it was met. */
  private find(gid: number, key: string): StoredMessage | null {
    const { last } = this.replica.groups.get(gid) ?? { last: null };
    const others = [this.pins.of(gid) ?? [], last === null ? [] : [last]];
    for (const messages of [...this.loaded(gid), ...others]) {
      const found = messages.findLast(({ uid, clientMsgId }) => keyOf(uid, clientMsgId) === key);
      if (found !== undefined) return found;
    }
    return this.lists.find(gid, key);
  }

  /** Where a message is. Null: that could not be found out. */
  private async locate(gid: number, to: { id: number } | { seq: number }): Promise<StoredMessage | "gone" | null> {
    if ("id" in to) return this.quotes.inMemory(gid, to.id) ?? this.fetchMessage(gid, to.id);
    const { seq } = to;
    if (!sees(this.views.sight(gid), seq) || seq > (this.replica.groups.get(gid)?.lastSeq ?? 0)) return "gone";
    const isAt = (message: StoredMessage): boolean => message.seq === seq;
    const loaded = this.loaded(gid).flatMap((messages) => messages.find(isAt) ?? []);
    if (loaded[0] !== undefined) return loaded[0];
    const stored = async (): Promise<StoredMessage | undefined> => (await this.writer.page(gid, seq, seq + 1, 1).catch(() => []))[0];
    const found = await stored();
    if (found !== undefined) return found;
    const done = await this.within(OLDER_MS, this.tabs.wish({ want: "around", gid, around: { seq, before: 1, after: 1 } }));
    return (await stored()) ?? (done ? "gone" : null);
  }

  /** A message by its id: from the store, else from the server. */
  private async fetchMessage(gid: number, msgId: number): Promise<StoredMessage | "gone" | null> {
    const { histories } = this;
    const lastSeq = this.replica.groups.get(gid)?.lastSeq ?? 0;
    const at = async (seq: number): Promise<StoredMessage | undefined> => (await this.writer.page(gid, 1, seq + 1, 1))[0];
    const stored = await findById(at, lastSeq, msgId).catch(() => null);
    if (histories !== this.histories) return null;
    if (stored !== null) return stored;
    const answer = await this.rest.ask(live.getMessage, { gid, msgId });
    if (this.stopped || histories !== this.histories) return null;
    if (answer.ok) return listed(answer.value);
    return answer.problem.is === "refused" ? "gone" : null;
  }

  private async fetchPins(gid: number): Promise<readonly StoredMessage[] | null> {
    const { histories } = this;
    this.bottoms.set(gid, bottom(this.replica.groups.get(gid)?.covered ?? []));
    const answer = mapped(await this.rest.ask(live.pins, { gid }), messageList);
    if (this.stopped || histories !== this.histories) return null;
    if (answer.ok) this.meet(this.replica.introduce(answer.value.users));
    if (answer.ok) return answer.value.messages;
    // One who may not see the chat any more sees no pins.
    return answer.problem.is === "refused" ? [] : null;
  }

  /** A server from before there were pins says nothing of who sets them. */
  private watchPins(gid: number): void {
    const settings = this.replica.groups.get(gid)?.settings ?? null;
    if (settings !== null && this.published.chat.get(gid)?.isWatched === true) this.pins.watch(gid);
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

  private connected(status: ConnectionState): void {
    this.events.status(status);
    // It may not have been known before, or have changed meanwhile.
    if (status.is === "online") this.reschedule();
  }

  private reschedule(): void {
    if (this.published.scheduled.isWatched) void this.later.load();
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
    // What is old does not arrive.
    this.learned(ofFacts(this.replica.fill(gid, beforeSeq, PAGE, answer.value)), "quietly");
    // In vain: then the lines between these messages are missing, and no message is.
    const fromSeq = messages.length < PAGE ? 0 : (messages[0]?.seq ?? 0);
    const lines = { gid, fromSeq, toSeq: beforeSeq - 1 };
    const happened = group.mode === 1 ? null : await this.rest.ask(wire.listEvents, lines);
    if (this.stopped) return false;
    if (happened?.ok === true) this.learned(ofFacts(this.replica.happened(gid, happenedPage(happened.value))), "quietly");
    await this.writer.settled();
    return true;
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
      this.detours.delete(gid);
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
    const shown = this.loaded(gid).flatMap((messages) => messages.findLast((message) => message.seq <= seq) ?? []).sort((a, b) => b.seq - a.seq)[0];
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

  /** What expires is not shown any more, whether the server has said so already or not. */
  private expireNext(): void {
    this.expiring?.();
    this.expiring = null;
    const next = this.views.nextExpiry();
    if (next === null) return;
    const wait = Math.min(Math.max(next - this.ports.now() - this.clock.ahead.get(), 0), MOST_WAIT_MS);
    this.expiring = this.ports.after(wait, () => {
      this.views.touchAll();
      this.soon();
    });
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
    for (const { message, mention } of announced) this.events.arrived(message.gid, this.views.message(message), mention);
    this.published.scheduled.set(this.later.list(this.intents.acts()));
    this.expireNext();
    // By then it is drawn.
    this.ports.after(0, () => {
      this.pauseMs = Math.min(Math.max(PUBLISH_MS, 2 * (this.ports.elapsed() - began)), MOST_PAUSE_MS);
    });
  }
}

const NO_SUCH_MESSAGE: Outcome<never> = { ok: false, problem: { is: "refused", message: "no such message" } };

/** Of the chat, each once, ascending. */
function joined(known: readonly EventRecord[], more: readonly EventRecord[], gid: number): readonly EventRecord[] {
  const all = new Map(known.map((event) => [event.rev, event]));
  for (const event of more) if (event.gid === gid && !all.has(event.rev)) all.set(event.rev, event);
  return all.size === known.length ? known : [...all.values()].sort((a, b) => a.rev - b.rev);
}
