import { describe, expect, it } from "vitest";
import { filled, raised, skipped } from "./ranges";
import { Replica } from "./replica";
import type { GroupDelta, NoticeFrame, StoredMessage, SyncAnswer } from "./wire";

const ME = 1;
const YOU = 2;
const GID = 10;

function message(seq: number, rev: number, uid = YOU): StoredMessage {
  return { gid: GID, seq, rev, id: 1000 + seq, uid, kind: "Text", content: `m${seq}`, clientMsgId: `c${seq}`, at: seq };
}

function delta(change: Partial<GroupDelta>): SyncAnswer {
  const whole: GroupDelta = {
    gid: GID,
    rev: 1,
    member: true,
    group: { id: GID, name: "g", avatar: "", mode: 2, creatorUid: YOU, settings: null, whoPins: null, whoMentionsAll: null, expireSeconds: null },
    lastSeq: 0,
    unread: 0,
    messages: [],
    changed: [],
    expired: [],
    unreadMentions: null,
    recalledTo: null,
    skippedTo: null,
    members: [ME, YOU].map((uid) => ({ uid, role: 1, left: false, readSeq: 0, deliveredSeq: 0 })),
    membersOmitted: false,
    deletedSeq: null,
    joinedAt: 0,
    events: [],
    more: false,
    ...change,
  };
  const alone = { chats: [], hidden: [], cleared: [], starred: [] };
  return { rev: 5, me: null, friends: [], groups: [whole], users: [], more: whole.more, store: null, now: null, next: null, ...alone };
}

/** What a notice does not say is null. */
function notice(said: Pick<NoticeFrame, "kind" | "uid"> & Partial<NoticeFrame>): NoticeFrame {
  return { gid: null, seq: null, rev: null, user: null, fromRev: null, msgId: null, msgIds: null, msg: null, emoji: null, ranges: null, id: null, ...said };
}

/** Knows the group up to message 3 at rev 5. */
function replica(): Replica {
  const known = new Replica(ME);
  known.merge(delta({ rev: 5, lastSeq: 3, unread: 3, messages: [message(1, 3), message(2, 4), message(3, 5)] }), true);
  return known;
}

describe("a request", () => {
  it("asks what was recalled in groups that one has left, above what was told of that", () => {
    const known = replica();
    const asked = (): unknown => known.request(1, 1, null, 9).groups;
    expect(asked()).toEqual([{ gid: GID, rev: 5 }]);
    known.merge(delta({ rev: 7, member: false, lastSeq: 3 }), false);
    expect(asked()).toEqual([{ gid: GID, rev: 7, recalledTo: 0 }]);
    known.merge(delta({ rev: 7, member: false, lastSeq: 3, recalledTo: 9 }), false);
    known.merge(delta({ rev: 7, member: false, lastSeq: 3 }), false);
    expect(asked()).toEqual([{ gid: GID, rev: 7, recalledTo: 9 }]);
    // What came in between is told to who is back.
    known.merge(delta({ rev: 12, member: true, lastSeq: 3 }), false);
    expect(asked()).toEqual([{ gid: GID, rev: 12 }]);
  });

  it("names groups in slices where it knows more than one may name", () => {
    const known = new Replica(ME);
    for (const gid of [7, 2, 5]) known.merge(delta({ gid, rev: gid }), true);
    const asked = (after: number | null, most: number): unknown => {
      const { groups, ...request } = known.request(1, 1, after, most);
      return [groups?.map(({ gid, rev }) => `${gid}@${rev}`), request.after, request.to];
    };
    expect(asked(null, 3)).toEqual([["2@2", "5@5", "7@7"], undefined, undefined]);
    expect(asked(null, 2)).toEqual([["2@2", "5@5"], undefined, 5]);
    expect(asked(5, 2)).toEqual([["7@7"], 5, undefined]);
    expect(asked(7, 2)).toEqual([[], 7, undefined]);
  });
});

describe("a pushed message", () => {
  it("that comes next is taken, once", () => {
    const known = replica();
    expect(known.push(message(4, 6)).fit).toBe("next");
    expect(known.push(message(4, 6)).fit).toBe("old");
    expect(known.groups.get(GID)).toMatchObject({ rev: 6, lastSeq: 4, readSeq: 0, covered: [{ from: 1, to: 4 }] });
  });

  it("after a missing receipt is taken early, and rev waits for the receipt", () => {
    const known = replica();
    expect(known.push(message(4, 8)).fit).toBe("early");
    expect(known.groups.get(GID)).toMatchObject({ rev: 5, lastSeq: 4 });
    expect(known.push(message(5, 9)).fit).toBe("early");
    known.merge(delta({ rev: 9, lastSeq: 5, unread: 5, messages: [message(4, 8), message(5, 9)] }), false);
    expect(known.groups.get(GID)).toMatchObject({ rev: 9, lastSeq: 5, covered: [{ from: 1, to: 5 }] });
    expect(known.push(message(6, 10)).fit).toBe("next");
  });

  it("after a missing message, or of an unknown group, is a gap and changes nothing", () => {
    const known = replica();
    expect(known.push(message(5, 7))).toEqual({ fit: "gap", facts: {} });
    expect(known.push({ ...message(1, 1), gid: 99 })).toEqual({ fit: "gap", facts: {} });
    expect(known.groups.get(GID)).toMatchObject({ rev: 5, lastSeq: 3 });
  });

  it("of one's own reads the chat", () => {
    const known = replica();
    known.push(message(4, 6, ME));
    expect(known.groups.get(GID)).toMatchObject({ lastSeq: 4, readSeq: 4 });
    expect(known.members(GID).get(ME)).toMatchObject({ readSeq: 4, deliveredSeq: 4 });
  });
});

describe("a notice", () => {
  const read = { kind: "Read", uid: YOU, gid: GID, seq: 2, rev: 6, user: null };

  it("of a receipt moves its reader on, and never back", () => {
    const known = replica();
    expect(known.notice(notice(read)).fit).toBe("next");
    expect(known.notice(notice({ ...read, kind: "Delivered", seq: 1, rev: 7 })).fit).toBe("next");
    expect(known.members(GID).get(YOU)).toMatchObject({ readSeq: 3, deliveredSeq: 3 });
    expect(known.groups.get(GID)?.rev).toBe(7);
  });

  it("of anything else has to be asked for, unless it is known", () => {
    const known = replica();
    expect(known.notice(notice({ kind: "GroupUpdated", uid: YOU, gid: GID, seq: null, rev: 6, user: null })).fit).toBe("gap");
    expect(known.notice(notice({ kind: "GroupUpdated", uid: YOU, gid: GID, seq: null, rev: 5, user: null })).fit).toBe("old");
    expect(known.notice(notice({ kind: "FriendRequest", uid: YOU, gid: null, seq: null, rev: null, user: null })).fit).toBe("gap");
  });

  it("of a profile says what somebody is called, and moves its group on", () => {
    const known = replica();
    const user = { id: YOU, name: "You", avatar: "", email: "", account: "you" };
    const renamed = { kind: "ProfileUpdated", uid: YOU, gid: GID, seq: null, rev: 6, user };
    expect(known.notice(notice(renamed))).toMatchObject({ fit: "next", facts: { users: [user] } });
    expect(known.groups.get(GID)?.rev).toBe(6);
    expect(known.notice(notice({ ...renamed, user: { ...user, name: "old" } }))).toEqual({ fit: "old", facts: {} });
    expect(known.notice(notice({ ...renamed, rev: 7, user: null })).fit).toBe("next");
    expect(known.notice(notice({ ...renamed, rev: 9, user: { ...user, name: "Yu" } })).fit).toBe("gap");
    expect(known.user(YOU)?.name).toBe("Yu");
    expect(known.notice(notice({ ...renamed, gid: null, rev: null })).fit).toBe("next");
    expect(known.user(YOU)?.name).toBe("You");
    expect(known.groups.get(GID)?.rev).toBe(7);
  });

  it("of a friend of whom nothing else is new says that one calls them by another name, which is asked for", () => {
    const known = replica();
    const user = { id: YOU, name: "You", avatar: "", email: "", account: "you" };
    const told = notice({ kind: "ProfileUpdated", uid: YOU, user });
    expect(known.notice(told).fit).toBe("next");
    expect(known.notice(told)).toEqual({ fit: "gap", facts: {} });
    const remark = (remark: string | null): void => void known.merge({ ...delta({}), friends: [{ uid: YOU, state: "friends", remark }] }, false);
    remark("Robert");
    expect(known.user(YOU)).toEqual({ ...user, name: "Robert", realName: "You" });
    expect(known.user(YOU), "the same object until it changes").toBe(known.others()[0]);
    known.notice(notice({ kind: "ProfileUpdated", uid: YOU, user: { ...user, name: "Bob" } }));
    expect(known.user(YOU)).toMatchObject({ name: "Robert", realName: "Bob" });
    remark(null);
    expect(known.user(YOU)).toEqual({ ...user, name: "Bob" });
  });

  it("of one's own profile changes oneself, by what is told without a group", () => {
    const known = replica();
    const me = { id: ME, name: "Me", avatar: "", email: "me@example.org", account: "me" };
    const own = { kind: "ProfileUpdated", uid: ME, gid: null, seq: null, rev: null, user: me };
    expect(known.notice(notice(own))).toEqual({ fit: "next", facts: { singles: { me } } });
    expect(known.notice(notice({ ...own, gid: GID, rev: 6, user: { ...me, email: "" } })).fit).toBe("next");
    expect(known.user(ME)?.email).toBe("me@example.org");
  });
});

describe("a sync answer", () => {
  it("merged twice changes nothing the second time", () => {
    const known = replica();
    const before = structuredClone([...known.groups.values()]);
    known.merge(delta({ rev: 5, lastSeq: 3, unread: 3, messages: [message(3, 5)] }), false);
    expect([...known.groups.values()]).toEqual(before);
  });

  it("that skips leaves a hole, which history fills", () => {
    const known = replica();
    known.merge(delta({ rev: 300, lastSeq: 200, unread: 10, skippedTo: 200, messages: [message(200, 300)] }), false);
    expect(known.groups.get(GID)?.covered).toEqual([{ from: 1, to: 3 }, { from: 200, to: 200 }]);
    const page = Array.from({ length: 100 }, (_, i) => message(100 + i, 150 + i));
    known.fill(GID, 200, 100, { messages: page, users: [] });
    expect(known.groups.get(GID)?.covered).toEqual([{ from: 1, to: 3 }, { from: 100, to: 200 }]);
    known.fill(GID, 100, 100, { messages: [1, 2, 3].map((seq) => message(seq, seq)), users: [] });
    expect(known.groups.get(GID)?.covered).toEqual([{ from: 1, to: 200 }]);
  });

  it("that is a part only promises no more than it brought", () => {
    const known = replica();
    known.merge(delta({ rev: 7, lastSeq: 50, unread: 50, messages: [message(4, 6), message(5, 7)], more: true }), false);
    expect(known.groups.get(GID)).toMatchObject({ rev: 7, lastSeq: 50, covered: [{ from: 1, to: 5 }] });
    expect(known.push(message(51, 60)).fit).toBe("gap");
  });

  it("moves who comes back to the end of the members", () => {
    const known = replica();
    const member = (uid: number, left: boolean) => ({ uid, role: 1, left, readSeq: 0, deliveredSeq: 0 });
    known.merge(delta({ rev: 6, members: [member(3, false)] }), false);
    known.merge(delta({ rev: 7, members: [member(YOU, true)] }), false);
    known.merge(delta({ rev: 8, members: [member(YOU, false)] }), false);
    const order = [...known.members(GID).values()].sort((a, b) => a.order - b.order).map(({ uid }) => uid);
    expect(order).toEqual([ME, 3, YOU]);
  });
});

describe("ranges", () => {
  it("rise, skip and fill", () => {
    expect(raised([], 0)).toEqual([{ from: 1, to: 0 }]);
    expect(raised([{ from: 1, to: 9 }], 4)).toEqual([{ from: 1, to: 9 }]);
    expect(skipped([], 1)).toEqual([]);
    expect(raised(skipped([], 5), 7)).toEqual([{ from: 5, to: 7 }]);
    expect(skipped([{ from: 1, to: 4 }], 5)).toEqual([{ from: 1, to: 4 }]);
    expect(skipped([{ from: 1, to: 4 }, { from: 8, to: 7 }], 9)).toEqual([{ from: 1, to: 4 }, { from: 9, to: 8 }]);
    expect(filled([{ from: 9, to: 12 }], { from: 1, to: 8 })).toEqual([{ from: 1, to: 12 }]);
  });
});

describe("what happened in a group", () => {
  const event = { rev: 6, seq: 3, kind: "MembersAdded", uid: YOU, uids: [ME], count: 1, name: null, role: null, at: 9 };

  it("is kept by its group, with when one joined it", () => {
    const known = replica();
    const facts = known.merge(delta({ rev: 6, lastSeq: 3, unread: 3, joinedAt: 9, events: [event] }), false);
    expect(facts.events).toEqual([{ gid: GID, ...event }]);
    expect(known.groups.get(GID)).toMatchObject({ joinedAt: 9, lastEvent: { gid: GID, rev: 6 } });
    expect(known.happened(GID, { events: [event], users: [] }).events).toEqual([{ gid: GID, ...event }]);
  });
});

describe("a notice of a message", () => {
  const edited = (rev: number, content: string, more: Partial<NoticeFrame> = {}): NoticeFrame => {
    return notice({ kind: "Edited", uid: YOU, gid: GID, seq: 3, rev, msg: { ...message(3, rev), content }, ...more });
  };

  it("changes the message and nothing else: no place, no count", () => {
    const known = replica();
    const { fit, facts } = known.notice(edited(6, "new"));
    expect([fit, facts.changed?.[0]?.content, facts.messages]).toEqual(["next", "new", undefined]);
    expect(known.groups.get(GID)).toMatchObject({ rev: 6, lastSeq: 3, readSeq: 0, last: { content: "new" } });
  });

  it("that stands for several changes covers them all", () => {
    const known = replica();
    expect(known.notice(edited(9, "new", { fromRev: 6 })).fit).toBe("next");
    expect(known.groups.get(GID)?.rev).toBe(9);
    // Of another message, told behind it with an earlier number: it is news all the same.
    const late = notice({ kind: "Edited", uid: YOU, gid: GID, seq: 2, rev: 8, msg: { ...message(2, 8), content: "two" } });
    expect(known.notice(late)).toMatchObject({ fit: "old", facts: { changed: [{ content: "two" }] } });
  });

  it("is shown at once where changes before it are missing, which are asked for", () => {
    const known = replica();
    expect(known.notice(edited(8, "new"))).toMatchObject({ fit: "early", facts: { changed: [{ content: "new" }] } });
    expect(known.groups.get(GID)?.rev).toBe(5);
    expect(known.notice(notice({ kind: "Moved", uid: 0, gid: GID, rev: 8 })).fit).toBe("gap");
    expect(known.notice(notice({ kind: "Moved", uid: 0, gid: GID, rev: 6 })).fit).toBe("next");
    expect(known.groups.get(GID)?.rev).toBe(6);
  });

  it("of a message that is not here yet waits for it", () => {
    const known = replica();
    expect(known.notice(notice({ kind: "Edited", uid: YOU, gid: GID, seq: 4, rev: 7, msg: message(4, 7) })).fit).toBe("gap");
  });

  it("takes what has expired or was hidden from places, preview and counts, and what comes of it late", () => {
    const known = replica();
    known.notice(notice({ kind: "Hidden", uid: ME, gid: GID, ranges: [{ from: 2, to: 2 }] }));
    const expired = known.notice(notice({ kind: "Expired", uid: 0, gid: GID, rev: 6, ranges: [{ from: 3, to: 3 }] }));
    expect(expired).toMatchObject({ fit: "next", facts: { gone: [{ gid: GID, ranges: [{ from: 3, to: 3 }] }] } });
    expect(known.groups.get(GID)).toMatchObject({ last: null, after: 1003 });
    expect(known.notice(edited(7, "late")).facts.changed).toBeUndefined();
    expect(known.fill(GID, 4, 3, { messages: [message(1, 3), message(2, 4), message(3, 5)], users: [] }).messages).toEqual([message(1, 3)]);
  });
});
