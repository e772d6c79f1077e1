import { describe, expect, it } from "vitest";

import { code, type Edit, prefix, surround } from "./composing";
import { parseRich } from "./markup";
import { toHtml } from "./markup/html";

/** "a |b| c" is a text with b selected. */
function edited(marked: string, edit: (text: string, from: number, to: number) => Edit): string {
  const [before = "", inside = "", after = ""] = marked.split("|");
  const text = before + inside + after;
  const { from, to, text: made, selectFrom, selectTo } = edit(text, before.length, before.length + inside.length);
  const result = text.slice(0, from) + made + text.slice(to);
  return `${result.slice(0, selectFrom)}|${result.slice(selectFrom, selectTo)}|${result.slice(selectTo)}`;
}

const bold = (marked: string): string => edited(marked, (text, from, to) => surround(text, from, to, "**", "**"));

describe("the button for bold", () => {
  it.each([
    ["a |b| c", "a **|b|** c"],
    ["a| b |c", "a **|b|** c"],
    ["|注意：|请看", "**|注意|**：请看"],
    ["|注意：|", "**|注意：|**"],
    ["see|(this)|now", "see(**|this|**)now"],
    ["|：|请看", "**|：|**请看"],
    ["a || b", "a **||** b"],
    ["a **|b|** c", "a |b| c"],
    ["un|believ|able", "**|unbelievable|**"],
    ["(sn|ake cas|e)", "(**|snake case|**)"],
    ["请|注意|看", "请**|注意|**看"],
  ])("makes of %s", (marked, expected) => {
    expect(bold(marked)).toBe(expected);
  });

  it.each(["|注意：|请看", "请|（重要）|看", "|Note:|text", "x|“y”|z", "| a |", "|注意：| 请看", "un|believ|able", "2|3|4", "请|注意|看", "a|注意|b", "(|a|)", "|a|，b"])("makes %s bold", (marked) => {
    const made = bold(marked).replaceAll("|", "");
    expect(toHtml(parseRich(made).tree)).toMatch(/<strong>[^*]+<\/strong>/);
    expect(toHtml(parseRich(made).tree)).not.toContain("*");
  });
});

it("the button for italic leaves bold alone", () => {
  expect(edited("**|b|**", (text, from, to) => surround(text, from, to, "*", "*"))).toBe("***|b|***");
});

it("the button for code makes a block of several lines", () => {
  expect(edited("a |b| c", code)).toBe("a `|b|` c");
  expect(edited("a |b`c| d", code)).toBe("a `` |b`c| `` d");
  expect(edited("|a\nb|", code)).toBe("```\n|a\nb|\n```");
  expect(edited("x |a\nb| y", code)).toBe("x \n```\n|a\nb|\n```\n y");
});

it("the buttons for lists and quotes begin each line", () => {
  expect(edited("x\na |b\nc|", (text, from, to) => prefix(text, from, to, "- "))).toBe("x\n- a b\n- c||");
});
