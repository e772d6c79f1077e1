import { describe, expect, it } from "vitest";

import type { ChatView, Member, Message, User } from "../../engine/contract";
import { NO_QUOTES, PLAIN } from "../../engine/plain";
import { type May, mayDo } from "./may";

const NOW = 1_000_000_000;
const HOUR_MS = 3_600_000;
const [OWNER, ADMIN, MEMBER, GONE] = [1, 2, 3, 4];
const user = (id: number): User => ({ id, name: `n${id}`, account: `a${id}`, avatar: "", email: "" });
const members: readonly Member[] = [OWNER, ADMIN, MEMBER].map((id) => ({ user: user(id), admin: id !== MEMBER, readSeq: 0, deliveredSeq: 0 }));

function view(meId: number, change: Partial<ChatView> = {}): ChatView {
  return {
    group: { gid: 1, name: "", avatar: "", single: false, creator: OWNER },
    title: "",
    avatar: "",
    avatarSeed: 1,
    partner: null,
    member: true,
    self: members.find((each) => each.user.id === meId) ?? null,
    members,
    large: false,
    count: 3,
    writers: [],
    messages: [],
    happenings: [],
    older: "none",
    newer: "none",
    quotes: NO_QUOTES,
    pins: null,
    typing: [],
    settings: null,
    unread: 0,
    unreadMentions: 0,
    dividerSeq: null,
    draft: "",
    draftReply: null,
    to: { store: null, partner: null, creator: null, name: "" },
    ...change,
  };
}

const message = (uid: number, change: Partial<Message> = {}): Message => ({
  key: "k",
  gid: 1,
  uid,
  kind: "Text",
  content: "hi",
  at: NOW - HOUR_MS,
  id: 1,
  seq: 1,
  state: { is: "stored" },
  ...PLAIN,
  ...change,
});
const LIMITS = { editWindowMs: 48 * HOUR_MS, recallWindowMs: null };
const allowed = (may: May): string[] => Object.entries(may).flatMap(([what, yes]) => (yes === true ? [what] : []));
const single = { gid: 1, name: "", avatar: "", single: true, creator: OWNER };

describe("with a message", () => {
  it("one may recall by rank: one's own, admins those of members and of who has left, the owner all", () => {
    const recallers = (uid: number): number[] => [OWNER, ADMIN, MEMBER].filter((me) => mayDo(message(uid), view(me), me, NOW, LIMITS).recall);
    expect(recallers(OWNER)).toEqual([OWNER]);
    expect(recallers(ADMIN)).toEqual([OWNER, ADMIN]);
    expect(recallers(MEMBER)).toEqual([OWNER, ADMIN, MEMBER]);
    expect(recallers(GONE)).toEqual([OWNER, ADMIN]);
    expect(mayDo(message(MEMBER), view(OWNER, { group: single }), OWNER, NOW, LIMITS).recall).toBe(false);
  });

  it("one may change only one's own words, and not for ever", () => {
    const edits = (of: Message, me = MEMBER): boolean => mayDo(of, view(me), me, NOW, LIMITS).edit;
    expect(edits(message(MEMBER))).toBe(true);
    expect(edits(message(MEMBER), OWNER)).toBe(false);
    expect(edits(message(MEMBER, { at: NOW - 49 * HOUR_MS }))).toBe(false);
    expect(edits(message(MEMBER, { kind: "File", content: '{"url":"/a"}' }))).toBe(true);
    expect(edits(message(MEMBER, { kind: "Image", content: "https://example.org/a.png" }))).toBe(false);
    expect(edits(message(MEMBER, { kind: "Image" }))).toBe(false);
  });

  it("one may change and recall one's own for as long as the server says", () => {
    const old = message(MEMBER, { at: NOW - 3 * HOUR_MS });
    const within = (editWindowMs: number | null, recallWindowMs: number | null): string[] => {
      return allowed(mayDo(old, view(MEMBER), MEMBER, NOW, { editWindowMs, recallWindowMs })).filter((what) => what === "edit" || what === "recall");
    };
    expect([within(null, null), within(2 * HOUR_MS, null), within(0, 4 * HOUR_MS), within(null, 0)]).toEqual([["edit", "recall"], ["recall"], ["recall"], ["edit"]]);
    // By rank the owner recalls it all the same.
    expect(mayDo(old, view(OWNER), OWNER, NOW, { editWindowMs: null, recallWindowMs: 0 }).recall).toBe(true);
  });

  it("one may pin where the group says so, and both may in a single chat", () => {
    const pinners = (change: Partial<ChatView>): number[] => [OWNER, ADMIN, MEMBER].filter((me) => mayDo(message(1), view(me, change), me, NOW, LIMITS).pin);
    expect(pinners({})).toEqual([OWNER, ADMIN]);
    expect(pinners({ settings: { whoPins: "all", whoMentionsAll: "admins", expireSeconds: 0 } })).toEqual([OWNER, ADMIN, MEMBER]);
    expect(pinners({ group: single })).toEqual([OWNER, ADMIN, MEMBER]);
  });

  it("nothing but what concerns oneself may be done where one has left, nor with one that was recalled", () => {
    expect(allowed(mayDo(message(MEMBER), view(MEMBER, { member: false, self: null }), MEMBER, NOW, LIMITS))).toEqual(["forward", "keep", "copy"]);
    expect(allowed(mayDo(message(MEMBER, { recalled: { by: 1, at: 0, again: null } }), view(MEMBER), MEMBER, NOW, LIMITS))).toEqual(["keep"]);
  });

  it("that is not sent yet one may change it, copy it, or have it not sent", () => {
    expect(allowed(mayDo(message(MEMBER, { seq: null, id: null }), view(MEMBER), MEMBER, NOW, LIMITS))).toEqual(["edit", "recall", "copy"]);
  });
});
