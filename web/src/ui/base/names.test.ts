import { describe, expect, it } from "vitest";

import type { ChatRow, User } from "../../engine/contract";
import { findByReading } from "./pinyin";
import { chatsFound, peopleFound, rankOf } from "./names";

const named = (search: string, ...names: readonly string[]): readonly string[] =>
  peopleFound(names.map((name, id): User => ({ id, name, account: `account${id}`, avatar: "", email: "" })), search, findByReading).map(({ name }) => name);

describe("a name is found", () => {
  it("the better, the nearer to its beginning what is looked for stands", () => {
    expect(named("an", "Joanna", "Ben Ansel", "Anna", "王安")).toEqual(["Anna", "Ben Ansel", "Joanna", "王安"]);
  });

  it("by its words in any order, without regard to case and marks", () => {
    expect(named("muller jurgen", "Jürgen Müller", "Jürgen Maier")).toEqual(["Jürgen Müller"]);
    expect(named("STRASSE", "Straße 7")).toEqual(["Straße 7"]);
  });

  it("by the initials and the whole reading of a Chinese name, and by its characters", () => {
    for (const search of ["zs", "zhangsan", "zhangs", "张", "三"]) expect(named(search, "李四", "张三"), search).toEqual(["张三"]);
  });

  it("by what one calls somebody oneself, and by what everybody else does", () => {
    const boss = { name: "张老板", realName: "王小明", account: "xm" };
    for (const search of ["张", "老板", "zlb", "zhang", "王小", "wxm", "wangxiao"]) expect(rankOf(boss, search, findByReading), search).not.toBeNull();
    expect(rankOf(boss, "lisi", findByReading)).toBeNull();
    expect(rankOf(boss, "张 小明", null), "a word of each").toBe(6);
  });

  it("by the account, with and without the sign before it", () => {
    const xiaoming = { name: "王小明", account: "xiaoming" };
    expect(rankOf(xiaoming, "@xiao", null)).toBe(2);
    expect(rankOf(xiaoming, "xiao", null)).toBe(2);
    expect(rankOf(xiaoming, "ming", null)).toBe(6);
    expect(rankOf(xiaoming, "@", null)).toBeNull();
  });

  it("by nothing where nothing is looked for", () => {
    expect(named("  ", "Anna")).toEqual([]);
  });
});

it("of chats that are equally good the latest comes first, and a single chat is found by the account of the other", () => {
  const row = (gid: number, title: string, partner: number | null = null): ChatRow => ({ gid, title, partner }) as ChatRow;
  const rows = [row(1, "Anna and others"), row(2, "Annual report"), row(3, "王小明", 7)];
  const userOf = (uid: number): User => ({ id: uid, name: "王小明", account: "anthony", avatar: "", email: "" });
  expect(chatsFound(rows, userOf, "an", null).map(({ gid }) => gid)).toEqual([1, 2, 3]);
});
