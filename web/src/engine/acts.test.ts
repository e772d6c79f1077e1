import { describe, expect, it } from "vitest";
import { type Act, type Deed, folded, isDoneOn, supersedes } from "./acts";
import type { Message } from "./contract";
import { PLAIN } from "./plain";
import type { StoredMessage } from "./wire";

const ME = 1;
const YOU = 2;

function act(deed: Deed, more: Partial<Act> = {}): Act {
  return { id: "a", gid: 10, order: 1, at: 0, on: [{ key: "2.c", id: 5, seq: 1 }], deed, state: { is: "waiting" }, store: null, ...more };
}

const stored: StoredMessage = { gid: 10, seq: 1, rev: 2, id: 5, uid: YOU, kind: "Text", content: "hi", clientMsgId: "c", at: 0 };
const shown: Message = { key: "2.c", gid: 10, id: 5, uid: YOU, kind: "Text", content: "hi", at: 0, seq: 1, state: { is: "stored" }, ...PLAIN };

describe("an act", () => {
  it("is folded over the message in the order in which it was asked for", () => {
    const reactions = [{ emoji: "❤️", count: 3, mine: false, uids: [YOU, 3, 4] }];
    const on = act({ is: "react", emoji: "❤" });
    const off = act({ is: "unreact", emoji: "❤️" });
    // Spelled otherwise, and one emoji all the same.
    expect(folded({ ...shown, reactions }, [on], ME, 9).reactions).toEqual([{ emoji: "❤️", count: 4, mine: true, uids: [ME, YOU, 3, 4] }]);
    expect(folded({ ...shown, reactions }, [on, off], ME, 9).reactions).toEqual(reactions);
    expect(folded(shown, [act({ is: "pin" }), act({ is: "unpin" }), act({ is: "star" })], ME, 9)).toMatchObject({ pinnedAt: null, starred: true });
    const edit = act({ is: "edit", kind: "Text", content: "ho", mentions: [3], mentionAll: false });
    expect(folded(shown, [edit, act({ is: "recall" }), on], ME, 9)).toMatchObject({ content: "", recalled: { by: ME, at: 9 }, reactions: [] });
  });

  it("that has failed changes nothing, and says why, with what one had written", () => {
    const failed = act({ is: "edit", kind: "Text", content: "ho", mentions: [], mentionAll: false }, { state: { is: "failed", reason: "too late" } });
    const { change, ...rest } = folded(shown, [failed, act({ is: "star" }, { id: "b" })], ME, 9);
    expect(rest).toMatchObject({ content: "hi", starred: true });
    expect(change).toEqual({ is: "failed", what: "edit", reason: "too late", id: "a", content: "ho" });
  });

  it("is superseded by a later one on the same thing, and by a recall", () => {
    const thumb = act({ is: "react", emoji: "👍" });
    expect(supersedes(act({ is: "unreact", emoji: "👍" }), thumb)).toBe(true);
    expect(supersedes(act({ is: "unreact", emoji: "👎" }), thumb)).toBe(false);
    expect(supersedes(act({ is: "recall" }), thumb)).toBe(true);
    expect(supersedes(act({ is: "recall" }), act({ is: "star" }))).toBe(false);
    expect(supersedes(act({ is: "unpin" }), act({ is: "pin" }, { on: [{ key: "2.d", id: 6, seq: 2 }] }))).toBe(false);
  });

  it("is done where the server says so of oneself, and not where it says nothing", () => {
    const react = act({ is: "react", emoji: "❤" });
    const unreact = act({ is: "unreact", emoji: "❤" });
    const told = (mine: boolean | null): StoredMessage => ({ ...stored, noted: { reactions: [{ emoji: "❤️", count: 20, mine, uids: [] }] } });
    expect([true, false, null].map((mine) => isDoneOn(told(mine), react))).toEqual([true, false, false]);
    expect([true, false, null].map((mine) => isDoneOn(told(mine), unreact))).toEqual([false, true, false]);
    expect([isDoneOn(stored, react), isDoneOn(stored, unreact)]).toEqual([false, true]);
  });
});
