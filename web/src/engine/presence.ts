// Who is online of those whom the server tells of: friends, and whoever has written in a single chat. Only the leader
// has one. Nothing of it is kept: it is known while the connection is there.

import { Backoff } from "./backoff";
import { MAX_WATCHED } from "./limits.gen";
import type { Ports } from "./ports";
import type { Replica } from "./replica";
import { AGAIN, type Incoming, type NoticeFrame, type Outgoing, type StoredMessage } from "./wire";

export interface PresenceEvents {
  send(frame: Outgoing): void;
  /** A set of its own that does not change any more. */
  changed(online: ReadonlySet<number>): void;
}

export const NOBODY: ReadonlySet<number> = new Set();

/** Between two Watches at least. */
const PAUSE_MS = 1_000;
/** By then what comes behind the Ack of a Watch is there. */
const SETTLE_MS = 1_000;
/** Many notices come at once; one word of them is enough. */
const TELL_MS = 50;
const RETRY_MS = 4_000;

export class Presence {
  private connected = false;
  /** The server does not know of it: on this connection it is not asked again. */
  private refused = false;
  /** What this connection was last asked to watch; null where it is not known what it watches. */
  private watched: ReadonlySet<number> | null = NOBODY;
  private unanswered: string | null = null;
  private askAt = 0;
  private count = 0;
  private readonly online = new Set<number>();
  /** Online before the last Watch was answered, and not named since. */
  private doubted = new Set<number>();
  private told = NOBODY;
  private readonly backoff: Backoff;
  private asking: (() => void) | null = null;
  private settling: (() => void) | null = null;
  private telling: (() => void) | null = null;

  constructor(
    private readonly ports: Ports,
    private readonly replica: Replica,
    private readonly events: PresenceEvents,
  ) {
    this.backoff = new Backoff(ports.random, RETRY_MS);
  }

  /** Logged in on a new connection, which watches nobody yet. */
  up(): void {
    this.down();
    this.connected = true;
    this.look();
  }

  /** Whoever was online may be gone now. */
  down(): void {
    for (const stop of [this.asking, this.settling, this.telling]) stop?.();
    this.asking = this.settling = this.telling = null;
    this.connected = false;
    this.refused = false;
    this.watched = NOBODY;
    this.unanswered = null;
    this.askAt = 0;
    this.online.clear();
    this.doubted.clear();
    this.tell();
  }

  /** There may be others to watch. */
  look(): void {
    if (!this.connected || this.refused) return;
    this.asking ??= this.ports.after(Math.max(0, this.askAt - this.ports.elapsed()), () => {
      this.asking = null;
      this.ask();
    });
  }

  /** Whether the frame answered a Watch. */
  answered(frame: Incoming): boolean {
    if (frame.is !== "ack" && frame.is !== "error") return false;
    if (frame.clientMsgId !== this.unanswered) return false;
    this.unanswered = null;
    if (frame.is === "ack") {
      this.backoff.reset();
      this.settle();
    } else if (AGAIN.has(frame.code) || frame.code === 500) {
      this.watched = null;
      this.askAt = this.ports.elapsed() + this.backoff.next();
      this.asking?.();
      this.asking = null;
      this.look();
    } else {
      this.refused = true;
    }
    return true;
  }

  /** Whether the notice was about somebody who came or went. */
  heard({ kind, uid }: NoticeFrame): boolean {
    if (kind !== "Online" && kind !== "Offline") return false;
    this.doubted.delete(uid);
    if (kind === "Online") this.online.add(uid);
    else this.online.delete(uid);
    this.tellSoon();
    return true;
  }

  /** A message has come, and whoever writes is there. To one who is not shown so one was a stranger at the last Watch. */
  wrote({ gid, uid }: StoredMessage): void {
    const unheard = this.watched?.has(uid) === true && !this.online.has(uid);
    if (!unheard || this.unanswered !== null || this.settling !== null) return;
    if (this.replica.partner(gid) !== uid) return;
    this.watched = null;
    this.look();
  }

  private ask(): void {
    const uids = acquaintances(this.replica).slice(0, MAX_WATCHED);
    const wanted = new Set(uids);
    if (this.watched !== null && same(wanted, this.watched)) return;
    this.watched = wanted;
    this.askAt = this.ports.elapsed() + PAUSE_MS;
    this.unanswered = `watch-${++this.count}`;
    this.events.send({ event: "Watch", uid: this.replica.uid, uids, clientMsgId: this.unanswered });
  }

  /** Whoever is online is named right behind the Ack. Until that is in, nobody is taken for gone. */
  private settle(): void {
    this.doubted = new Set(this.online);
    this.settling?.();
    this.settling = this.ports.after(SETTLE_MS, () => {
      this.settling = null;
      for (const uid of this.doubted) this.online.delete(uid);
      this.doubted.clear();
      this.tell();
    });
  }

  private tellSoon(): void {
    this.telling ??= this.ports.after(TELL_MS, () => {
      this.telling = null;
      this.tell();
    });
  }

  private tell(): void {
    if (same(this.online, this.told)) return;
    this.told = this.online.size === 0 ? NOBODY : new Set(this.online);
    this.events.changed(this.told);
  }
}

/** Those whom one may watch: the other ones of single chats, of the newest first, then the friends. */
function acquaintances(replica: Replica): readonly number[] {
  const partners: { readonly uid: number; readonly newest: number }[] = [];
  for (const { gid, last, after } of replica.groups.values()) {
    const uid = replica.partner(gid);
    if (uid !== null) partners.push({ uid, newest: Math.max(after, last?.id ?? 0) });
  }
  partners.sort((a, b) => b.newest - a.newest);
  const friends = [...replica.friends.values()].filter(({ state }) => state === "friends");
  return [...new Set([...partners, ...friends].map(({ uid }) => uid))];
}

function same(one: ReadonlySet<number>, other: ReadonlySet<number>): boolean {
  return one.size === other.size && [...one].every((uid) => other.has(uid));
}
