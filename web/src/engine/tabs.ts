// The tabs of one account in one browser: one leads, and all hear of what it learns.
//
// Leading is holding a Web Lock. A tab that has gone lets go of it, whatever ended it; one that the system
// has put to sleep may hold it for long, so a visible tab that gets no answer takes it away. Where there are
// no locks (as with plain HTTP) each tab leads itself, and still hears what the others intend.

import type { ConnectionState, Upload } from "./contract";
import type { Ports } from "./ports";
import { NOBODY } from "./presence";
import { type Batch, type Intents, type KeptFile, ofIntents } from "./storage";
import type { Around } from "./replica";
import type { StoredMessage } from "./wire";

/** What a tab may ask of the leader. */
export type Wish =
  | { readonly want: "sync" }
  | { readonly want: "older"; readonly gid: number }
  | { readonly want: "around"; readonly gid: number; readonly around: Around };

/** What one is told of: a message of somebody else, and whether it has come to mention oneself. */
export interface Arrival {
  readonly message: StoredMessage;
  readonly mention: boolean;
}

export interface TabEvents {
  /** From now on this tab leads. */
  lead(): void;
  /** It was taken away. */
  follow(): void;
  /** Another tab has learned or intends something. */
  heard(batch: Batch, arrivals: readonly Arrival[]): void;
  status(status: ConnectionState): void;
  online(online: ReadonlySet<number>): void;
  /** Somebody else is writing. */
  types(gid: number, uid: number): void;
  /** The user is writing in another tab. */
  typing(gid: number): void;
  /** What one has scheduled may be otherwise now. */
  rescheduled(): void;
  /** A tab has found what is to be sent; whoever left it there may not have lived to tell. */
  found(): void;
  /** How far the server's clock is ahead of this device's. */
  clock(ahead: number): void;
  /** What a message of another tab takes along. */
  file(file: KeptFile): void;
  /** How far the leader is with it. */
  went(clientMsgId: string, upload: Upload | null): void;
  /** The leader is asked. */
  wished(wish: Wish): Promise<boolean>;
}

type Told =
  | { readonly is: "batch"; readonly batch: Batch; readonly arrivals: readonly Arrival[] }
  /** `retryAt` counts from when it is told: no two tabs have the same moment to count from. */
  | { readonly is: "status"; readonly status: ConnectionState; readonly notifier: string | null }
  | { readonly is: "clock"; readonly ahead: number }
  | { readonly is: "online"; readonly online: ReadonlySet<number> }
  | { readonly is: "types"; readonly gid: number; readonly uid: number }
  | { readonly is: "typing"; readonly gid: number }
  | { readonly is: "rescheduled" }
  | { readonly is: "file"; readonly file: KeptFile }
  | { readonly is: "went"; readonly clientMsgId: string; readonly upload: Upload | null }
  | { readonly is: "found" }
  | { readonly is: "hello" }
  | { readonly is: "wish"; readonly id: string; readonly wish: Wish }
  | { readonly is: "granted"; readonly id: string; readonly done: boolean }
  | { readonly is: "seen"; readonly tab: string }
  | { readonly is: "gone"; readonly tab: string };

/** Of the messages among tabs: those of another build or account are not for this one. */
const VERSION = 6;
const WISH_MS = 20_000;
const ANSWER_MS = 4_000;
/** A tab that is looked at makes sure so often that somebody leads: a leader may be put to sleep at any time. */
const CHECK_MS = 20_000;

export class Tabs {
  private readonly self: string;
  private leading = false;
  private stopped = false;
  private visible = true;
  private status: ConnectionState = { is: "connecting" };
  private online = NOBODY;
  /** The tab that was looked at last: the one that notifies. Null: the leader. */
  private notifier: string | null = null;
  private release: () => void = () => undefined;
  private unlisten: () => void = () => undefined;
  private doubt: (() => void) | null = null;
  private uncheck: () => void = () => undefined;
  private readonly wishes = new Map<string, { readonly wish: Wish; readonly done: (done: boolean) => void }>();

  constructor(
    private readonly ports: Ports,
    private readonly uid: number,
    private readonly events: TabEvents,
  ) {
    this.self = ports.uuid();
  }

  /** Whether this tab keeps the connection. */
  get isLeader(): boolean {
    return this.leading;
  }

  /** Whether arrivals are announced here. */
  get notifies(): boolean {
    return this.notifier === null ? this.leading : this.notifier === this.self;
  }

  start(): void {
    const { channel } = this.ports;
    if (channel !== null) {
      this.unlisten = channel.listen((message) => {
        const told = this.read(message);
        if (told !== null) this.told(told);
      });
    }
    if (this.alone) this.got();
    else this.hold(false);
    this.look();
    this.checkLater();
  }

  stop(): void {
    if (this.stopped) return;
    this.tell({ is: "gone", tab: this.self });
    this.stopped = true;
    this.leading = false;
    this.doubt?.();
    this.uncheck();
    this.unlisten();
    this.release();
    for (const { done } of this.wishes.values()) done(false);
    this.wishes.clear();
  }

  /** The user looks at this tab. */
  look(): void {
    this.visible = true;
    this.notifier = this.self;
    this.tell({ is: "seen", tab: this.self });
    this.check();
  }

  lookAway(): void {
    this.visible = false;
  }

  /** The tab is closed, or left for a page that one may come back from. */
  close(): void {
    this.lookAway();
    this.tell({ is: "gone", tab: this.self });
  }

  /** What the user intends. */
  shareIntents(intents: Intents): void {
    this.tell({ is: "batch", batch: ofIntents(intents), arrivals: [] });
  }

  /** What this leader has learned. Where every tab leads each learns by itself. */
  share(batch: Batch, arrivals: readonly Arrival[]): void {
    if (!this.alone) this.tell({ is: "batch", batch, arrivals });
  }

  shareStatus(status: ConnectionState): void {
    this.status = status;
    if (!this.leading || this.alone) return;
    this.tell({ is: "status", status: moved(status, -this.ports.elapsed()), notifier: this.notifier });
  }

  shareClock(ahead: number): void {
    if (this.leading && !this.alone) this.tell({ is: "clock", ahead });
  }

  shareTypes(gid: number, uid: number): void {
    if (!this.alone) this.tell({ is: "types", gid, uid });
  }

  shareTyping(gid: number): void {
    this.tell({ is: "typing", gid });
  }

  shareFound(): void {
    this.tell({ is: "found" });
  }

  shareFile(file: KeptFile): void {
    this.tell({ is: "file", file });
  }

  shareWent(clientMsgId: string, upload: Upload | null): void {
    if (this.leading && !this.alone) this.tell({ is: "went", clientMsgId, upload });
  }

  shareRescheduled(): void {
    if (!this.alone) this.tell({ is: "rescheduled" });
  }

  shareOnline(online: ReadonlySet<number>): void {
    this.online = online;
    if (this.leading && !this.alone) this.tell({ is: "online", online });
  }

  /** Has the leader do something; false where it did not work, or nobody leads for too long. */
  wish(wish: Wish): Promise<boolean> {
    if (this.stopped) return Promise.resolve(false);
    if (this.leading) return this.events.wished(wish);
    const id = this.ports.uuid();
    return new Promise((resolve) => {
      const giveUp = this.ports.after(WISH_MS, () => this.granted(id, false));
      const done = (is: boolean) => {
        giveUp();
        resolve(is);
      };
      this.wishes.set(id, { wish, done });
      this.tell({ is: "wish", id, wish });
      this.check();
    });
  }

  private get alone(): boolean {
    return this.ports.channel === null || this.ports.locks === null;
  }

  private told(told: Told): void {
    if (this.stopped) return;
    switch (told.is) {
      case "batch":
        this.events.heard(told.batch, told.arrivals);
        break;
      case "status":
        this.doubt?.();
        this.doubt = null;
        this.notifier = told.notifier;
        if (!this.leading) this.events.status(moved(told.status, this.ports.elapsed()));
        break;
      case "clock":
        if (!this.leading) this.events.clock(told.ahead);
        break;
      case "online":
        if (!this.leading) this.events.online(told.online);
        break;
      case "types":
        if (!this.leading) this.events.types(told.gid, told.uid);
        break;
      case "typing":
        if (this.leading) this.events.typing(told.gid);
        break;
      case "found":
        if (this.leading) this.events.found();
        break;
      case "file":
        this.events.file(told.file);
        break;
      case "went":
        if (!this.leading) this.events.went(told.clientMsgId, told.upload);
        break;
      case "rescheduled":
        this.events.rescheduled();
        break;
      case "hello":
        this.shareStatus(this.status);
        this.shareOnline(this.online);
        break;
      case "wish":
        if (this.leading) void this.grant(told.id, told.wish);
        break;
      case "granted":
        this.granted(told.id, told.done);
        break;
      case "seen":
        this.notifier = told.tab;
        break;
      case "gone":
        if (this.notifier === told.tab) this.notifier = null;
        break;
    }
  }

  private async grant(id: string, wish: Wish): Promise<void> {
    const done = await this.events.wished(wish);
    this.tell({ is: "granted", id, done });
  }

  private granted(id: string, done: boolean): void {
    this.wishes.get(id)?.done(done);
    this.wishes.delete(id);
  }

  private hold(steal: boolean): void {
    this.release();
    const { locks } = this.ports;
    if (locks === null) return;
    this.release = locks.hold(
      `rim-leader-${this.uid}`,
      steal,
      () => this.got(),
      () => this.lost(),
    );
  }

  private got(): void {
    if (this.stopped || this.leading) return;
    this.leading = true;
    this.doubt?.();
    this.doubt = null;
    // Whoever led before may have been the one that notified, and gone without a word.
    this.notifier = this.visible ? this.self : null;
    this.events.lead();
    const waiting = [...this.wishes];
    for (const [id, { wish }] of waiting) {
      void this.events.wished(wish).then((done) => this.granted(id, done));
    }
  }

  private lost(): void {
    if (!this.leading || this.stopped) return;
    this.leading = false;
    this.events.follow();
    this.hold(false);
    this.tell({ is: "hello" });
  }

  /** Makes sure that somebody leads. */
  private check(): void {
    if (this.leading || this.stopped || this.doubt !== null) return;
    this.tell({ is: "hello" });
    this.doubt = this.ports.after(ANSWER_MS, () => {
      this.doubt = null;
      if (!this.leading && this.visible) this.hold(true);
    });
  }

  private checkLater(): void {
    if (this.alone) return;
    this.uncheck = this.ports.after(CHECK_MS, () => {
      if (this.visible) this.check();
      this.checkLater();
    });
  }

  private tell(told: Told): void {
    if (this.stopped) return;
    this.ports.channel?.post({ version: VERSION, uid: this.uid, told });
  }

  /** The channel is of this origin, so what has our mark is ours. */
  private read(message: unknown): Told | null {
    if (typeof message !== "object" || message === null) return null;
    const marked = message as { version?: unknown; uid?: unknown; told?: unknown };
    return marked.version === VERSION && marked.uid === this.uid ? (marked.told as Told) : null;
  }
}

/** The same with another moment to count from. */
function moved(status: ConnectionState, ms: number): ConnectionState {
  return status.is === "offline" && status.retryAt !== null ? { ...status, retryAt: status.retryAt + ms } : status;
}
