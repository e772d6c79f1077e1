// From highlight.js to a few classes of tokens, each with a colour of ours.

import type { HLJSApi } from "highlight.js";

/** "" for what has no colour. */
export type TokenClass = "" | "word" | "string" | "number" | "comment" | "name" | "added" | "removed";
export type Coloured = readonly [tokenClass: TokenClass, text: string];

/** Pieces that a text may be cut into; what has more stays plain. */
const MOST_PIECES = 3000;

const CLASSES: Readonly<Record<string, TokenClass>> = {
  keyword: "word",
  literal: "word",
  "selector-tag": "word",
  tag: "word",
  built_in: "name",
  type: "name",
  title: "name",
  section: "name",
  attr: "name",
  attribute: "name",
  property: "name",
  name: "word",
  "selector-class": "name",
  "selector-id": "name",
  string: "string",
  regexp: "string",
  symbol: "string",
  link: "string",
  number: "number",
  comment: "comment",
  quote: "comment",
  meta: "comment",
  addition: "added",
  deletion: "removed",
};

interface Node {
  readonly scope?: string;
  readonly children: readonly (Node | string)[];
}

/** Null where the language is not known, or the text is too much. */
export function coloursOf(hljs: HLJSApi, language: string, text: string): readonly Coloured[] | null {
  if (hljs.getLanguage(language) === undefined) return null;
  const { _emitter: emitter } = hljs.highlight(text, { language, ignoreIllegals: true });
  const pieces: [TokenClass, string][] = [];
  const walk = (node: Node, tokenClass: TokenClass): void => {
    for (const child of node.children) {
      if (typeof child !== "string") {
        const scope = child.scope?.split(".")[0] ?? "";
        walk(child, CLASSES[scope] ?? tokenClass);
        continue;
      }
      const last = pieces[pieces.length - 1];
      if (last?.[0] === tokenClass) last[1] += child;
      else pieces.push([tokenClass, child]);
    }
  };
  walk((emitter as unknown as { readonly rootNode: Node }).rootNode, "");
  return pieces.length > MOST_PIECES ? null : pieces;
}
