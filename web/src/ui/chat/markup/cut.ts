// The beginning of a long text.

import type { Block, Inline, Item, Tree } from "./tree";

/** Less than this more is shown at once: a fold must be worth a click. */
const SPARE_LINES = 8;
/** Letters in a line of code: it is scrolled, not broken. */
const CODE_WIDTH = 400;

/** The first `lines` lines of a tree if it is much longer, else null. A line holds about `width` letters. */
export function cut(tree: Tree, lines: number, width: number): Tree | null {
  if (linesOf(tree, width, lines + SPARE_LINES) < lines + SPARE_LINES) return null;
  return { blocks: new Cutter(lines, width).blocks(tree.blocks), formatted: tree.formatted };
}

/** About how many lines a tree is, counted up to `most`. */
export function linesOf({ blocks }: Tree, width: number, most: number): number {
  const cutter = new Cutter(most, width);
  cutter.blocks(blocks);
  return Math.min(cutter.lines, most);
}

class Cutter {
  /** Whole lines so far, and letters in the one that has begun. */
  lines = 0;
  private column = 0;

  constructor(
    private readonly most: number,
    private readonly width: number,
  ) {}

  blocks(of: readonly Block[]): readonly Block[] {
    const out: Block[] = [];
    for (const block of of) {
      if (this.full) break;
      out.push(this.block(block));
      if (this.column > 0) this.newLine();
    }
    return out;
  }

  private get full(): boolean {
    return this.lines >= this.most;
  }

  private newLine(): void {
    this.lines++;
    this.column = 0;
  }

  private block(block: Block): Block {
    switch (block.is) {
      case "paragraph":
      case "heading":
        return { ...block, of: this.inlines(block.of) };
      case "code":
        return { ...block, text: this.text(block.text, CODE_WIDTH) };
      case "quote":
        return { ...block, of: this.blocks(block.of) };
      case "list": {
        const items: Item[] = [];
        for (const item of block.items) {
          if (this.full) break;
          items.push({ ...item, of: this.blocks(item.of) });
        }
        return { ...block, items };
      }
      case "table": {
        const rows = block.rows.slice(0, Math.max(1, this.most - this.lines));
        this.lines += rows.length;
        return { ...block, rows };
      }
      case "rule":
        this.newLine();
        return block;
    }
  }

  private inlines(of: readonly Inline[]): readonly Inline[] {
    const out: Inline[] = [];
    for (const node of of) {
      if (this.full) break;
      if (node.is === "text" || node.is === "code") out.push({ ...node, text: this.text(node.text, this.width) });
      else out.push({ ...node, of: this.inlines(node.of) });
    }
    return out;
  }

  /** As much of a text as there are lines left. Letters that are wide count twice. */
  private text(text: string, width: number): string {
    for (let at = 0; at < text.length; at++) {
      if (this.full) {
        const half = /[\ud800-\udbff]/.test(text[at - 1] ?? "") ? 1 : 0;
        return `${text.slice(0, at - half).trimEnd()}…`;
      }
      const code = text.charCodeAt(at);
      if (code === 10) this.newLine();
      else this.column += code >= 0x1100 && code < 0xfb00 ? 2 : 1;
      if (this.column >= width) this.newLine();
    }
    return text;
  }
}
