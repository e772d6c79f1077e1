// Texts made up of marks: whatever is written, it is drawn within its budget, and leads nowhere that it should not.
//
// Of the kind of crates/fuzz, for the one parser that readers of messages have. RIM_SEED replays a run, and RIM_TEXTS
// says how many texts are tried.

import { expect, it } from "vitest";

import { parsePlain, parseRich, plainText, type Block, type Inline, type Parsed } from ".";
import { DEEPEST_BLOCK, DEEPEST_INLINE } from "./budget";

const TEXTS = Number(process.env.RIM_TEXTS ?? 3000);
const LONGEST = 4000;
/** What the budget allows, with that of the plain text which is shown beyond it. */
const STEPS_PER_LETTER = 2 * 64;
const STEPS_AT_LEAST = 2 * 2000;

const PIECES = [
  "a", "b ", "word", " ", "  ", "\t", "\n", "\n\n", "\r\n", "> ", ">", "- ", "+ ", "* ", "1. ", "999) ", "- [ ] ", "- [x] ",
  "# ", "###### ", "---", "===", "***", "```", "~~~", "```js\n", "`", "``", "*", "**", "***", "_", "__", "~~", "~", "[", "]", "(", ")",
  "](", "![", "[a](", "[a]: ", "[a][b]", "<", ">", "<b>", "<!--", "&amp;", "&#0;", "&", "\\", "\\*", "|", "|-|-|", ":-:", "|a|b|\n|-|-|\n",
  "https://a.example/", "http://x/(", "www.a.example", "a@b.example", "javascript:", "data:text/html,", "//b.example", "mailto:x@y.example",
  "tel:1", "\u0000", "\u202e", "\u200b", "\ufeff", "\ud83d", "😀", "号", "，", "注意：", "é", "^_^", ">_<", "\u2028",
] as const;

/** xorshift32. */
function chances(seed: number): (end: number) => number {
  let state = (seed * 2654435761) >>> 0 || 1;
  return (end) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % end;
  };
}

function madeUp(below: (end: number) => number): string {
  // A few pieces often: what is dear is mostly the same again and again.
  const used = Array.from({ length: 1 + below(6) }, () => PIECES[below(PIECES.length)] ?? "");
  const length = below(4) === 0 ? LONGEST : below(200);
  let text = "";
  while (text.length < length) {
    const piece = used[below(used.length)] ?? "";
    text += below(20) === 0 ? piece.repeat(below(300)) : piece;
  }
  return text.slice(0, LONGEST);
}

function looksAt(blocks: readonly Block[], deep: number): void {
  expect(deep).toBeLessThanOrEqual(DEEPEST_BLOCK + 1);
  for (const block of blocks) {
    if (block.is === "paragraph" || block.is === "heading") inlines(block.of, 0, false);
    if (block.is === "quote") looksAt(block.of, deep + 1);
    if (block.is === "list") for (const item of block.items) looksAt(item.of, deep + 1);
    if (block.is !== "table") continue;
    for (const row of block.rows) {
      expect(row.length).toBe(block.align.length);
      for (const cell of row) inlines(cell, 0, false);
    }
  }
}

function inlines(nodes: readonly Inline[], deep: number, inLink: boolean): void {
  expect(deep).toBeLessThanOrEqual(DEEPEST_INLINE + 1);
  for (const node of nodes) {
    if (node.is === "text" || node.is === "code") continue;
    if (node.is === "link") {
      expect(inLink).toBe(false);
      expect(node.href).toMatch(/^(?:https?:\/\/[^\s/]|mailto:|tel:)/);
    }
    inlines(node.of, deep + 1, inLink || node.is === "link");
  }
}

function holds(source: string, parsed: Parsed): void {
  expect(parsed.steps).toBeLessThanOrEqual(STEPS_AT_LEAST + STEPS_PER_LETTER * source.length);
  looksAt(parsed.tree.blocks, 0);
  const shown = plainText(parsed.tree);
  // What says something shows something.
  if (/[a-z]/i.test(source)) expect(shown.trim()).not.toBe("");
  expect(plainText(parsed.tree, 50).length).toBeLessThanOrEqual(shown.length);
}

const seeds = process.env.RIM_SEED === undefined ? [1, Date.now() % 2 ** 31] : [Number(process.env.RIM_SEED)];

it.each(seeds)("whatever is written is drawn within its budget and leads to the web alone (RIM_SEED=%i)", (seed) => {
  const below = chances(seed);
  for (let tried = 0; tried < TEXTS / seeds.length; tried += 1) {
    const source = madeUp(below);
    try {
      holds(source, parseRich(source));
      holds(source, parsePlain(source));
    } catch (error) {
      throw new Error(`RIM_SEED=${seed}: ${JSON.stringify(source)}`, { cause: error });
    }
  }
});
