// What becomes of messages that are here already: others' doing and one's own, and what is gone. A part of the replica, and
// as pure.

import type { Living } from "./living";
import { newer, withMine } from "./noted";
import { top } from "./ranges";
import { sees } from "./sight";
import type { Facts, GroupRecord, MentionedRecord, Range, StarRecord } from "./storage";
import type { NoticeFrame, StoredMessage, SyncAnswer } from "./wire";

/** What a pushed frame means to one who has seen everything before it. */
export type Fit =
  /** Taken. */
  | "next"
  /** Taken, but something that is no message is missing before it. */
  | "early"
  | "old"
  /** Not taken: something is missing before it. */
  | "gap";

export interface Pushed {
  readonly fit: Fit;
  readonly facts: Facts;
}

export const OLD: Pushed = { fit: "old", facts: {} };
export const GAP: Pushed = { fit: "gap", facts: {} };

/** What a user does for themselves; it has no number among the changes of the group. */
export const OF_ONESELF: ReadonlySet<string> = new Set(["Hidden", "Cleared", "Starred", "Unstarred"]);

export class Changes {
  constructor(
    private readonly uid: number,
    private readonly living: Living,
    private readonly groups: ReadonlyMap<number, GroupRecord>,
    private readonly put: (group: GroupRecord) => GroupRecord,
  ) {}

  /** Fits in what became of messages. They are shown as they are now, even where a change before this one is missing still. */
  moved(group: GroupRecord, rev: number, { msg, kind, uid, emoji, fromRev, ranges }: NoticeFrame): Pushed {
    const { gid } = group;
    // It may stand for several changes, up to its own.
    const next = (fromRev ?? rev) <= group.rev + 1;
    if (msg === null && !next && kind !== "Expired") return GAP;
    if (msg !== null && msg.seq > top(group.covered)) return GAP;
    if (kind === "Expired" && ranges === null) return GAP;
    const taken = this.living.takeAway(gid, 0, ranges ?? []);
    const told = msg !== null && sees(this.living.sight(gid), msg.seq) ? this.mineIn(msg, { uid, emoji }) : null;
    this.put({
      ...group,
      rev: next ? rev : group.rev,
      last: told === null ? group.last : restated(group.last, told),
    });
    const mentioned = told === null ? null : this.living.heard(gid, [told], group.readSeq);
    return {
      fit: next ? "next" : msg === null ? "gap" : "early",
      facts: {
        groups: [this.lastSeen(gid) ?? group],
        ...(told !== null && { changed: [told] }),
        ...(mentioned !== null && { mentioned: [mentioned] }),
        ...taken,
      },
    };
  }

  /** Fits in a message of a notice that is known to have been: another, later one may stand for it, and not have this message. */
  late(msg: StoredMessage, notice: NoticeFrame): Pushed {
    return { fit: "old", facts: this.restated([this.mineIn(msg, notice)]) };
  }

  private mineIn(message: StoredMessage, { uid, emoji }: Pick<NoticeFrame, "uid" | "emoji">): StoredMessage {
    return withMine(message, this.uid, uid, emoji);
  }

  /** What the user has done with messages on another device; it has no place among the changes of the group. */
  ofOneself(gid: number, { kind, seq, msgId, ranges }: NoticeFrame): Pushed {
    if (kind === "Starred" || kind === "Unstarred") {
      return msgId === null ? GAP : { fit: "next", facts: this.starred(gid, msgId, kind === "Starred") };
    }
    const cleared = kind === "Cleared" ? seq : 0;
    if (cleared === null || (kind === "Hidden" && ranges === null)) return GAP;
    return { fit: "next", facts: this.gone(gid, cleared, ranges ?? []) };
  }

  starred(gid: number, id: number, on: boolean): Facts {
    const star: StarRecord = { gid, id, on };
    this.living.star(star);
    return { stars: [star] };
  }

  /** Takes places of a chat from the user's view. */
  gone(gid: number, clearedSeq: number, ranges: readonly Range[]): Facts {
    const taken = this.living.takeAway(gid, clearedSeq, ranges);
    if (taken === null) return {};
    const group = this.lastSeen(gid);
    return { ...taken, ...(group !== null && { groups: [group] }) };
  }

  /** Takes over a message as it is now, or what is known of several. */
  restated(messages: readonly StoredMessage[]): Facts {
    const seen = messages.filter(({ gid, seq }) => {
      const group = this.groups.get(gid);
      return group !== undefined && seq <= top(group.covered) && sees(this.living.sight(gid), seq);
    });
    const groups: GroupRecord[] = [];
    const mentioned: MentionedRecord[] = [];
    for (const message of seen) {
      const group = this.groups.get(message.gid);
      if (group === undefined) continue;
      const last = restated(group.last, message);
      if (last !== group.last) groups.push(this.put({ ...group, last }));
      const record = this.living.heard(message.gid, [message], group.readSeq);
      if (record !== null) mentioned.push(record);
    }
    return {
      ...(seen.length > 0 && { changed: seen }),
      ...(groups.length > 0 && { groups }),
      ...(mentioned.length > 0 && { mentioned }),
    };
  }

  /** What stands last in the list, found again after what stood there is gone. */
  relast(gid: number, message: StoredMessage): Facts {
    const group = this.groups.get(gid);
    if (group === undefined || group.last !== null) return {};
    return { groups: [this.put({ ...group, last: message })] };
  }

  /** The group without what stands last in the list, where that is gone: null where it is not. It keeps its rank. */
  lastSeen(gid: number): GroupRecord | null {
    const group = this.groups.get(gid);
    if (group === undefined) return null;
    const { last, after } = group;
    if (last === null || sees(this.living.sight(gid), last.seq)) return group;
    return this.put({ ...group, last: null, after: Math.max(after, last.id) });
  }

  takenAway({ groups, hidden, cleared }: SyncAnswer): { readonly gids: readonly number[]; readonly facts: Facts } {
    const all = [
      ...hidden.map(({ gid, ranges }) => ({ gid, clearedSeq: 0, ranges })),
      ...cleared.map(({ gid, seq }) => ({ gid, clearedSeq: seq, ranges: [] })),
      ...groups.map(({ gid, expired }) => ({ gid, clearedSeq: 0, ranges: expired })),
    ];
    const gids = new Set<number>();
    const facts: Facts[] = [];
    for (const { gid, clearedSeq, ranges } of all) {
      const taken = this.living.takeAway(gid, clearedSeq, ranges);
      if (taken === null) continue;
      gids.add(gid);
      facts.push(taken);
    }
    if (facts.length === 0) return { gids: [], facts: {} };
    const [sights, gone] = [facts.flatMap((each) => each.sights ?? []), facts.flatMap((each) => each.gone ?? [])];
    return { gids: [...gids], facts: { sights, gone } };
  }
}

/** What stands last, where it is this message in its newer state. */
export function restated(last: StoredMessage | null, message: StoredMessage): StoredMessage | null {
  return last !== null && message.seq === last.seq ? newer(last, message) : last;
}
