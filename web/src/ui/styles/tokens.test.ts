// Colours are written in tokens.css and nowhere else, where both looks have theirs side by side.

import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const views = fileURLToPath(new URL("..", import.meta.url));
const names = readdirSync(views, { recursive: true, encoding: "utf8" });
const textOf = (name: string): string => readFileSync(`${views}${name}`, "utf8");
const sheets = names.filter((name) => name.endsWith(".css")).map((name) => ({ name, text: textOf(name) }));

/** What makes a colour of its own; `transparent` and `currentcolor` do not. */
const COLOUR = /#[\da-f]{3,8}\b|\b(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch)\(|:[^;{]*\b(?:white|black|gr[ae]y|red|green|blue)\b(?!-)/gi;

it("every colour of a style sheet is a token", () => {
  expect(sheets.length).toBeGreaterThan(20);
  const found = sheets.filter(({ name }) => !name.endsWith("tokens.css")).map(({ name, text }) => [name, text.match(COLOUR) ?? []]);
  expect(found.filter(([, colours]) => colours?.length !== 0)).toEqual([]);
});

it("every token that is used is there", () => {
  const texts = [...sheets.map(({ text }) => text), ...names.filter((name) => name.endsWith(".tsx")).map(textOf)].join("\n");
  const known = new Set([...texts.matchAll(/["\s](--[\w-]+)"?\]?:/g)].map(([, token]) => token));
  const used = new Set([...texts.matchAll(/var\((--[\w-]+)/g)].map(([, token]) => token));
  expect(used.size).toBeGreaterThan(50);
  expect([...used].filter((token) => !known.has(token))).toEqual([]);
});
