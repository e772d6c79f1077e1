// A message in one line, for the list of chats, notifications and screen readers.

import type { Message, MessageKind } from "../../engine/contract";
import { plainly } from "../../i18n/direction";
import type { Translator } from "../../i18n/translator";
import { captionOf } from "./caption";
import { ATTACHED, type Content, parseContent } from "./content";
import { plainText, treeOf } from "./markup";
import { clockTime } from "./media/clock";

const LONGEST = 160;

/** What is shown of a message in one line; a recalled one has nothing to show but that. */
export function previewOf(message: Message, translator: Translator): string {
  try {
    return message.recalled === null ? meant(message, translator) : translator.t("recalled.short");
  } catch (fault) {
    // Whoever asks goes on: it is shown as it was written, like the message itself.
    console.error(fault);
    return oneLine(plainly(message.content.slice(0, LONGEST * 2)));
  }
}

/** The same of what is in a card of several. */
export function previewOfContent(kind: MessageKind, content: string, translator: Translator): string {
  try {
    return meant({ kind, content }, translator);
  } catch (fault) {
    console.error(fault);
    return oneLine(plainly(content.slice(0, LONGEST * 2)));
  }
}

function meant(message: Pick<Message, "kind" | "content">, translator: Translator): string {
  const caption = captionOf(message) ?? "";
  const bare = meantBare(message, translator);
  return caption === "" ? bare : oneLine(`${bare} ${plainly(caption.slice(0, LONGEST * 2))}`);
}

function meantBare(message: Pick<Message, "kind" | "content">, { t }: Translator): string {
  const content = parseContent(message.kind, message.content);
  switch (content.is) {
    case "text":
      return oneLine(plainText(treeOf("Text", content.text), LONGEST * 2).slice(0, LONGEST * 2));
    case "rich":
      return oneLine(plainText(treeOf("RichText", content.source), LONGEST * 2).slice(0, LONGEST * 2));
    case "attached":
      return attachedWords(content, t);
    case "image":
      return `[${t("message.image")}]`;
    case "audio":
      return `[${t("message.audio")}]`;
    case "video":
      return `[${t("message.video")}]`;
    case "file":
      return `[${t("message.file")}] ${plainly(content.name)}`;
    case "location":
      return `[${t("message.location")}] ${plainly(content.name)}`.trim();
    case "card":
      return `[${t("message.card")}] ${plainly(content.name)}`.trim();
    case "merged":
      return `[${t("merged.title")}] ${plainly(content.title)}`.trim();
    case "custom":
      return `[${t("message.custom")}]`;
    case "damaged":
      return `[${t("message.damagedShort")}]`;
    case "unreadable":
      return `[${t("message.unreadable")}]`;
  }
}

/** What kind it is; of a file its name, of a voice message its length. */
export function attachedWords({ as, file }: Content & { is: "attached" }, t: Translator["t"]): string {
  const named = plainly(file.name);
  if (as === "Audio" && file.waveform.length > 0) {
    const length = file.durationMs === null ? "" : clockTime(file.durationMs / 1000);
    return oneLine(`[${t("message.voice")}] ${length}`);
  }
  return oneLine(`[${t(`message.${ATTACHED[as]}`)}] ${as === "File" || as === "Audio" ? named : ""}`);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim().slice(0, LONGEST);
}
