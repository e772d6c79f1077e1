import { describe, expect, it, vi } from "vitest";

// The views ask where they are only to complete addresses.
vi.stubGlobal("document", { baseURI: "https://chat.example.org/" });

import { plainText, treeOf } from "./markup";
import { EVERYBODY, follow, meantBy, type Mentioning, type Named, namesOf, type Place, placesIn, searchAt, withMentions } from "./mentions";

const people: readonly Named[] = [
  { uid: 1, name: "Ann" },
  { uid: 2, name: "Ann Lee" },
  { uid: 3, name: "王小明" },
  { uid: null, name: "all" },
];
const found = (text: string): string[] => placesIn(text, people).map(({ uid, from, to }) => `${uid} ${text.slice(from, to)}`);

describe("those who are mentioned in a text", () => {
  it("are found by the longest name that stands there", () => {
    expect(found("@Ann Lee and @ann, @王小明你好 @all!")).toEqual(["2 @Ann Lee", "1 @ann", "3 @王小明", "null @all"]);
    expect(found("你好@王小明")).toEqual(["3 @王小明"]);
  });

  it("are not those whose name is a part of another word or of an address", () => {
    expect(found("@Anna me@ann.example @ Ann @allow")).toEqual([]);
  });

  it("stand out in text and formatting, and not in code", () => {
    const tree = withMentions(treeOf("RichText", "**hi @Ann** `@Ann`"), people);
    const [paragraph] = tree.blocks;
    expect(paragraph).toMatchObject({ of: [{ is: "strong", of: [{ text: "hi " }, { is: "mention", uid: 1 }] }, { text: " " }, { is: "code", text: "@Ann" }] });
    expect(plainText(tree)).toBe("hi @Ann @Ann");
  });
});

describe("while one writes, a mention", () => {
  const text = "hi @Ann and @Ann Lee";
  const places = placesIn(text, people);
  const after = (changed: string): string[] => follow(places, text, changed).map(({ uid, from, to }) => `${uid} ${changed.slice(from, to)}`);

  it("moves with what is typed around it", () => {
    expect(after("oh hi @Ann and @Ann Lee")).toEqual(["1 @Ann", "2 @Ann Lee"]);
    expect(after("hi @Ann, and @Ann Lee")).toEqual(["1 @Ann", "2 @Ann Lee"]);
    expect(after("hi @Ann and @Ann Lee!")).toEqual(["1 @Ann", "2 @Ann Lee"]);
    expect(after("@Ann and @Ann Lee")).toEqual(["1 @Ann", "2 @Ann Lee"]);
    expect(after("@Ann Lee")).toEqual(["2 @Ann Lee"]);
  });

  it("ends when its name is changed", () => {
    expect(after("hi @An and @Ann Lee")).toEqual(["2 @Ann Lee"]);
    expect(after("hi @Anna and @Ann Lee")).toEqual(["2 @Ann Lee"]);
    expect(after("hi @Ann and @Ann Lees")).toEqual(["1 @Ann"]);
    expect(after("")).toEqual([]);
  });
});

describe("somebody is searched", () => {
  const none: readonly Place[] = [];
  it("from the sign to the caret", () => {
    expect(searchAt("hi @an", 6, none)).toEqual({ from: 3, search: "an" });
    expect(searchAt("hi @", 4, none)).toEqual({ from: 3, search: "" });
    expect(searchAt("hi @ann le", 10, none)).toEqual({ from: 3, search: "ann le" });
    expect(searchAt("你好@w", 4, none)).toEqual({ from: 2, search: "w" });
  });

  it("not in an address, behind a blank, or where somebody is mentioned already", () => {
    expect(searchAt("me@an", 5, none)).toBeNull();
    expect(searchAt("@ an", 4, none)).toBeNull();
    expect(searchAt("@a\nb", 4, none)).toBeNull();
    expect(searchAt("@Ann", 4, [{ uid: 1, from: 0, to: 4 }])).toBeNull();
    expect(searchAt("@Ann and", 8, [{ uid: 1, from: 0, to: 4 }])).toBeNull();
  });
});

it("for whom one calls otherwise oneself there stands the name that everybody knows", () => {
  const names = namesOf({ id: 1, name: "Boss", realName: "Ann", account: "annie" });
  expect(names.map(({ name }) => name)).toEqual(["Ann", "annie"]);
});

describe("what was typed by hand, without the list of people,", () => {
  const members: readonly Named[] = [
    ...namesOf({ id: 1, name: "Ann", account: "annie" }),
    ...namesOf({ id: 2, name: "Ann Lee", account: "lee1" }),
    ...namesOf({ id: 3, name: "Ann Lee", account: "lee2" }),
    ...namesOf({ id: 4, name: "All", account: "everyone" }),
  ];
  const meant = (text: string, people = members, places: readonly Place[] = [], old: Mentioning | null = null): string => {
    const { uids, all } = meantBy(text, people, places, old);
    return [...uids.map(String), ...(all ? ["all"] : [])].join();
  };

  it("mentions somebody by their whole name or account, in any case, and not by a part of it", () => {
    expect(meant("hi @ann, are you there?")).toBe("1");
    expect(meant("hi @Annie")).toBe("1");
    expect(meant("hi @An and ann and me@annie")).toBe("");
  });

  it("mentions nobody by a name that two have, who can be picked or named by their accounts", () => {
    expect(meant("hi @Ann Lee")).toBe("");
    expect(meant("hi @lee2")).toBe("3");
    expect(meant("hi @Ann Lee", members, [{ uid: 3, from: 3, to: 11 }])).toBe("3");
  });

  it("mentions everybody where the writer may, and else nobody, whatever people call themselves", () => {
    expect(meant("@all @everyone @所有人")).toBe("");
    expect(meant("@all", [...members, ...EVERYBODY])).toBe("all");
    expect(meant("@Everyone look", [...members, ...EVERYBODY])).toBe("all");
    expect(meant("@allow me", [...members, ...EVERYBODY])).toBe("");
  });

  it("changes who is mentioned as it changes the text, but for those who have another name by now", () => {
    const old: Mentioning = { content: "@Ann and @Mary", mentions: [1, 9], mentionAll: false };
    expect(meant("@lee1 and @Mary", members, [], old)).toBe("2,9");
    const twins: Mentioning = { content: "@Ann Lee", mentions: [3], mentionAll: false };
    expect(meant("nobody", members, [], twins)).toBe("");
  });

  it("looks like a mention only where it is one", () => {
    const tree = withMentions(treeOf("Text", "@all and @Ann"), namesOf({ id: 1, name: "Ann", account: "annie" }));
    expect(tree.blocks).toMatchObject([{ of: [{ is: "text", text: "@all and " }, { is: "mention", uid: 1 }] }]);
  });
});
