import { describe, expect, it } from "vitest";

import { byEmoji, findEmoji } from "./emojis";

/** Some have a sign behind them that asks for colour. */
const plain = (emoji: string | undefined): string | undefined => emoji?.replace("\uFE0F", "");
const first = (search: string): string | undefined => plain(findEmoji(search, 1)[0]?.emoji);

describe("a search for emoji", () => {
  it("finds first what has the searched name", () => {
    const wanted = { heart: "❤", smile: "😄", joy: "😂", cat: "🐱", "+1": "👍", tada: "🎉", fire: "🔥", ":thumbsup:": "👍" };
    for (const [search, emoji] of Object.entries(wanted)) expect(first(search), search).toBe(emoji);
    for (const [search, emoji] of Object.entries({ 红心: "❤", 心: "❤", 火: "🔥", 猫: "🐈" })) expect(first(search), search).toBe(emoji);
  });

  it("puts a whole word before the beginning of one", () => {
    const found = findEmoji("heart", 200).map(({ emoji }) => emoji);
    expect(found).toContain("😉");
    expect(found.indexOf("💔")).toBeLessThan(found.indexOf("😉"));
    expect(found.indexOf("😍")).toBeLessThan(found.indexOf("😉"));
  });

  it("knows what is meant before it is spelled out", () => {
    expect(first("hea")).toBe("❤");
    expect(first("thumbs")).toBe("👍");
  });

  it("finds several words in any order", () => {
    expect(first("heart eyes")).toBe("😍");
    expect(findEmoji("eyes cat", 20).map(({ emoji }) => emoji)).toContain("😻");
  });

  it("finds nothing for nothing, and no more than is asked for", () => {
    expect(findEmoji("  ", 10)).toEqual([]);
    expect(findEmoji("qwertz", 10)).toEqual([]);
    expect(findEmoji("face", 7)).toHaveLength(7);
  });
});

it("every emoji has a name in both languages", () => {
  expect(byEmoji.size).toBeGreaterThan(1800);
  for (const { emoji, english } of byEmoji.values()) expect(english, emoji).not.toBe("");
});
