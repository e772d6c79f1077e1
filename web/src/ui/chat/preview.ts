// A message in one line, for the list of chats, notifications and screen readers.

import type { Message } from "../../engine/contract";
import type { Translator } from "../../i18n/translator";
import { parseContent } from "./content";

const LONGEST = 160;

export function previewOf(message: Message, { t }: Translator): string {
  const content = parseContent(message.kind, message.content);
  switch (content.is) {
    case "text":
      return oneLine(content.text);
    case "rich":
      return oneLine(plain(content.source));
    case "image":
      return `[${t("message.image")}]`;
    case "audio":
      return `[${t("message.audio")}]`;
    case "video":
      return `[${t("message.video")}]`;
    case "file":
      return `[${t("message.file")}] ${content.name}`;
    case "location":
      return `[${t("message.location")}] ${content.name}`.trim();
    case "card":
      return `[${t("message.card")}] ${content.name}`.trim();
    case "custom":
      return `[${t("message.custom")}]`;
    case "unreadable":
      return `[${t("message.unreadable")}]`;
  }
}

function oneLine(text: string): string {
  return text.slice(0, LONGEST * 2).replace(/\s+/g, " ").trim().slice(0, LONGEST);
}

/** CommonMark without its marks, roughly: good enough for one line. */
function plain(source: string): string {
  return source
    .slice(0, LONGEST * 4)
    .replace(/^\s*(?:#{1,6}\s+|>\s?|[-*+]\s+|\d+[.)]\s+|```.*$)/gm, "")
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/(\*\*|__|\*|_|`+)(\S(?:.*?\S)?)\1/g, "$2");
}
