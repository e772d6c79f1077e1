// Tells the server what was delivered to this device and what was read on it: the newest message only, and not
// more often than people notice. Nothing of it is kept: what is due follows from the replica and the marks.

import type { Intended } from "./intended";
import type { Ports } from "./ports";
import type { Replica } from "./replica";
import { AGAIN, type Incoming, type Outgoing } from "./wire";

const PAUSE_MS = 300;
const RETRY_MS = 3_000;

export class Receipts {
  private connected = false;
  private count = 0;
  private readonly read = new Map<number, number>();
  private readonly delivered = new Map<number, number>();
  private readonly sentAt = new Map<number, number>();
  private readonly timers = new Map<number, () => void>();
  private readonly unanswered = new Map<string, number>();

  constructor(
    private readonly ports: Ports,
    private readonly replica: Replica,
    private readonly intents: Intended,
    private readonly send: (frame: Outgoing) => void,
    /** Reads one's own part of a group that one has left, in which receipts have no place any more. */
    private readonly readLeft: (gid: number) => void,
  ) {}

  /** Logged in and synced: what other devices have said meanwhile is known. */
  up(): void {
    this.down();
    this.connected = true;
    for (const gid of this.replica.groups.keys()) this.flush(gid);
  }

  down(): void {
    this.connected = false;
    for (const stop of this.timers.values()) stop();
    for (const map of [this.read, this.delivered, this.sentAt, this.timers, this.unanswered]) map.clear();
  }

  /** The user has read on. */
  marked(gid: number): void {
    this.flushIn(gid, (this.sentAt.get(gid) ?? -PAUSE_MS) + PAUSE_MS - this.ports.elapsed());
  }

  /** Messages came. They may be on the screen the next moment, and reading them includes this. */
  arrived(gid: number): void {
    this.flushIn(gid, PAUSE_MS);
  }

  /** Whether the frame answered one of these. */
  answered(frame: Incoming): boolean {
    if (frame.is !== "ack" && frame.is !== "error") return false;
    const gid = this.unanswered.get(frame.clientMsgId);
    if (gid === undefined) return false;
    this.unanswered.delete(frame.clientMsgId);
    if (frame.is === "error" && AGAIN.has(frame.code)) {
      this.read.delete(gid);
      this.delivered.delete(gid);
      this.flushIn(gid, RETRY_MS);
    }
    return true;
  }

  private flushIn(gid: number, ms: number): void {
    if (!this.connected || this.timers.has(gid)) return;
    if (ms <= 0) {
      this.flush(gid);
      return;
    }
    const stop = this.ports.after(ms, () => {
      this.timers.delete(gid);
      this.flush(gid);
    });
    this.timers.set(gid, stop);
  }

  private flush(gid: number): void {
    const group = this.replica.groups.get(gid);
    if (!this.connected || group === undefined) return;
    const { last, readSeq, membersOmitted } = group;
    const { uid } = this.replica;
    const mark = this.intents.marks.get(gid);
    if (!group.member) {
      if (mark === undefined || mark.seq <= Math.max(readSeq, this.read.get(gid) ?? 0)) return;
      this.read.set(gid, mark.seq);
      this.readLeft(gid);
      return;
    }
    if (mark !== undefined && mark.seq > Math.max(readSeq, this.read.get(gid) ?? 0)) {
      this.read.set(gid, mark.seq);
      this.tell({ event: "Read", uid, gid, msgId: mark.msgId, clientMsgId: this.name(gid) });
    }
    // In very large groups nobody is shown who received what.
    if (last === null || last.uid === uid || membersOmitted) return;
    const known = Math.max(
      readSeq,
      this.read.get(gid) ?? 0,
      this.delivered.get(gid) ?? 0,
      this.replica.members(gid).get(uid)?.deliveredSeq ?? 0,
    );
    if (last.seq <= known) return;
    this.delivered.set(gid, last.seq);
    this.tell({ event: "Ack", uid, gid, msgId: last.id, clientMsgId: this.name(gid) });
  }

  private tell(frame: Outgoing & { readonly gid: number }): void {
    this.sentAt.set(frame.gid, this.ports.elapsed());
    this.send(frame);
  }

  private name(gid: number): string {
    const name = `receipt-${++this.count}`;
    this.unanswered.set(name, gid);
    return name;
  }
}
