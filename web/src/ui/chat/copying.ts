// What several messages are as a text of their own: who, when and what, complete.

import type { Message } from "../../engine/contract";
import { plainly } from "../../i18n/direction";
import type { Translator } from "../../i18n/translator";
import { captionOf } from "./caption";
import { parseContent } from "./content";
import { plainText, type Tree, treeOf } from "./markup";
import { escapeHtml, toHtml } from "./markup/html";
import { attachedWords } from "./preview";

export interface Copied {
  readonly text: string;
  readonly html: string;
}

export function copyOf(messages: readonly Message[], nameOf: (uid: number) => string, translator: Translator): Copied {
  const parts = messages.map((message) => {
    const name = plainly(nameOf(message.uid));
    const when = translator.date(message.at);
    const tree = message.recalled === null ? treeFor(message, translator) : treeOf("Text", `[${translator.t("recalled.short")}]`);
    return {
      text: `${name}, ${when}\n${plainText(tree)}`,
      html: `<p><b>${escapeHtml(name)}</b>, ${escapeHtml(when)}</p>${toHtml(tree)}`,
    };
  });
  return { text: parts.map(({ text }) => text).join("\n\n"), html: parts.map(({ html }) => html).join("") };
}

/** What one message says. */
export function textOf(message: Message, translator: Translator): string {
  return plainText(treeFor(message, translator));
}

function treeFor({ kind, content: source }: Pick<Message, "kind" | "content">, translator: Translator): Tree {
  const { t } = translator;
  const caption = captionOf({ kind, content: source }) ?? "";
  const below = caption === "" ? "" : `\n${caption}`;
  const content = parseContent(kind, source);
  switch (content.is) {
    case "text":
      return treeOf("Text", content.text);
    case "rich":
      return treeOf("RichText", content.source);
    case "attached":
      return treeOf("Text", `${attachedWords(content, t)}${below}`);
    case "image":
    case "audio":
    case "video":
      return treeOf("Text", `[${t(`message.${content.is}`)}] ${content.url}${below}`);
    case "file":
      return treeOf("Text", `[${t("message.file")}] ${content.name} ${content.url}${below}`);
    case "location": {
      const parts = [content.name, content.address, `${content.latitude}, ${content.longitude}`];
      return treeOf("Text", `[${t("message.location")}] ${parts.filter((each) => each !== "").join(", ")}`);
    }
    case "card":
      return treeOf("Text", `[${t("message.card")}] ${content.name}`);
    case "merged":
      return treeOf("Text", [`[${t("merged.title")}] ${content.title}`, ...content.items.map((item) => `${item.name}: ${plainText(treeFor(item, translator))}`)].join("\n"));
    case "custom":
      return treeOf("Text", content.source);
    case "damaged":
      return treeOf("Text", `[${t("message.damaged")}]`);
    case "unreadable":
      return treeOf("Text", source);
  }
}

/** The messages from one to another, whichever comes first. Null where one of them is not there. */
export function between(messages: readonly Message[], a: string, b: string): readonly Message[] | null {
  const from = messages.findIndex(({ key }) => key === a);
  const to = messages.findIndex(({ key }) => key === b);
  if (from < 0 || to < 0) return null;
  return messages.slice(Math.min(from, to), Math.max(from, to) + 1);
}
