// From the content of a message to its tree.

import { plainly } from "../../../i18n/direction";
import { parseBlocks } from "./blocks";
import { Budget, TooMuch } from "./budget";
import { parseAddresses } from "./inline";
import { plainText, type Block, type Tree } from "./tree";

export { plainText } from "./tree";
export type { Block, Inline, Tree } from "./tree";

export interface Parsed {
  readonly tree: Tree;
  /** How much work it was: letters looked at, and the like. */
  readonly steps: number;
}

/** Of RichText: marks and all. What would show nothing, or be too much work, is shown as it was written. */
export function parseRich(source: string): Parsed {
  const text = readable(source);
  const budget = new Budget(text.length);
  try {
    const blocks = parseBlocks(text, budget);
    const tree: Tree = { blocks, formatted: blocks.some(isFormatted) };
    if (blocks.every(saysNothing)) return plain(text, budget.steps);
    return { tree, steps: budget.steps };
  } catch (error) {
    if (!(error instanceof TooMuch)) throw error;
    return plain(text, budget.steps);
  }
}

/** Of Text: only addresses mean something. */
export function parsePlain(source: string): Parsed {
  return plain(readable(source), 0);
}

function plain(text: string, steps: number): Parsed {
  const budget = new Budget(text.length);
  const of = parseAddresses(VISIBLE.test(text) ? text : codes(text), budget);
  return { tree: { blocks: [{ is: "paragraph", of }], formatted: false }, steps: steps + budget.steps };
}

/** One kind of line end, and nothing that turns what stands around it. */
function readable(source: string): string {
  const text = plainly(source.replace(/\r\n?/g, "\n").replaceAll("\u0000", "\ufffd"));
  return text === "" ? codes(source) : text;
}

const VISIBLE = /[^\s\p{C}\p{Default_Ignorable_Code_Point}\u2800]/u;
const MOST_CODES = 24;

/** A text of nothing but what cannot be seen: "U+200B". */
function codes(text: string): string {
  const letters = [...text.slice(0, 2 * MOST_CODES)].slice(0, MOST_CODES);
  const shown = letters.map((letter) => `U+${(letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`);
  return shown.join(" ");
}

function saysNothing(block: Block): boolean {
  return block.is === "rule" || !VISIBLE.test(plainText({ blocks: [block], formatted: false }));
}

/** Whether a block shows something that its source alone would not. */
function isFormatted(block: Block): boolean {
  if (block.is === "rule") return false;
  if (block.is !== "paragraph") return true;
  // An address says itself; a link says something else.
  return block.of.some((node) => {
    if (node.is === "text") return false;
    if (node.is !== "link") return true;
    const [only, ...more] = node.of;
    return more.length > 0 || only?.is !== "text" || !saysItself(only.text, node.href);
  });
}

function saysItself(text: string, href: string): boolean {
  return [text, `https://${text}`, `mailto:${text}`].includes(href) || (URL.canParse(text) && new URL(text).href === href);
}

const MOST_KEPT = 400;
const MOST_LETTERS_KEPT = 1_000_000;
const kept = new Map<string, Tree>();
let letters = 0;

/** The tree of a message; what was asked for last is kept. */
export function treeOf(kind: "Text" | "RichText", content: string): Tree {
  const key = kind + content;
  let tree = kept.get(key);
  if (tree === undefined) {
    tree = (kind === "Text" ? parsePlain(content) : parseRich(content)).tree;
    letters += key.length;
  } else kept.delete(key);
  kept.set(key, tree);
  for (const oldest of kept.keys()) {
    if (kept.size <= MOST_KEPT && letters <= MOST_LETTERS_KEPT) break;
    kept.delete(oldest);
    letters -= oldest.length;
  }
  return tree;
}
