import { readFileSync } from "node:fs";

import { describe, expect, it, vi } from "vitest";

// The views ask where they are only to complete addresses.
vi.stubGlobal("document", { baseURI: "https://chat.example.org/" });

import type { Happening, Message, User } from "../../engine/contract";
import { createTranslator, loadLanguage } from "../../i18n/translator";
import { PLAIN } from "../../engine/plain";
import { parseContent } from "./content";
import { emojiCount } from "./emoji";
import { happenedText } from "./happened";
import { Layout } from "./layout";
import { previewOf } from "./preview";
import { buildRows, type LogRow, rowKeyOf, type Rows } from "./rows";

const NOON = new Date(2026, 10, 22, 12).getTime();
const message = (seq: number, uid: number, minute: number): Message => ({
  key: `k${seq}`,
  gid: 1,
  uid,
  kind: "Text",
  content: "hi",
  at: NOON + minute * 60_000,
  id: seq,
  seq,
  state: { is: "stored" },
  ...PLAIN,
});
const sketch = (rows: readonly LogRow[]): string =>
  rows
    .map((row) =>
      row.kind === "message" ? `${row.message.seq}${row.first ? "<" : ""}${row.last ? ">" : ""}` : row.kind,
    )
    .join(" ");

const person = (id: number, name: string): User => ({ id, name, avatar: "", email: "", account: name });
const [me, bob, carl] = [person(1, "Me"), person(2, "Bob"), person(3, "Carl")];
const happening = (rev: number, seq: number, change: Partial<Happening>): Happening => {
  const users = change.users ?? [];
  const line = { rev, seq, kind: "MembersAdded", actor: bob, users, count: users.length, name: null, admin: false };
  return { ...line, at: NOON, ...change };
};

await loadLanguage("zh");

describe("an album", () => {
  const picture = (seq: number, uid: number, minute: number, album: string | null, more: Partial<Message> = {}): Message => {
    const content = JSON.stringify({ file: `f${seq}`, mime: "image/jpeg", width: 4, height: 3, ...(album !== null && { album }) });
    return { ...message(seq, uid, minute), kind: "Image", content, ...more };
  };
  const told = (messages: readonly Message[], before: Rows | null = null, divider: number | null = null): string => {
    const { rows, starts } = buildRows(messages, divider, true, before);
    expect(starts).toHaveLength(messages.length);
    return rows.map((row) => (row.kind === "message" ? (row.album ?? [row.message]).map(({ seq }) => seq).join("+") : row.kind)).join(" ");
  };
  const album = [1, 2, 3].map((seq) => picture(seq, 7, 0, "a"));

  it("is one row of the pictures that were sent together", () => {
    expect(told([...album, picture(4, 7, 1, "b"), picture(5, 7, 1, "b"), message(6, 7, 1)])).toBe("top day 1+2+3 4+5 6");
    expect(told([picture(1, 7, 0, null), picture(2, 7, 0, null)])).toBe("top day 1 2");
  });

  it("is broken by another sender, the divider, and what has something to say of itself", () => {
    expect(told([picture(1, 7, 0, "a"), picture(2, 8, 0, "a")])).toBe("top day 1 2");
    expect(told(album, null, 3)).toBe("top day 1+2 divider 3");
    expect(told([album[0], { ...album[1], state: { is: "failed", reason: "" } }, album[2]] as Message[])).toBe("top day 1 2 3");
    expect(told([album[0], { ...album[1], recalled: { by: 7, at: 0, again: null } }, album[2]] as Message[])).toBe("top day 1 2 3");
    expect(told([album[0], { ...album[1], replyTo: 9 }] as Message[])).toBe("top day 1 2");
  });

  it("has ten pictures at most", () => {
    const many = Array.from({ length: 12 }, (_, at) => picture(at + 1, 7, 0, "a"));
    expect(told(many)).toBe("top day 1+2+3+4+5+6+7+8+9+10 11+12");
  });

  it("is the same however it came to be", () => {
    const all = [message(1, 7, 0), picture(2, 7, 0, "a"), picture(3, 7, 0, "a"), picture(4, 7, 0, "a"), message(5, 7, 0), picture(6, 7, 0, "b"), picture(7, 7, 0, "b")];
    let before: Rows | null = null;
    for (let count = 1; count <= all.length; count++) {
      before = buildRows(all.slice(0, count), null, true, before);
      expect(before.rows).toEqual(buildRows(all.slice(0, count), null, true, null).rows);
    }
    // What changes of one of them, changes in the row; what takes it out of it, breaks it.
    const starred = all.map((each) => (each.seq === 3 ? { ...each, starred: true } : each));
    before = buildRows(starred, null, true, before);
    expect(before.rows).toEqual(buildRows(starred, null, true, null).rows);
    const recalled = starred.map((each) => (each.seq === 3 ? { ...each, recalled: { by: 7, at: 0, again: null } } : each));
    expect(buildRows(recalled, null, true, before).rows).toEqual(buildRows(recalled, null, true, null).rows);
  });

  it("is found by each of its pictures", () => {
    const { rows } = buildRows(album, null, true, null);
    expect([rowKeyOf(rows, "k1"), rowKeyOf(rows, "k3"), rowKeyOf(rows, "k9")]).toEqual(["k1", "k1", null]);
  });
});

describe("rows", () => {
  it("group bubbles of one sender until somebody else writes, five minutes pass or a day ends", () => {
    const messages = [message(1, 7, 0), message(2, 7, 1), message(3, 8, 2), message(4, 8, 9), message(5, 8, 24 * 60)];
    expect(sketch(buildRows(messages, null, true, null).rows)).toBe("top day 1< 2> 3<> 4<> day 5<>");
  });

  it("put the divider before the first unread message, and nowhere while that is not loaded", () => {
    const messages = [message(4, 7, 0), message(5, 7, 0), message(6, 7, 0)];
    expect(sketch(buildRows(messages, 5, false, null).rows)).toBe("top day 4<> divider 5< 6>");
    expect(sketch(buildRows(messages, 2, false, null).rows)).toBe("top day 4< 5 6>");
    expect(sketch(buildRows(messages, 2, true, null).rows)).toBe("top day divider 4< 5 6>");
  });

  it("tell what happened after the message of its place, in one line where it is one thing", () => {
    const messages = [message(4, 7, 0), message(5, 7, 0), message(6, 7, 0)];
    const happened = [
      happening(1, 2, { kind: "GroupCreated" }),
      happening(5, 4, { users: [carl] }),
      happening(6, 4, { users: [me] }),
      happening(7, 4, { kind: "GroupUpdated", name: "Go" }),
      happening(9, 6, { kind: "RoleChanged", users: [carl], at: NOON + 24 * 60 * 60_000 }),
    ];
    const sketched = (complete: boolean) => sketch(buildRows(messages, null, complete, null, happened).rows);
    expect(sketched(false)).toBe("top day 4<> happened happened 5< 6> day happened");
    expect(sketched(true)).toBe("top day happened 4<> happened happened 5< 6> day happened");
    expect(sketch(buildRows([], null, true, null, happened.slice(0, 1)).rows)).toBe("top day happened");
  });

  it("of what happened are the same whether built at once or message by message", () => {
    const all = Array.from({ length: 20 }, (_, at) => message(at + 1, 7, at));
    const happened = [0, 3, 3, 9, 20].map((seq, at) => happening(at + 1, seq, { users: [at % 2 === 0 ? bob : carl] }));
    let rows: Rows | null = null;
    for (let count = 1; count <= all.length; count++) rows = buildRows(all.slice(0, count), 8, true, rows, happened);
    expect(rows?.rows).toEqual(buildRows(all, 8, true, null, happened).rows);
  });

  it("are the same whether built at once or message by message", () => {
    const all = Array.from({ length: 60 }, (_, at) => message(at + 1, at % 7 < 4 ? 7 : 8, at * 2));
    let rows: Rows | null = null;
    for (let count = 1; count <= all.length; count++) rows = buildRows(all.slice(0, count), 31, true, rows);
    expect(rows?.rows).toEqual(buildRows(all, 31, true, null).rows);
    const changed = all.map((each) => (each.seq === 20 ? { ...each, content: "other" } : each));
    expect(buildRows(changed, 31, true, rows).rows).toEqual(buildRows(changed, 31, true, null).rows);
  });
});

describe("the layout", () => {
  it("finds rows by height and keeps what was measured when rows come above", () => {
    const layout = new Layout<{ key: string }>(() => 10, () => 0);
    layout.setRows([{ key: "a" }, { key: "b" }, { key: "c" }]);
    expect(layout.measure(1, 30)).toBe(true);
    expect(layout.measure(1, 30)).toBe(false);
    expect([layout.offset(2), layout.total]).toEqual([40, 50]);
    expect([layout.indexAt(-5), layout.indexAt(39), layout.indexAt(40), layout.indexAt(99)]).toEqual([0, 1, 2, 2]);
    layout.setRows([{ key: "z" }, { key: "a" }, { key: "b" }, { key: "c" }]);
    expect([layout.offset(2), layout.offset(3)]).toEqual([20, 50]);
  });

  /** Messages of ten pixels by their `seq`, and what else stands among them. */
  const log = (...rows: readonly (number | string)[]): Layout<{ key: string; seq: number | null }> => {
    const layout = new Layout<{ key: string; seq: number | null }>(() => 10, ({ seq }) => seq);
    layout.setRows(rows.map((row) => ({ key: `${row}`, seq: typeof row === "number" ? row : null })));
    return layout;
  };
  const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, at) => from + at);
  const divider = { key: "divider", holds: false };

  it("comes in at the divider where what is new is taller than the view, else at the bottom", () => {
    const tall = log("top", ...range(1, 20), "divider", ...range(21, 60));
    expect(tall.hold({ at: "arrival" }, 100, divider)).toEqual({ top: 138, anchor: { at: "row", key: "21", place: 21, delta: 82 } });
    const short = log("top", ...range(1, 20), "divider", 21);
    expect(short.hold({ at: "arrival" }, 100, divider)).toEqual({ top: 130, anchor: { at: "bottom" } });
    expect(log("top", ...range(1, 20)).hold({ at: "arrival" }, 100, divider).anchor).toEqual({ at: "bottom" });
  });

  it("never takes an anchor that is gone for the top: the row before it stands in, or one comes in anew", () => {
    const anchor = { at: "row", key: "30", place: 30, delta: 5 } as const;
    expect(log("top", ...range(1, 60)).hold(anchor, 100, null)).toEqual({ top: 295, anchor });
    expect(log("top", ...range(1, 29), ...range(31, 60)).hold(anchor, 100, null)).toEqual({ top: 285, anchor: { ...anchor, key: "29" } });
    // The rows down to it were trimmed, or lie in a hole now.
    expect(log("top", ...range(40, 99)).hold(anchor, 100, divider)).toEqual({ top: 510, anchor: { at: "bottom" } });
    expect(log("top", ...range(40, 50), "divider", ...range(51, 99)).hold(anchor, 100, divider).anchor).toMatchObject({ key: "51" });
    // What was being sent was taken back.
    expect(log("top", ...range(1, 60)).hold({ ...anchor, key: "x", place: Infinity }, 100, null).anchor).toMatchObject({ key: "60" });
    expect(log().hold(anchor, 100, divider)).toEqual({ top: 0, anchor: { at: "bottom" } });
  });

  it("keeps the divider in sight at the bottom while nobody looks, and follows what comes while somebody does", () => {
    const few = log("top", ...range(1, 20), "divider", 21);
    expect(few.hold({ at: "bottom" }, 100, { ...divider, holds: true }).anchor).toEqual({ at: "bottom" });
    const many = log("top", ...range(1, 20), "divider", ...range(21, 60));
    expect(many.hold({ at: "bottom" }, 100, { ...divider, holds: true })).toMatchObject({ top: 138, anchor: { key: "21" } });
    expect(many.hold({ at: "bottom" }, 100, divider)).toMatchObject({ top: 520, anchor: { at: "bottom" } });
  });

  it("holds on to a message: rows that come and go are passed over", () => {
    const layout = log("top", "day", 1, "divider", 2, 3);
    expect(layout.anchorAt(4)).toEqual({ at: "row", key: "1", place: 1, delta: 16 });
    expect(layout.anchorAt(31)).toMatchObject({ key: "2", delta: 9 });
  });
});

it("few emoji alone are counted, words and digits are not", () => {
  expect([emojiCount("👍"), emojiCount("👩‍👩‍👧 🎂"), emojiCount("❤️🇩🇪👋🏽")]).toEqual([1, 2, 3]);
  expect([emojiCount("1"), emojiCount("hi 👍"), emojiCount("👍👍👍👍"), emojiCount("")]).toEqual([0, 0, 0, 0]);
});

describe("content", () => {
  it("is only shown where its address is harmless", () => {
    expect(parseContent("Image", "javascript:alert(1)").is).toBe("unreadable");
    expect(parseContent("Image", "/media/1.png")).toMatchObject({ is: "image", url: "https://chat.example.org/media/1.png" });
    expect(parseContent("Image", "example.org/1.png")).toMatchObject({ url: "https://example.org/1.png" });
    expect(parseContent("Image", "picture").is).toBe("unreadable");
    expect(parseContent("File", '{"url":"data:text/html,x","name":"x"}').is).toBe("unreadable");
    expect(parseContent("Location", '{"latitude":91,"longitude":0}').is).toBe("unreadable");
    expect(parseContent("Card", "null").is).toBe("unreadable");
  });

  it("is as large as anything may be, or says nothing of it", () => {
    const sizes = { width: 1e308, height: -1, size: 1e17 };
    expect(parseContent("Image", JSON.stringify({ url: "/1.png", ...sizes }))).toMatchObject({ width: null, height: null, size: null });
    expect(parseContent("Video", JSON.stringify({ url: "/1.mp4", ...sizes }))).toMatchObject({ ratio: 16 / 9, size: null });
  });

  it("that the server's disk has lost is told of in the language of the page", () => {
    const source = readFileSync(new URL("../../../../crates/core/src/message.rs", import.meta.url), "utf8");
    const content = /DAMAGED: &str =\s*"([^"]+)"/.exec(source)?.[1] ?? "";
    expect(parseContent("Text", content).is).toBe("damaged");
    expect(parseContent("Text", `Look: ${content}`).is).toBe("text");
    const message = { key: "1.a", gid: 1, uid: 2, kind: "Text", content, at: 0, id: 1, seq: 1, state: { is: "stored" }, ...PLAIN } as const;
    expect(previewOf(message, createTranslator("zh"))).toBe("[消息已损坏]");
  });
});


describe("what happened", () => {
  const english = createTranslator("en");
  const told = (...line: Happening[]) => happenedText(line, me.id, english);

  it("is told by who reads it", () => {
    expect(told(happening(1, 0, { users: [me] }))).toBe("Bob added you");
    expect(told(happening(1, 0, { actor: me, users: [bob, carl] }))).toBe("You added Bob and Carl");
    expect(told(happening(1, 0, { kind: "GroupUpdated", name: "Go" }))).toBe("Bob renamed the group to “Go”");
    expect(told(happening(1, 0, { kind: "GroupUpdated" }))).toBe("Bob changed the group picture");
    expect(told(happening(1, 0, { kind: "RoleChanged", users: [carl], admin: true }))).toBe("Bob made Carl admin");
    expect(told(happening(1, 0, { kind: "MembersRemoved", users: [carl] }))).toBe("Bob removed Carl");
    expect(told(happening(1, 0, { kind: "NextYear" }))).toBeNull();
    expect(happenedText([happening(1, 0, { users: [me] })], me.id, createTranslator("zh"))).toBe("Bob邀请你加入了群聊");
  });

  it("says of those who leave that they left, together where they left together", () => {
    const left = (who: User) => happening(1, 0, { kind: "MembersRemoved", actor: who, users: [who] });
    expect(told(left(bob))).toBe("Bob left");
    expect(told(left(me))).toBe("You left");
    expect(told(left(bob), left(carl))).toBe("Bob and Carl left");
  });

  it("names some of many, oneself first, and counts the others", () => {
    const many = Array.from({ length: 20 }, (_, at) => person(10 + at, `P${at}`));
    expect(told(happening(1, 0, { users: [...many, me], count: 40 }))).toBe("Bob added you, P0, P1, and 37 others");
  });
});
