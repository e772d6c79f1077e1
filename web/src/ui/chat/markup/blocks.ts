// Paragraphs, quotes, lists, code and tables: the blocks of CommonMark as people write them in a chat.
//
// Where CommonMark would lose or turn what somebody typed, the text wins: a list that begins at 2026 is a sentence, ">_<"
// is no quote and "+ 1" no list, four blanks make no code, "===" below a line makes no heading, what stands below a
// quote or an item without belonging to it does not fall into it, and HTML is the text that it is.
//
// Lines are handed down into quotes and items, so each is looked at once for each block around it, and no more than
// DEEPEST_BLOCK can be.

import { linkTarget } from "./addresses";
import { type Budget, DEEPEST_BLOCK } from "./budget";
import { type Definitions, normalName, parseInline } from "./inline";
import type { Align, Block, Item, Row } from "./tree";

/** Blocks before the marks in them are read, which needs all definitions. */
type Raw =
  | { readonly is: "paragraph"; readonly text: string }
  | { readonly is: "definition"; readonly name: string; readonly text: string }
  | { readonly is: "heading"; readonly level: number; readonly text: string }
  | { readonly is: "code"; readonly label: string; readonly text: string }
  | { readonly is: "quote"; readonly of: readonly Raw[] }
  | { readonly is: "list"; readonly first: number | null; readonly items: readonly { done: boolean | null; of: readonly Raw[] }[] }
  | { readonly is: "table"; readonly align: readonly Align[]; readonly rows: readonly (readonly string[])[] }
  | { readonly is: "rule" };

const FENCE = /^( {0,3})(`{3,}(?=[^`]*$)|~{3,})(.*)$/;
/** What may stand behind a fence: a language, and what else renderers are told. */
const INFO = /^(?:[\w+#.-]{1,24}(?:[ \t,{][ -~]*)?)?$/;
const HEADING = /^ {0,3}(#{1,6})[ \t]+(\S.*)$/;
const QUOTE = /^ {0,3}>(?:[> ]*[> ](?=\S)|[> ]*$)/;
const ITEM = /^( {0,3})([-*]|\d{1,3}[.)])( +)(?=\S)/;
const TASK = /^\[([ xX])\] +(?=\S)/;
const DEFINITION = /^ {0,3}\[([^\][]{1,200})\]: *(\S{1,2000})(?: +(?:"[^"]*"|'[^']*'|\([^()]*\)))? *$/;
const DIVIDER_CELL = /^ *(:?)-+(:?) *$/;

export function parseBlocks(source: string, budget: Budget): readonly Block[] {
  budget.spend(2 * source.length);
  const definitions = new Known();
  const lines = source.split("\n").map(withoutTabs);
  const raw = readBlocks(lines, 0, definitions, budget);
  const blocks = raw.map((block) => finish(block, definitions, budget));
  return blocks.flatMap((block) => block(definitions.used));
}

class Known implements Definitions {
  readonly used = new Set<string>();
  private readonly known = new Map<string, string>();

  add(name: string, href: string): void {
    if (!this.known.has(name)) this.known.set(name, href);
  }

  find(name: string): string | null {
    if (this.known.size === 0) return null;
    const normal = normalName(name);
    const href = this.known.get(normal) ?? null;
    if (href !== null) this.used.add(normal);
    return href;
  }
}

function readBlocks(lines: readonly string[], depth: number, definitions: Known, budget: Budget): readonly Raw[] {
  const blocks: Raw[] = [];
  let at = 0;
  let paragraph: string[] = [];
  /** Fences that nothing below ends: it is not looked for again. */
  const endless = new Set<string>();
  const endParagraph = (): void => {
    const text = paragraph.join("\n").trimEnd();
    if (text !== "") blocks.push({ is: "paragraph", text });
    paragraph = [];
  };
  while (at < lines.length) {
    const line = lines[at] ?? "";
    budget.spend(1 + line.length);
    if (line.trim() === "") {
      endParagraph();
      at++;
      continue;
    }
    const fence = FENCE.exec(line);
    const code = fence === null ? null : readCode(lines, at, fence, endless, budget);
    if (code !== null) {
      endParagraph();
      blocks.push(code.block);
      at = code.next;
      continue;
    }
    const heading = HEADING.exec(line);
    const text = withoutClosing(heading?.[2] ?? "");
    if (heading !== null && text !== "") {
      endParagraph();
      blocks.push({ is: "heading", level: heading[1]?.length ?? 1, text });
      at++;
      continue;
    }
    if (isRule(line)) {
      endParagraph();
      blocks.push({ is: "rule" });
      at++;
      continue;
    }
    if (depth < DEEPEST_BLOCK && QUOTE.test(line)) {
      endParagraph();
      const inside: string[] = [];
      for (; at < lines.length && QUOTE.test(lines[at] ?? ""); at++) inside.push((lines[at] ?? "").replace(/^ *> ?/, ""));
      blocks.push({ is: "quote", of: readBlocks(inside, depth + 1, definitions, budget) });
      continue;
    }
    const item = depth < DEEPEST_BLOCK ? ITEM.exec(line) : null;
    // In the middle of a paragraph only the first of a list begins one: "on the\n14. of May" does not.
    if (item !== null && (paragraph.length === 0 || /^(?:[-*]|1[.)])$/.test(item[2] ?? ""))) {
      endParagraph();
      const { block, next } = readList(lines, at, depth, definitions, budget);
      blocks.push(block);
      at = next;
      continue;
    }
    if (paragraph.length === 0) {
      const table = readTable(lines, at, budget);
      if (table !== null) {
        blocks.push(table.block);
        at = table.next;
        continue;
      }
      const definition = DEFINITION.exec(line);
      const href = definition === null ? null : linkTarget((definition[2] ?? "").replace(/^<(.*)>$/, "$1"));
      if (definition !== null && href !== null) {
        const name = normalName(definition[1] ?? "");
        definitions.add(name, href);
        blocks.push({ is: "definition", name, text: line });
        at++;
        continue;
      }
    }
    paragraph.push(line);
    at++;
  }
  endParagraph();
  return blocks;
}

/** Null where it is no code: "~~~ 好的" is a tone, and so are tildes that nothing ends; code without end is code. */
function readCode(
  lines: readonly string[],
  start: number,
  [, indent = "", fence = "", info = ""]: RegExpExecArray,
  endless: Set<string>,
  budget: Budget,
): { readonly block: Raw; readonly next: number } | null {
  const inside: string[] = [];
  const sign = fence[0] ?? "`";
  const label = info.trim();
  const likely = INFO.test(label);
  if (sign === "~" ? !likely || endless.has(fence) : !likely && endless.has(fence)) return null;
  for (let at = start + 1; at < lines.length; at++) {
    const line = lines[at] ?? "";
    budget.spend(1 + line.length);
    const closing = /^ {0,3}(`+|~+) *$/.exec(line)?.[1] ?? "";
    if (closing.length >= fence.length && closing[0] === sign) {
      return { block: { is: "code", label, text: inside.join("\n") }, next: at + 1 };
    }
    // "```one\ntwo```", as people write it: both are code.
    const end = line.trimEnd();
    if (sign === "`" && end.endsWith(fence) && end.indexOf(fence) === end.length - fence.length) {
      inside.push(end.slice(0, -fence.length));
      const language = label === "" || /^[\w+#.-]{1,16}$/.test(label);
      const text = (language ? inside : [info, ...inside]).join("\n");
      return { block: { is: "code", label: language ? label : "", text }, next: at + 1 };
    }
    inside.push(indent !== "" && line.startsWith(indent) ? line.slice(indent.length) : line);
  }
  endless.add(fence);
  if (sign === "~" || !likely || inside.every((line) => line.trim() === "")) return null;
  return { block: { is: "code", label, text: inside.join("\n") }, next: lines.length };
}

function readList(
  lines: readonly string[],
  start: number,
  depth: number,
  definitions: Known,
  budget: Budget,
): { readonly block: Raw; readonly next: number } {
  const items: { done: boolean | null; of: readonly Raw[] }[] = [];
  const kind = kindOf(ITEM.exec(lines[start] ?? "")?.[2] ?? "");
  const first = Number.parseInt(ITEM.exec(lines[start] ?? "")?.[2] ?? "", 10);
  let at = start;
  for (;;) {
    const line = lines[at] ?? "";
    const match = ITEM.exec(line);
    if (match === null || kindOf(match[2] ?? "") !== kind || isRule(line)) break;
    budget.spend(1 + line.length);
    const [whole, , , blanks = " "] = match;
    const width = blanks.length > 4 ? whole.length - blanks.length + 1 : whole.length;
    let head = line.slice(width);
    const task = TASK.exec(head);
    if (task !== null) head = head.slice(task[0].length);
    const inside = [head];
    at++;
    // Two blanks are enough to belong to it, whatever the width of the number.
    for (; at < lines.length; at++) {
      const next = lines[at] ?? "";
      budget.spend(1 + next.length);
      if (next.trim() === "") {
        const after = lines.slice(at, at + 3).find((each) => each.trim() !== "") ?? "";
        if (!/^ {2}/.test(after)) break;
        inside.push("");
        continue;
      }
      const depthOfLine = next.length - next.trimStart().length;
      if (depthOfLine < 2 || (depthOfLine < 4 && depthOfLine < width && kindOf(ITEM.exec(next)?.[2] ?? "") === kind)) break;
      inside.push(next.slice(Math.min(width, depthOfLine)));
    }
    items.push({ done: task === null ? null : task[1] !== " ", of: readBlocks(inside, depth + 1, definitions, budget) });
    // Items may be a blank line apart.
    const blank = (lines[at] ?? "x").trim() === "" ? 1 : 0;
    const next = ITEM.exec(lines[at + blank] ?? "");
    if (next !== null && kindOf(next[2] ?? "") === kind) at += blank;
    else break;
  }
  return { block: { is: "list", first: Number.isNaN(first) ? null : first, items }, next: at };
}

function kindOf(marker: string): string {
  return marker.slice(-1);
}

/** Three or more of one sign and nothing else. */
function isRule(line: string): boolean {
  const signs = line.replaceAll(" ", "");
  const sign = signs[0] ?? "";
  if (signs.length < 3 || !"-*_".includes(sign) || /^ {4}/.test(line)) return false;
  for (const each of signs) if (each !== sign) return false;
  return true;
}

function readTable(
  lines: readonly string[],
  start: number,
  budget: Budget,
): { readonly block: Raw; readonly next: number } | null {
  const head = lines[start] ?? "";
  const divider = lines[start + 1] ?? "";
  if (!head.includes("|") || !divider.includes("-") || !/^[ |:-]+$/.test(divider)) return null;
  budget.spend(head.length + divider.length);
  const align: Align[] = [];
  for (const cell of cellsOf(divider)) {
    const match = DIVIDER_CELL.exec(cell);
    if (match === null) return null;
    const [, left, right] = match;
    align.push(right === ":" ? (left === ":" ? "center" : "end") : left === ":" ? "start" : null);
  }
  const names = cellsOf(head);
  if (names.length !== align.length || (align.length === 1 && !divider.includes("|"))) return null;
  const rows = [names];
  let at = start + 2;
  for (; at < lines.length; at++) {
    const line = lines[at] ?? "";
    budget.spend(1 + line.length + align.length);
    if (line.trim() === "" || !line.includes("|")) break;
    const cells = cellsOf(line);
    // What is in the way of the table is not lost: it goes into its last cell.
    const extra = cells.splice(align.length);
    if (extra.length > 0) cells.push(`${cells.pop() ?? ""} | ${extra.join(" | ")}`);
    while (cells.length < align.length) cells.push("");
    rows.push(cells);
  }
  return { block: { is: "table", align, rows }, next: at };
}

/** The cells of a line: cut at each "|" that is not escaped. */
function cellsOf(line: string): string[] {
  let text = line.trim();
  if (text.startsWith("|")) text = text.slice(1);
  if (text.endsWith("|") && !text.endsWith("\\|")) text = text.slice(0, -1);
  return text
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll("\\|", "|"));
}

/** Reads the marks of a block. A definition is shown as what it is unless it was used. */
function finish(block: Raw, definitions: Known, budget: Budget): (used: ReadonlySet<string>) => readonly Block[] {
  budget.node();
  const inline = (text: string) => parseInline(text, definitions, budget);
  const inside = (of: readonly Raw[]) => {
    const made = of.map((each) => finish(each, definitions, budget));
    return (used: ReadonlySet<string>) => made.flatMap((each) => each(used));
  };
  const always = (made: Block) => () => [made];
  switch (block.is) {
    case "paragraph":
      return always({ is: "paragraph", of: inline(block.text) });
    case "heading":
      return always({ is: "heading", level: block.level, of: inline(block.text) });
    case "code":
    case "rule":
      return always(block);
    case "definition": {
      const shown: Block = { is: "paragraph", of: inline(block.text) };
      return (used) => (used.has(block.name) ? [] : [shown]);
    }
    case "quote": {
      const of = inside(block.of);
      return (used) => [{ is: "quote", of: of(used) }];
    }
    case "list": {
      const items = block.items.map(({ done, of }) => ({ done, of: inside(of) }));
      const first = block.first;
      return (used) => [
        { is: "list", first, items: items.map(({ done, of }): Item => ({ done, of: of(used) })) },
      ];
    }
    case "table": {
      const rows = block.rows.map((cells): Row =>
        cells.map((cell) => {
          budget.node();
          return inline(cell);
        }),
      );
      return always({ is: "table", align: block.align, rows });
    }
  }
}

function withoutClosing(heading: string): string {
  const text = heading.trimEnd();
  let end = text.length;
  while (text[end - 1] === "#") end--;
  return end < text.length && (text[end - 1] === " " || end === 0) ? text.slice(0, end).trimEnd() : text;
}

/** Blanks for the tabs a line begins with, which count up to the next multiple of four. */
function withoutTabs(line: string): string {
  if (!/^ *\t/.test(line)) return line;
  let width = 0;
  let at = 0;
  for (; line[at] === " " || line[at] === "\t"; at++) width += line[at] === "\t" ? 4 - (width % 4) : 1;
  return " ".repeat(width) + line.slice(at);
}
