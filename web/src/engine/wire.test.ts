import { describe, expect, it } from "vitest";
import { Backoff, askedDelay } from "./backoff";
import { meaning } from "./socket";
import { WireError, read } from "./shape";
import { decodeEnvelope, decodeFrame, encodeFrame, syncAnswer } from "./wire";
import { FriendState, SyncAnswer, User } from "./wire.gen";

describe("frames", () => {
  it("are read as the server writes them", () => {
    const message =
      '{"event":"Msg","body":{"kind":"Text","uid":101,"gid":2001,"content":"hi","clientMsgId":"c1","msgId":30001,"seq":7,"rev":9,"createdAt":5}}';
    expect(decodeFrame(message)).toEqual({
      is: "message",
      message: {
        gid: 2001,
        seq: 7,
        rev: 9,
        id: 30001,
        uid: 101,
        kind: "Text",
        content: "hi",
        clientMsgId: "c1",
        at: 5,
      },
    });
    const notice =
      '{"event":"Notify","body":{"kind":"FriendRequest","uid":1,"gid":null,"content":"","clientMsgId":"","msgId":null,"uids":[2],"createdAt":3}}';
    expect(decodeFrame(notice)).toEqual({
      is: "notice",
      notice: {
        kind: "FriendRequest", uid: 1, gid: null, seq: null, rev: null, user: null,
        fromRev: null, msgId: null, msgIds: null, msg: null, emoji: null, ranges: null, id: null,
      },
    });
    expect(decodeFrame('{"clientMsgId":"a","serverMsgId":null,"kind":"Ack","content":"Ok"}')).toEqual({
      is: "ack",
      clientMsgId: "a",
      serverMsgId: null,
      store: null,
    });
    const login = '{"clientMsgId":"a","serverMsgId":null,"kind":"Ack","content":"Ok","store":{"id":"5e","epoch":7}}';
    expect(decodeFrame(login)).toMatchObject({ is: "ack", store: { id: "5e", epoch: 7 } });
    expect(decodeFrame('{"clientMsgId":"a","serverMsgId":null,"kind":"Error","content":"no","code":403}')).toEqual({
      is: "error",
      clientMsgId: "a",
      code: 403,
      reason: "no",
    });
  });

  it("of a later protocol are let pass, and messages of a kind it adds are kept", () => {
    expect(decodeFrame('{"event":"Call","body":{}}')).toEqual({ is: "unknown" });
    const poll =
      '{"event":"Msg","body":{"kind":"Poll","uid":1,"gid":2,"content":"{}","clientMsgId":"c","msgId":3,"seq":1,"rev":2,"createdAt":5}}';
    expect(decodeFrame(poll)).toMatchObject({ message: { kind: "Custom", content: "{}" } });
  });

  it("that are half there are errors that name the key", () => {
    expect(() => decodeFrame("[]")).toThrow(WireError);
    expect(() => decodeFrame("{")).toThrow("expected JSON");
    expect(() => decodeFrame('{"event":"Msg","body":{"kind":"Text","uid":1,"gid":"2"}}')).toThrow("gid");
    const message = { kind: "Text", uid: 1, gid: 2, content: "", clientMsgId: "c", msgId: 3, seq: 1, rev: 1, createdAt: 5 };
    for (const seq of [-1, 1.5, 2 ** 53, "1", null, undefined]) {
      expect(() => decodeFrame(JSON.stringify({ event: "Msg", body: { ...message, seq } }))).toThrow(/^seq: expected a whole/);
    }
    expect(() => read({ rev: 1, me: null, friends: {} }, SyncAnswer)).toThrow("friends: expected a list");
    expect(() => decodeEnvelope('{"ok":1,"code":200}')).toThrow("ok");
  });

  it("are written as the document shows them", () => {
    expect(encodeFrame({ event: "Login", uid: 1, token: "t", clientMsgId: "a1" })).toBe(
      '{"event":"Login","body":{"kind":"Text","uid":1,"content":"t","clientMsgId":"a1","echo":true}}',
    );
    expect(encodeFrame({ event: "Read", uid: 1, gid: 2, msgId: 3, clientMsgId: "r" })).toBe(
      '{"event":"Read","body":{"kind":"Text","uid":1,"gid":2,"content":"","clientMsgId":"r","msgId":3}}',
    );
    expect(encodeFrame({ event: "Watch", uid: 1, uids: [2, 3], clientMsgId: "w" })).toBe(
      '{"event":"Watch","body":{"kind":"Text","uid":1,"content":"","clientMsgId":"w","uids":[2,3]}}',
    );
    expect(encodeFrame({ event: "Heart", clientMsgId: "h" })).toBe('{"event":"Heart","body":{"clientMsgId":"h"}}');
  });
});

describe("answers", () => {
  const delta = {
    gid: 2,
    rev: 3,
    member: true,
    group: null,
    lastSeq: 0,
    unread: 0,
    messages: [],
    skippedTo: null,
    members: [],
    membersOmitted: false,
    more: false,
  };
  const answer = { rev: 1, me: null, friends: [], groups: [delta], users: [], more: false };

  it("of a server from before a key was told are read as if there were nothing to tell", () => {
    expect(syncAnswer(read(answer, SyncAnswer))).toEqual({
      ...answer,
      groups: [{ ...delta, deletedSeq: null, joinedAt: 0, events: [], changed: [], expired: [], unreadMentions: null, recalledTo: null }],
      hidden: [],
      cleared: [],
      starred: [],
      store: null,
      chats: [],
      now: null,
      next: null,
    });
  });

  it("that are half there are errors that name the path", () => {
    const wrong = { ...answer, groups: [delta, { ...delta, members: [{ uid: 1, role: 1, left: 0 }] }] };
    expect(() => read(wrong, SyncAnswer)).toThrow("groups.1.members.0.left: expected true or false");
    expect(() => read({ uid: 1, state: "foes" }, FriendState)).toThrow("state: expected one of none|incoming");
    expect(() => read([], User)).toThrow("all of it: expected an object");
  });

  it("are taken over without what nobody here knows", () => {
    const user = { id: 1, name: "Anna", avatar: "", email: "", account: "anna" };
    expect(read({ ...user, password: "", shoes: 2 }, User)).toEqual(user);
  });
});

describe("close codes", () => {
  it("say what to do next", () => {
    expect(meaning(4501, "", null)).toEqual({ next: "out", why: "revoked" });
    expect(meaning(4503, "", null)).toEqual({ next: "out", why: "disabled" });
    expect(meaning(4599, "", null)).toEqual({ next: "out", why: "revoked" });
    expect(meaning(4009, "reconnect in 1500 ms", null)).toEqual({ next: "retry", asked: 1500, slowly: false, blamed: null });
    expect(meaning(1006, "", null)).toEqual({ next: "retry", asked: null, slowly: false, blamed: null });
    for (const code of [1002, 1007, 1009, 4029]) expect(meaning(code, "", null)).toMatchObject({ slowly: true });
    // A frame that ends one connection ends the next, too; being too fast is no frame's fault.
    expect([1002, 1007, 1009, 4029, 1006].map((code) => meaning(code, "", "id"))).toMatchObject(
      ["id", "id", "id", null, null].map((blamed) => ({ blamed })),
    );
    for (const reason of ["", "reconnect in ms", "reconnect in 99999999999 ms", "reconnect in 5 s"]) {
      expect(askedDelay(reason)).toBeNull();
    }
  });
});

describe("pauses", () => {
  it("double up to the longest, cut by chance to between half and all of it", () => {
    const short = new Backoff(() => 0);
    expect([1, 2, 3].map(() => short.next())).toEqual([250, 500, 1_000]);
    const long = new Backoff(() => 0.999_999);
    expect([1, 2, 3, 4, 5, 6, 7, 8, 9].map(() => long.next()).at(-1)).toBe(30_000);
    long.reset();
    expect(long.next()).toBe(500);
    long.exhaust();
    expect(long.next()).toBe(30_000);
  });
});
