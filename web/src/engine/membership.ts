// Who is in which group, and how far each has read: the records, and what is learned of them.

import type { MemberRecord } from "./storage";
import type { StoredMessage } from "./wire";
import type { MemberState } from "./wire.gen";

const NO_MEMBERS: ReadonlyMap<number, MemberRecord> = new Map();

export class Membership {
  private readonly byGid = new Map<number, Map<number, MemberRecord>>();

  of(gid: number): ReadonlyMap<number, MemberRecord> {
    return this.byGid.get(gid) ?? NO_MEMBERS;
  }

  clear(): void {
    this.byGid.clear();
  }

  /** Whether there was anything to forget. */
  forget(gid: number): boolean {
    return this.byGid.delete(gid);
  }

  put(member: MemberRecord): MemberRecord {
    let members = this.byGid.get(member.gid);
    if (members === undefined) this.byGid.set(member.gid, (members = new Map()));
    members.set(member.uid, member);
    return member;
  }

  merge(gid: number, member: MemberState): MemberRecord {
    const old = this.of(gid).get(member.uid);
    // Who comes back joins anew.
    const stays = old !== undefined && (member.left || !old.left);
    return this.put({
      gid,
      uid: member.uid,
      admin: member.role === 2,
      left: member.left,
      readSeq: Math.max(old?.readSeq ?? 0, member.readSeq),
      deliveredSeq: Math.max(old?.deliveredSeq ?? 0, member.deliveredSeq),
      order: stays ? old.order : this.nextOrder(gid),
    });
  }

  /** Writing in a chat reads it. */
  written({ gid, uid, seq }: StoredMessage): readonly MemberRecord[] {
    return this.advance(gid, uid, seq, seq);
  }

  advance(gid: number, uid: number, read: number, delivered: number): readonly MemberRecord[] {
    const old = this.of(gid).get(uid);
    if (old === undefined) return [];
    const readSeq = Math.max(old.readSeq, read);
    const deliveredSeq = Math.max(old.deliveredSeq, delivered, read);
    if (readSeq === old.readSeq && deliveredSeq === old.deliveredSeq) return [];
    return [this.put({ ...old, readSeq, deliveredSeq })];
  }

  private nextOrder(gid: number): number {
    let next = 0;
    for (const member of this.of(gid).values()) next = Math.max(next, member.order + 1);
    return next;
  }
}
