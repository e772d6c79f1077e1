// The user who is logged in, in one tab: what it knows, what it shows, and who does the work.

import type { Act } from "./acts";
import { Arrivals } from "./arrivals";
import { Attaching } from "./attaching";
import type { Attachment, ChatView, ConnectionState, Extras, Files, Message, SentKind, User } from "./contract";
import { Doing, tooLong } from "./doing";
import { Fetching } from "./fetching";
import { Intended } from "./intended";
import { emptyStore } from "./keeping";
import { Later } from "./later";
import { Leader } from "./leader";
import type { Lists } from "./lists";
import { Met } from "./met";
import { OpenChats } from "./openChats";
import { Pacing } from "./pacing";
import { People } from "./people";
import type { Ports, Signal } from "./ports";
import { Replica } from "./replica";
import type { Rest } from "./rest";
import type { ServerClock } from "./serverclock";
import { sees } from "./sight";
import {
  type Addressee,
  type Batch,
  type Draft,
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
import { Tails } from "./tails";
import { Typists } from "./typing";
import { Unsaved } from "./unsaved";
import { type Published, Views } from "./views";
import { keyOf } from "./wire";
import { Writer } from "./writer";

export interface LoggedInEvents {
  status(status: ConnectionState): void;
  /** The account as it is now. */
  me(me: User): void;
  arrived(gid: number, message: Message, mention: boolean): void;
  out(why: "revoked" | "disabled"): void;
}

/** How files are attached. */
type Attached = NonNullable<Parameters<Files["attach"]>[2]>;

/** A draft is stored and told to the other tabs when the typing pauses. */
const DRAFT_MS = 400;
/** A message is shown when it is stored, or after so long. */
const STORING_MS = 1_000;
/** What was read from the store so lately need not be read again to lead. */
const FRESH_MS = 1_000;
/** A message whose place is not known is looked for among so many of the newest. */
const NEWEST = 500;
/** Timers take no more than this. */
const MOST_WAIT_MS = 3_600_000;

export class LoggedIn {
  readonly replica: Replica;
  private readonly intents = new Intended();
  private readonly typists: Typists;
  readonly people: People;
  readonly open: OpenChats;
  private readonly fetching: Fetching;
  readonly doing: Doing;
  readonly attaching: Attaching;
  private readonly met: Met;
  private lists: Lists | null = null;
  readonly later: Later;
  private readonly views: Views;
  private readonly tails: Tails;
  private readonly writer: Writer;
  private readonly unsaved: Unsaved;
  private readonly tabs: Tabs;
  private readonly unclock: () => void;
  private leader: Leader | null = null;
  private loadedAt = -Infinity;
  private stopped = false;
  /** Learned and not yet stored: the other tabs are told of them together. */
  private arrivals: Arrival[] = [];
  private readonly arrived: Arrivals;
  private readonly drafts = new Map<number, Draft>();
  private storingDrafts: (() => void) | null = null;
  private expiring: (() => void) | null = null;
  private forgetting: (() => void) | null = null;
  private readonly pacing: Pacing;
  /** Arrived, and told of when it is shown. */
  private announced: Arrival[] = [];

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
    this.arrived = new Arrivals(this.replica, (gid, seq) => this.isUnread(gid, seq));
    this.pacing = new Pacing(ports, () => this.tell());
    const { replica } = this;
    const { after, frame } = ports;
    this.writer = new Writer(store, after, frame, (batch) => this.stored(batch));
    const shared = {
      isStopped: () => this.stopped,
      isWatched: (gid: number) => published.chat.get(gid)?.isWatched === true,
      met: (facts: Facts) => this.meet(facts),
      touched: (gid: number) => this.touched(gid),
    };
    this.people = new People(ports, rest, replica, shared);
    this.open = new OpenChats(ports, rest, replica, this.writer, {
      ...shared,
      views: () => this.views,
      wish: (wish) => this.tabs.wish(wish),
      publish: () => this.publish(),
    });
    this.typists = new Typists(ports, (uid) => this.views.user(uid), shared.touched);
    const { open, typists, people } = this;
    const { windows, detours, quotes, pins, happened } = open;
    this.tails = new Tails(replica, (...asked) => this.writer.page(...asked), shared.touched);
    const { tails } = this;
    const shown = { tails, windows, detours, quotes, pins, happened, typists, large: people.large };
    this.views = new Views(replica, this.intents, shown, published, () => clock.ahead.get(), () => ports.now() + clock.ahead.get());
    this.fetching = new Fetching(rest, replica, this.writer, () => this.leader !== null && !this.stopped, (facts) => {
      this.learned(ofFacts(facts), "quietly");
    });
    this.doing = new Doing(
      ports,
      replica,
      this.intents,
      (gid, key) => open.find(gid, key) ?? this.met.find(gid, key),
      (intents) => void this.intend(intents),
    );
    this.attaching = new Attaching(ports, this.intents, store, uid, {
      share: (file) => this.tabs.shareFile(file),
      shareWent: (clientMsgId, upload) => this.tabs.shareWent(clientMsgId, upload),
    });
    this.met = new Met(this.views);
    this.later = new Later(rest, () => this.publish());
    this.unclock = clock.ahead.subscribe(() => this.clockSet());
    this.unsaved = new Unsaved(ports.notes, uid);
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
      file: (file) => this.attaching.heard(file),
      went: (clientMsgId, upload) => this.attaching.told(clientMsgId, upload),
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
    this.tails.look();
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
    this.attaching.clear();
    this.expiring?.();
    this.forgetting?.();
    this.leader?.stop();
    this.leader = null;
    this.tabs.stop();
    await this.writer.stop();
  }

  /** Forgets what is stored: all of it, or all but what was not sent yet. */
  async forget(all: boolean): Promise<void> {
    const stopped = this.stop();
    if (all) this.unsaved.clear();
    await stopped;
    if (all) await emptyStore(this.ports, this.replica.uid, this.store);
    else await this.store.clear(false).catch(() => undefined);
    this.store.close();
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
        this.pacing.late();
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

  listing(lists: typeof Lists): Lists {
    const { rest, views, met, later, replica } = this;
    this.lists ??= new lists(
      rest,
      views,
      met,
      later,
      this.ports.uuid,
      (gid, key) => this.doing.target(gid, key)?.id ?? null,
      (users) => this.meet(replica.introduce(users)),
    );
    return this.lists;
  }

  /** Somebody looks at the chat. */
  watch(gid: number): void {
    this.open.watch(gid);
    void this.people.list(gid);
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

  /** At once, as for `send`: what is written behind them waits for them. */
  async attach(gid: number, items: readonly Attachment[], how: Attached, maxBytes: number): Promise<void> {
    const { to: seen, album: together = false, ...extras } = how;
    const album = together && items.length > 1 ? this.ports.uuid() : null;
    const to = this.gone(seen) ?? this.replica.addressee(gid);
    const pending = items.map((item, index): Pending => {
      const clientMsgId = this.ports.uuid();
      const [at, order, after] = [this.ports.now(), this.intents.nextOrder(), this.replica.newestId];
      const taken = this.attaching.take(clientMsgId, item, album);
      const tooLarge = { is: "failed", reason: `a file: at most ${maxBytes} bytes` } as const;
      const state = item.blob.size > maxBytes ? tooLarge : tooLong(taken.content);
      // What is said beside them is said once.
      return { clientMsgId, gid, ...taken, at, order, after, state, to, ...(index === 0 && { extras }) };
    });
    await this.intend({ pending });
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
    const message = await this.open.messageAt(gid, seq);
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
      file: (clientMsgId) => this.attaching.file(clientMsgId),
      went: (clientMsgId, upload) => this.attaching.went(clientMsgId, upload),
    });
    void this.attaching.sweep(() => this.stopped);
    void this.aim(this.intents.acts());
    for (const { gid, last, lastSeq } of this.replica.groups.values()) if (last === null && lastSeq > 0) void this.fetching.last(gid);
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
    const arrivals = this.arrived.of(facts, how);
    this.arrivals.push(...arrivals);
    if (facts.anew !== true) this.writer.add(whole);
    this.announce(arrivals);
    if (told.length > 0 && this.intents.acts().length > 0) this.leader?.intended({ acts: [] });
    for (const { gid } of facts.gone ?? []) void this.fetching.last(gid);
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
    if (intents.settled !== undefined) this.attaching.settled(intents.settled, this.leader !== null);
    if (facts.anew === true) this.intents.forgetOfStore();
    this.intents.apply(intents);
    if (intents.pending !== undefined || intents.settled !== undefined) this.attaching.look();
    this.views.touch(batch);
    if (facts.anew === true) this.reopen();
    const { messages = [], changed = [], events = [], singles } = facts;
    this.open.learned(facts);
    this.tails.learned(facts);
    const told = [...messages, ...changed];
    const met = told.filter(({ gid, uid, clientMsgId }) => this.met.find(gid, keyOf(uid, clientMsgId)) !== null);
    this.met.remember(met);
    if (met.length > 0) this.published.listed.set(this.met.listed());
    this.typists.wrote(messages);
    // One that was scheduled is sent now.
    if (messages.some(({ uid, clientMsgId }) => uid === this.replica.uid && clientMsgId.startsWith("sched:"))) this.reschedule();
    for (const gid of new Set(events.map((event) => event.gid))) this.people.count(gid);
    this.people.introduce(messages);
    if (singles?.me !== undefined) this.events.me(singles.me);
    this.soon();
  }

  /** Nothing that was loaded is of this history. */
  private reopen(): void {
    for (const known of [this.open, this.tails, this.people, this.met, this.typists, this.arrived]) known.clear();
    this.lists = null;
    for (const [gid, cell] of this.published.chat) if (cell.isWatched) this.watch(gid);
  }

  /** A chat without messages has been seen: it is new no longer, on this device. */
  private opened(gid: number): void {
    if (this.intents.marks.has(gid) || this.replica.groups.get(gid)?.last !== null) return;
    const marks = [{ gid, seq: 0, msgId: 0 }];
    this.intended({ marks });
    void this.store.write(ofIntents({ marks })).catch(() => undefined);
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
        return this.fetching.older(wish.gid);
      case "around":
        return this.fetching.around(wish.gid, wish.around);
    }
  }

  private connected(status: ConnectionState): void {
    this.events.status(status);
    // It may not have been known before, or have changed meanwhile.
    if (status.is === "online") this.reschedule();
  }

  private reschedule(): void {
    if (this.published.scheduled.isWatched) void this.later.load();
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

  private failed(gid: number, key: string): Pending | null {
    const entry = this.intents.outbox(gid).find((one) => keyOf(this.replica.uid, one.clientMsgId) === key);
    return entry?.state.is === "failed" ? entry : null;
  }

  private isUnread(gid: number, seq: number): boolean {
    const group = this.replica.groups.get(gid);
    return group !== undefined && seq > Math.max(group.readSeq, this.intents.marks.get(gid)?.seq ?? 0);
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
    this.pacing.soon();
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

  private publish(): void {
    if (!this.stopped) this.pacing.now();
  }

  private tell(): void {
    if (this.stopped) return;
    this.views.publish();
    const { announced } = this;
    this.announced = [];
    for (const { message, mention } of announced) this.events.arrived(message.gid, this.views.message(message), mention);
    this.published.scheduled.set(this.later.list(this.intents.acts()));
    this.expireNext();
  }
}
