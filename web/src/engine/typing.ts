// Who is writing just now. Nothing of it is kept, and it ends by itself.

import type { User } from "./contract";
import { keepList } from "./live";
import type { Ports } from "./ports";
import type { Outgoing, StoredMessage } from "./wire";

/** The others are told so often while one writes: the server passes on one in three seconds, by its own clock. */
const TELL_MS = 3_200;
/** And somebody is shown as writing for so long after they were told last. */
const SHOWN_MS = 5_000;

/** Tells the others. Only the leader has one. */
export class Telling {
  private count = 0;
  private readonly toldAt = new Map<number, number>();

  constructor(
    private readonly ports: Ports,
    private readonly uid: number,
    private readonly send: (frame: Outgoing) => void,
  ) {}

  types(gid: number): void {
    const now = this.ports.elapsed();
    if (now - (this.toldAt.get(gid) ?? -TELL_MS) < TELL_MS) return;
    this.toldAt.set(gid, now);
    this.send({ event: "Typing", uid: this.uid, gid, clientMsgId: `typing-${++this.count}` });
  }
}

/** Who writes where, in one tab. */
export class Typists {
  /** By chat and user: takes back the end of it. In the order in which they began. */
  private readonly ends = new Map<number, Map<number, () => void>>();
  private readonly shown = new Map<number, readonly User[]>();

  constructor(
    private readonly ports: Ports,
    private readonly user: (uid: number) => User,
    private readonly changed: (gid: number) => void,
  ) {}

  types(gid: number, uid: number): void {
    const ends = this.ends.get(gid) ?? new Map<number, () => void>();
    const prolonged = ends.get(uid);
    prolonged?.();
    this.ends.set(gid, ends.set(uid, this.ports.after(SHOWN_MS, () => this.end(gid, uid))));
    if (prolonged === undefined) this.changed(gid);
  }

  /** What somebody was writing is there. */
  wrote(messages: readonly StoredMessage[]): void {
    for (const { gid, uid } of messages) this.end(gid, uid);
  }

  /** Nobody is known to write. */
  clear(): void {
    for (const [gid, ends] of this.ends) for (const uid of [...ends.keys()]) this.end(gid, uid);
  }

  of(gid: number): readonly User[] {
    const uids = [...(this.ends.get(gid)?.keys() ?? [])];
    if (uids.length === 0) return NOBODY;
    const users = keepList(this.shown.get(gid), uids.map((uid) => this.user(uid)));
    this.shown.set(gid, users);
    return users;
  }

  private end(gid: number, uid: number): void {
    const ends = this.ends.get(gid);
    const prolonged = ends?.get(uid);
    if (prolonged === undefined) return;
    prolonged();
    ends?.delete(uid);
    this.changed(gid);
  }
}

const NOBODY: readonly User[] = [];
