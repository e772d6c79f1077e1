// What of a message belongs to which part of the gallery of its chat. Pure.

import type { GalleryPart, Message } from "../../../engine/contract";
import { type Inline, treeOf } from "../markup";

export const PARTS = ["picture", "file", "link", "voice"] as const satisfies readonly GalleryPart[];

/** The same as the server says: so what comes while one looks is there, too. */
export function isOfPart({ kind, content, recalled }: Message, part: GalleryPart): boolean {
  if (recalled !== null) return false;
  switch (part) {
    case "picture":
      return kind === "Image" || kind === "Video";
    case "voice":
      return kind === "Audio";
    case "file":
      return kind === "File";
    case "link":
      return (kind === "Text" || kind === "RichText") && /https?:\/\/\S/i.test(content);
  }
}

/** The addresses in a message that are of the web, each once. */
export function addressesIn({ kind, content }: Pick<Message, "kind" | "content">): readonly string[] {
  const found = new Set<string>();
  const walk = (nodes: readonly unknown[]): void => {
    for (const node of nodes) {
      if (typeof node !== "object" || node === null) continue;
      if (isLink(node) && /^https?:/.test(node.href)) found.add(node.href);
      for (const value of Object.values(node)) if (Array.isArray(value)) walk(value);
    }
  };
  walk(treeOf(kind === "RichText" ? "RichText" : "Text", content).blocks);
  return [...found];
}

function isLink(node: object): node is Inline & { readonly is: "link" } {
  return "is" in node && node.is === "link" && "href" in node;
}
