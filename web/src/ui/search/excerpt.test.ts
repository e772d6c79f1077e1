import { describe, expect, it } from "vitest";

import { excerptOf, type Piece, withoutMarks } from "./excerpt";

/** What stands out is in brackets. */
const shown = (pieces: readonly Piece[]): string => pieces.map(({ text, found }) => (found ? `[${text}]` : text)).join("");
const whereIs = (text: string, ...words: readonly string[]): (readonly [number, number])[] =>
  words.map((word) => [text.indexOf(word), text.indexOf(word) + word.length] as const);
const rich = (source: string, ...words: readonly string[]): string => {
  const { text, ranges } = withoutMarks(source, whereIs(source, ...words));
  return shown(excerptOf(text, ranges));
};

describe("an excerpt", () => {
  it("is the whole of a short text, on one line", () => {
    const text = "bread\nand <b>cheese</b>";
    expect(shown(excerptOf(text, whereIs(text, "bread", "cheese")))).toBe("[bread] and <b>[cheese]</b>");
  });

  it("tells the lines apart where they are several things, as a name and what is said of it", () => {
    expect(shown(excerptOf("bread.txt\nhow to bake", [[0, 5], [17, 21]], " · "))).toBe("[bread].txt · how to [bake]");
  });

  it("of a long one begins with a word before the first that was found, and has an end", () => {
    const text = `${"so many words ".repeat(20)}needle ${"and more of them ".repeat(20)}`;
    const pieces = excerptOf(text, whereIs(text, "needle"));
    expect(shown(pieces)).toMatch(/^…(words|so|many) .*\[needle\] and more .*…$/);
    expect(pieces.map(({ text: words }) => words).join("").length).toBeLessThanOrEqual(162);
  });

  it("does not cut a character in two", () => {
    const text = `${"😀".repeat(60)}needle${"😀".repeat(100)}`;
    expect(shown(excerptOf(text, whereIs(text, "needle")))).not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/);
  });

  it("finds its place in a script without blanks", () => {
    const text = `${"一二三四五六七八九十".repeat(6)}吃饭${"一二三四五六七八九十".repeat(20)}`;
    expect(shown(excerptOf(text, whereIs(text, "吃饭")))).toMatch(/^….*\[吃饭\].*…$/);
  });

  it("has nothing that turns the words around it", () => {
    const text = "a \u202eneedle\u202c b";
    expect(shown(excerptOf(text, whereIs(text, "needle")))).toBe("a [needle] b");
  });

  it("keeps to its own bounds whatever the ranges are", () => {
    expect(shown(excerptOf("abc", [[0, 2], [1, 3], [7, 9]]))).toBe("[ab]c");
    expect(shown(excerptOf("", [[0, 1]]))).toBe("");
  });
});

describe("of what was written with marks", () => {
  it("the marks are left out, and what was found stands out all the same", () => {
    expect(rich("Bring **bread** and [cheese](https://example.org/cheese)", "bread", "cheese")).toBe("Bring [bread] and [cheese]");
    expect(rich("# Plan\n\n1. bread\n2. *cheese*", "cheese")).toBe("Plan 1. bread 2. [cheese]");
    expect(rich("- bread\n- cheese", "cheese")).toBe("• bread • [cheese]");
    expect(rich("`a` &amp; **b**", "b")).toBe("a & [b]");
  });

  it("what was found in a mark itself does not stand out", () => {
    const source = "see [here](https://example.org/secret)";
    expect(withoutMarks(source, whereIs(source, "secret")).ranges).toEqual([]);
  });
});
