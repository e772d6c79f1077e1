import { describe, expect, it } from "vitest";

import type { SearchFilter } from "../../engine/contract";
import { chipped, type Known, mayMean, operatorsIn, typedAt } from "./operators";

const ME = 1;
const KNOWN: Known = {
  who: (value) => ({ ben: 2, 张三: 3, "Anna B": 4 })[value] ?? null,
  where: (value) => ({ lunch: 10, "Big group": 11 })[value] ?? null,
};
const at = (year: number, month = 1, day = 1): number => new Date(year, month - 1, day).getTime();
const made = (text: string, filter: SearchFilter = {}): unknown => chipped(text, filter, ME, KNOWN);

describe("an operator that is whole", () => {
  it("becomes a filter, in either language", () => {
    expect(made("from:ben ")).toEqual({ text: "", filter: { uid: 2 } });
    expect(made("来自：张三 ")).toEqual({ text: "", filter: { uid: 3 } });
    expect(made("发自:我 ")).toEqual({ text: "", filter: { uid: ME } });
    expect(made("From:me ")).toEqual({ text: "", filter: { uid: ME } });
    expect(made("在:lunch ")).toEqual({ text: "", filter: { gid: 10 } });
    expect(made("has:picture ")).toEqual({ text: "", filter: { has: ["image"] } });
    expect(made("包含:链接 ")).toEqual({ text: "", filter: { has: ["link"] } });
    expect(made("is:starred ")).toEqual({ text: "", filter: { is: ["starred"] } });
    expect(made("是:提到我 ")).toEqual({ text: "", filter: { is: ["mention"] } });
  });

  it("may stand in quotes, which end it, and among words, which stay", () => {
    expect(made('from:"Anna B"')).toEqual({ text: "", filter: { uid: 4 } });
    expect(made("在:「Big group」")).toEqual({ text: "", filter: { gid: 11 } });
    expect(made('plan in:"Big group" for noon')).toEqual({ text: "plan for noon", filter: { gid: 11 } });
    expect(made("a from:ben has:file b is:pinned ")).toEqual({ text: "a b ", filter: { uid: 2, has: ["file"], is: ["pinned"] } });
  });

  it("adds to what is asked for already, or takes its place", () => {
    expect(made("has:link has:file ", { has: ["image"], uid: 2 })).toEqual({ text: "", filter: { uid: 2, has: ["link", "image", "file"] } });
    expect(made("from:ben from:张三 ")).toEqual({ text: "", filter: { uid: 3 } });
  });

  it("of a date is that day, month or year, by the calendar of who asks", () => {
    expect(made("before:2026-11-22 ")).toEqual({ text: "", filter: { before: at(2026, 11, 22) } });
    expect(made("after:2026/11 ")).toEqual({ text: "", filter: { after: at(2026, 11) } });
    expect(made("on:2026-2 ")).toEqual({ text: "", filter: { after: at(2026, 2), before: at(2026, 3) } });
    expect(made("日期:2026 ")).toEqual({ text: "", filter: { after: at(2026), before: at(2027) } });
    expect(made("during:2026.12.31 ")).toEqual({ text: "", filter: { after: at(2026, 12, 31), before: at(2027) } });
    expect(made("之后:2026-01-05 之前:2026-02 ")).toEqual({ text: "", filter: { after: at(2026, 1, 5), before: at(2026, 2) } });
  });

  it("stays as it was typed where nobody knows what it means", () => {
    for (const text of ["from:nobody ", "in:nowhere ", "has:wings ", "is:odd ", "on:2026-02-30 ", "before:tomorrow ", "kind:Location ", "-from:ben ", 'say "from:ben " ', "http://from:ben "]) {
      expect(made(text), text).toBeNull();
    }
  });
});

it("what is being typed is no filter yet", () => {
  for (const text of ["from:ben", "from:", 'in:"Big', "has:image", "2026 on:2026"]) expect(made(text), text).toBeNull();
  expect(typedAt("hello from:be")).toEqual({ what: "from", value: "be", from: 6, to: 13, ended: false });
  expect(typedAt('in:"Big gr')).toMatchObject({ what: "in", value: "Big gr" });
  expect(typedAt("是：")).toMatchObject({ what: "is", value: "" });
  for (const text of ["", "from", "from:ben ", "-has:link", 'x:y "has:']) expect(typedAt(text), text).toBeNull();
});

it("places are those of the text", () => {
  expect(operatorsIn(' a  in:"x y" on:2026 ').map(({ from, to }) => [from, to])).toEqual([[4, 12], [13, 20]]);
});

it("a value may be meant by any beginning of its words", () => {
  expect(mayMean("", "Links", "link")).toBe(true);
  expect(mayMean("Pic", "Bilder", "image")).toBe(true);
  expect(mayMean("图", "Pictures", "image")).toBe(true);
  expect(mayMean("star", "收藏", "starred")).toBe(true);
  expect(mayMean("x", "Links", "link")).toBe(false);
});
