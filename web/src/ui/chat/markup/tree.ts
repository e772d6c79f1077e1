// What a text says, as one tree: everything that is shown of a message is made from it, and nothing from its source.

export type Inline =
  /** A line break is a line feed in the text. */
  | { readonly is: "text"; readonly text: string }
  | { readonly is: "code"; readonly text: string }
  | { readonly is: "strong" | "emphasis" | "deleted"; readonly of: readonly Inline[] }
  /** `href` is harmless. There is no link in a link. */
  | { readonly is: "link"; readonly href: string; readonly of: readonly Inline[] }
  /** Put in by `withMentions`, never by a parser. Null is everybody; `of` is what was written. */
  | { readonly is: "mention"; readonly uid: number | null; readonly of: readonly Inline[] };

export type Align = "start" | "center" | "end" | null;

export interface Item {
  /** Of a task, whether it is done; null where it is no task. */
  readonly done: boolean | null;
  readonly of: readonly Block[];
}

export type Row = readonly (readonly Inline[])[];

export type Block =
  | { readonly is: "paragraph"; readonly of: readonly Inline[] }
  | { readonly is: "heading"; readonly level: number; readonly of: readonly Inline[] }
  /** `label` is what was written behind the fence, mostly a language. */
  | { readonly is: "code"; readonly label: string; readonly text: string }
  | { readonly is: "quote"; readonly of: readonly Block[] }
  /** `first` is the number of the first item; null: no numbers. */
  | { readonly is: "list"; readonly first: number | null; readonly items: readonly Item[] }
  /** The first row is the heading; all rows have as many cells as there are in `align`. */
  | { readonly is: "table"; readonly align: readonly Align[]; readonly rows: readonly Row[] }
  | { readonly is: "rule" };

export interface Tree {
  readonly blocks: readonly Block[];
  /** Whether there is anything that the source alone would not show: addresses in it do not count. */
  readonly formatted: boolean;
}

/** The words of a tree without its marks, line by line; about `most` letters of it. */
export function plainText({ blocks }: Tree, most = Infinity): string {
  const out: string[] = [];
  let length = 0;
  const say = (text: string): void => {
    out.push(text);
    length += text.length;
  };
  const line = (): void => {
    if (out.length > 0 && !out[out.length - 1]?.endsWith("\n")) say("\n");
  };
  const inlines = (nodes: readonly Inline[]): void => {
    for (const node of nodes) {
      if (length >= most) return;
      if (node.is === "text" || node.is === "code") say(node.text);
      else inlines(node.of);
    }
  };
  const walk = (nodes: readonly Block[]): void => {
    for (const node of nodes) {
      if (length >= most) return;
      switch (node.is) {
        case "paragraph":
        case "heading":
          line();
          inlines(node.of);
          break;
        case "code":
          line();
          say(node.text);
          break;
        case "quote":
          walk(node.of);
          break;
        case "list":
          node.items.forEach((item, at) => {
            if (length >= most) return;
            line();
            say(node.first === null ? "• " : `${node.first + at}. `);
            if (item.done !== null) say(item.done ? "☑ " : "☐ ");
            const [head, ...rest] = item.of;
            if (head?.is === "paragraph") {
              inlines(head.of);
              walk(rest);
            } else walk(item.of);
          });
          break;
        case "table":
          for (const row of node.rows) {
            if (length >= most) return;
            line();
            row.forEach((cell, at) => {
              if (at > 0) say("\t");
              inlines(cell);
            });
          }
          break;
        case "rule":
          line();
          say("———");
          break;
      }
    }
  };
  walk(blocks);
  return out.join("");
}
