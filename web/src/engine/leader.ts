// Keeps the account connected and the replica up to date: connects, logs in, syncs, sends, and begins anew
// whatever happens. Of all tabs one leads.

import { Backoff } from "./backoff";
import type { ConnectionState, Upload } from "./contract";
import { askFor, lookAt } from "./asking";
import type { Intended, Item } from "./intended";
import { MOST_MENTIONS } from "./living";
import { Outbox } from "./outbox";
import { MAX_SYNC_GROUPS } from "./limits.gen";
import type { Ports } from "./ports";
import { NOBODY, Presence } from "./presence";
import { Receipts } from "./receipts";
import type { Pushed } from "./changes";
import type { Replica } from "./replica";
import { type Rest, mapped } from "./rest";
import { Connection, type End } from "./socket";
import { judged, marked } from "./history";
import { type Batch, type Intents, type KeptFile, isNothing, ofFacts, ofIntents } from "./storage";
import { Telling } from "./typing";
import { LazyUploads } from "./lazyUploads";
import { type Incoming, messageList, sameStore, syncAnswer } from "./wire";
import { type StoreState, listMentions, markGroupRead, sync } from "./wire.gen";

export interface LeaderEvents {
  /** To be shown, stored and told to the other tabs; `quietly` where nobody is to be told of what is new in it. */
  learned(batch: Batch, how: "live" | "sync" | "quietly"): void;
  status(status: ConnectionState): void;
  online(online: ReadonlySet<number>): void;
  /** Somebody else is writing. */
  types(gid: number, uid: number): void;
  /** What one has scheduled may be otherwise now. */
  rescheduled(): void;
  /** The server's time, in an answer that took so long. */
  clock(serverNow: number, tookMs: number): void;
  out(why: "revoked" | "disabled"): void;
  /** What a message takes along; null: this device does not have it. */
  file(clientMsgId: string): Promise<KeptFile | null>;
  /** Null: nothing is under way. */
  went(clientMsgId: string, upload: Upload | null): void;
}

/** Rows of a sync answer, the most that the server gives. */
const SYNC_ROWS = 1_000;
/** Messages of each chat at first, so that a large account is soon there; and later, after an absence. */
const FIRST_WINDOW = 50;
const WINDOW = 200;
/** A missing receipt may wait so long; in a busy group many are healed by one sync. */
const HEAL_MS = 1_000;
/** After so many syncs that failed people are told. */
const TROUBLED = 3;
/** Where they could not be had they are asked for again. */
const NAMING_MS = 10_000;
/** More frames than this are not held while a sync runs: the next one brings them. */
const HELD = 5_000;

const LOGIN_LOST: End = { next: "retry", asked: null, slowly: false, blamed: null };

type PushedFrame = Extract<Incoming, { is: "message" | "notice" }>;

export class Leader {
  private readonly outbox: Outbox;
  private readonly uploads: LazyUploads;
  private readonly receipts: Receipts;
  private readonly presence: Presence;
  private readonly telling: Telling;
  private readonly backoff: Backoff;
  private readonly syncBackoff: Backoff;
  private connection: Connection | null = null;
  /** What the Login was told; null as long as there is none, or from a server that does not tell. */
  private server: StoreState | null = null;
  private status: ConnectionState = { is: "connecting" };
  private ready = false;
  private stopped = false;
  private retry: (() => void) | null = null;
  private heal: (() => void) | null = null;
  private resync: (() => void) | null = null;
  private naming: (() => void) | null = null;
  private running: Promise<boolean> | null = null;
  private wanted = false;
  private syncsFailed = 0;
  private round = 0;
  private held: { readonly frame: PushedFrame; readonly round: number }[] = [];

  constructor(
    private readonly ports: Ports,
    private readonly rest: Rest,
    private readonly token: string,
    private readonly replica: Replica,
    private readonly intents: Intended,
    private readonly events: LeaderEvents,
  ) {
    this.backoff = new Backoff(ports.random);
    this.syncBackoff = new Backoff(ports.random);
    this.outbox = new Outbox(ports, replica.uid, intents, {
      mayGo: (item) => this.mayGo(item),
      send: (frame) => this.connection?.send(frame),
      ask: async (act) => {
        const answer = await askFor(rest, replica, act);
        if (answer.ok && !this.stopped) this.events.learned(ofFacts(answer.value), "live");
        if (answer.ok && act.deed.is === "schedule") this.events.rescheduled();
        return answer;
      },
      look: async (acts) => {
        const facts = await lookAt(rest, replica, acts);
        if (facts !== null && !this.stopped) this.events.learned(ofFacts(facts), "live");
        return facts !== null;
      },
      changed: (changed) => this.events.learned(ofIntents(changed), "live"),
      upload: (entries) => this.uploads.want(entries),
      sync: () => this.sync(),
      loginLost: () => this.reconnect(LOGIN_LOST),
    });
    this.uploads = new LazyUploads(ports, token, {
      entry: (id) => intents.entry(id),
      file: (id) => this.events.file(id),
      went: (id, upload) => this.events.went(id, upload),
      changed: (entry) => {
        this.events.learned(ofIntents({ pending: [entry] }), "live");
        this.outbox.flush();
      },
      loginLost: () => this.reconnect(LOGIN_LOST),
    });
    this.receipts = new Receipts(
      ports,
      replica,
      intents,
      (frame) => this.connection?.send(frame),
      // Tried again with the next connection, as nothing of it is kept.
      (gid) => void this.rest.ask(markGroupRead, { gid }),
    );
    this.telling = new Telling(ports, replica.uid, (frame) => this.connection?.send(frame));
    this.presence = new Presence(ports, replica, {
      send: (frame) => this.connection?.send(frame),
      changed: (online) => this.events.online(online),
    });
  }

  start(): void {
    // What the leader before this one knew is not known any more.
    this.events.online(NOBODY);
    this.connect();
  }

  stop(): void {
    this.stopped = true;
    this.disconnected();
    this.uploads.stop();
    this.retry?.();
  }

  /** There is something new to send. */
  intended({ pending, acts, drafts, marks }: Intents): void {
    if (pending !== undefined || acts !== undefined) this.outbox.flush();
    for (const mark of marks ?? []) this.receipts.marked(mark.gid);
    // Late: the history it was written for is gone, and the present one known. Otherwise the sync judges it.
    const written = [...(pending ?? []), ...(drafts ?? [])].map(({ to }) => to?.store ?? null);
    const late = [...written, ...(acts ?? []).map(({ store }) => store)].some((store) => this.replica.isOfAnother(store));
    if (late && this.status.is === "online") this.judge();
  }

  /** One is writing in a chat. */
  types(gid: number): void {
    if (this.ready) this.telling.types(gid);
  }

  /** The network may be back, or somebody looks: the time to try, or to make sure. */
  wake(): void {
    if (this.stopped) return;
    if (this.connection !== null) this.connection.probe();
    else this.connect();
  }

  /** Asks what was missed, until nothing is. Whether that came through. */
  sync(): Promise<boolean> {
    this.wanted = true;
    this.running ??= this.syncAll();
    return this.running;
  }

  private connect(): void {
    this.retry?.();
    this.retry = null;
    this.tell({ is: "connecting" });
    const who = { uid: this.replica.uid, token: this.token };
    this.connection = new Connection(this.ports, who, {
      ready: (store) => this.loggedIn(store),
      // The answer tells the server's time.
      timeJumped: () => void this.sync(),
      frame: (frame) => this.heard(frame),
      ended: (end) => this.reconnect(end),
    });
  }

  /** Subscribed; so what is read from now on misses nothing. */
  private loggedIn(store: StoreState | null): void {
    this.ready = true;
    this.server = store;
    this.tell({ is: "syncing", troubled: false });
    this.uploads.up();
    this.outbox.up();
    this.presence.up();
    void this.sync();
  }

  private synced(): void {
    this.syncsFailed = 0;
    this.syncBackoff.reset();
    // Friends and chats come by sync alone.
    this.presence.look();
    this.outbox.synced();
    void this.nameMentions();
    if (!this.ready || this.status.is !== "syncing") return;
    this.backoff.reset();
    this.receipts.up();
    this.tell({ is: "online" });
  }

  private reconnect(end: End): void {
    this.disconnected();
    if (this.stopped) return;
    if (end.next === "out") {
      this.stopped = true;
      this.events.out(end.why);
      return;
    }
    if (end.blamed !== null) this.outbox.blame(end.blamed);
    if (end.slowly) this.backoff.exhaust();
    const pause = end.asked ?? this.backoff.next();
    this.tell({ is: "offline", retryAt: this.ports.elapsed() + pause });
    this.retry = this.ports.after(pause, () => this.connect());
  }

  private disconnected(): void {
    this.ready = false;
    this.server = null;
    this.connection?.drop();
    this.connection = null;
    this.outbox.down();
    this.uploads.down();
    this.receipts.down();
    this.presence.down();
    this.heal?.();
    this.heal = null;
    this.resync?.();
    this.resync = null;
    this.naming?.();
    this.naming = null;
    this.held = [];
  }

  private heard(frame: Incoming): void {
    switch (frame.is) {
      case "ack":
      case "error":
        // A word of writing needs no answer.
        if (!this.outbox.answered(frame) && !this.presence.answered(frame)) this.receipts.answered(frame);
        break;
      case "message":
        this.presence.wrote(frame.message);
        this.fitIn(frame, this.round);
        break;
      case "notice":
        this.noticed(frame);
        break;
      case "unknown":
        break;
    }
  }

  private noticed(frame: Extract<Incoming, { is: "notice" }>): void {
    const { kind, uid, gid } = frame.notice;
    if (this.presence.heard(frame.notice)) return;
    if (kind === "Typing") {
      if (gid !== null) this.events.types(gid, uid);
    } else if (kind.startsWith("Schedule")) this.events.rescheduled();
    else this.fitIn(frame, this.round);
  }

  /** Asks which of the unread messages mention the user, where not all that the server has counted are known. */
  private async nameMentions(): Promise<void> {
    for (const { gid, told } of this.replica.living.doubtful) {
      const { home } = this.replica;
      const lastSeq = this.replica.groups.get(gid)?.lastSeq ?? 0;
      const size = Math.min(Math.max(told ?? 0, 1), MOST_MENTIONS);
      const answer = mapped(await this.rest.ask(listMentions, { gid, page: 1, size }), messageList);
      if (this.stopped || this.replica.isOfAnother(home?.store ?? null)) return;
      if (answer.ok) this.events.learned(ofFacts(this.replica.mentioned(gid, answer.value, lastSeq)), "live");
      else if (answer.problem.is !== "refused") this.nameMentionsLater();
    }
  }

  private nameMentionsLater(): void {
    if (!this.ready) return;
    this.naming ??= this.ports.after(NAMING_MS, () => {
      this.naming = null;
      void this.nameMentions();
    });
  }

  private fitIn(frame: PushedFrame, round: number): void {
    if (this.replica.isOfAnother(this.server)) {
      // It follows on what the sync brings, and not on what is known of another history.
      if (this.held.length < HELD) this.held.push({ frame, round });
      else this.wanted = true;
      return;
    }
    const { fit, facts } = this.take(frame);
    if (Object.keys(facts).length > 0) this.events.learned(ofFacts(facts), "live");
    for (const message of facts.messages ?? []) this.receipts.arrived(message.gid);
    if (fit === "early") {
      this.heal ??= this.ports.after(HEAL_MS, () => {
        this.heal = null;
        void this.sync();
      });
    } else if (fit === "gap" && round === this.round) {
      // Kept: it follows on what the sync brings. If it does not, a sync that began later knows better.
      if (isOfGroup(frame) && this.held.length < HELD) this.held.push({ frame, round });
      void this.sync();
    }
  }

  private take(frame: PushedFrame): Pushed {
    return frame.is === "message" ? this.replica.push(frame.message) : this.replica.notice(frame.notice);
  }

  private async syncAll(): Promise<boolean> {
    try {
      while (this.wanted) {
        this.wanted = false;
        this.round += 1;
        const problem = await this.syncOnce();
        if (this.stopped) return false;
        if (problem !== null) {
          this.retrySync(problem.seconds);
          return false;
        }
        const held = this.held;
        this.held = [];
        for (const { frame, round } of held) this.fitIn(frame, round);
      }
      this.judge();
      this.synced();
      return true;
    } finally {
      // In the same breath as the last look at `wanted`, so that nobody joins what is over.
      this.running = null;
    }
  }

  private async syncOnce(): Promise<{ readonly seconds: number } | null> {
    let first = this.replica.rev === 0 && this.replica.groups.size === 0;
    let after: number | null = null;
    for (;;) {
      const request = this.replica.request(SYNC_ROWS, first ? FIRST_WINDOW : WINDOW, after, MAX_SYNC_GROUPS);
      const asked = this.ports.elapsed();
      const answer = mapped(await this.rest.ask(sync, request), syncAnswer);
      if (this.stopped) return null;
      if (!answer.ok) {
        return { seconds: "seconds" in answer.problem ? answer.problem.seconds : 0 };
      }
      const { now, store } = answer.value;
      // Of a server that has gone, or of one that this connection is not to.
      if (store !== null && this.server !== null && !sameStore(store, this.server)) return { seconds: 0 };
      if (now !== null) this.events.clock(now, this.ports.elapsed() - asked);
      const anew = this.replica.isOfAnother(store);
      const kept = anew ? marked(this.replica, this.intents) : {};
      first ||= anew;
      const facts = this.replica.merge(answer.value, first);
      this.events.learned({ facts, intents: kept }, first ? "quietly" : "sync");
      for (const group of facts.groups ?? []) this.receipts.arrived(group.gid);
      // Of another store everything was answered, whatever was asked for.
      const slice = anew ? undefined : request.to;
      if (answer.value.more) after = answer.value.next;
      else if (slice !== undefined) after = slice;
      else return null;
    }
  }

  private mayGo(item: Item): boolean {
    if (this.server === null) return true;
    if (this.replica.isOfAnother(this.server)) return false;
    const store = item.is === "act" ? item.act.store : (item.entry.to?.store ?? null);
    return store === null || sameStore(store, this.server);
  }

  /** All of the present history is known: what was written for another one finds its chat, or none. */
  private judge(): void {
    const { home } = this.replica;
    if (home === null) return;
    const batch = judged(this.replica, this.intents, home.store);
    if (isNothing(batch)) return;
    this.events.learned(batch, "live");
    this.outbox.flush();
  }

  /** Without a connection the next Login syncs. */
  private retrySync(seconds: number): void {
    if (!this.ready) return;
    if (++this.syncsFailed === TROUBLED && this.status.is === "syncing") this.tell({ is: "syncing", troubled: true });
    const pause = Math.max(seconds * 1_000, this.syncBackoff.next());
    this.resync ??= this.ports.after(pause, () => {
      this.resync = null;
      void this.sync();
    });
  }

  private tell(status: ConnectionState): void {
    this.status = status;
    this.events.status(status);
  }
}

/** Of a message or a receipt: what has a number among the changes of its group and can be taken as it is. */
function isOfGroup(frame: PushedFrame): boolean {
  return frame.is === "message" || (frame.notice.gid !== null && frame.notice.seq !== null);
}
