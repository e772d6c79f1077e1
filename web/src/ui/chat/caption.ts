// What is written below a picture, sound, film or file: a key of the message's JSON, the only one that may be changed. Pure.

import type { Message, MessageKind } from "../../engine/contract";

type Said = Pick<Message, "kind" | "content">;

const MEDIA: readonly MessageKind[] = ["Image", "Audio", "Video", "File"];

/** Null: what is no JSON of a medium has no place for one. */
export function captionOf({ kind, content }: Said): string | null {
  if (!MEDIA.includes(kind) || !content.trimStart().startsWith("{")) return null;
  try {
    const { caption } = JSON.parse(content) as Record<string, unknown>;
    return typeof caption === "string" ? caption : "";
  } catch {
    return null;
  }
}

/** What of a message may be changed by writing: its text, or its caption. Null: nothing. */
export function wordsOf(message: Said): string | null {
  return message.kind === "Text" || message.kind === "RichText" ? message.content : captionOf(message);
}

/**
 * The same with another caption. All else stays as it was written, to the letter: 1.0 is not 1 to the server, and JavaScript knows
 * no difference.
 */
export function withCaption(json: string, caption: string): string {
  const members = membersOf(json).filter((member) => keyOf(member) !== "caption");
  if (caption !== "") members.push(`"caption":${JSON.stringify(caption)}`);
  return `{${members.join(",")}}`;
}

/** The members of the outermost object, each as it is written. */
function membersOf(json: string): string[] {
  const members: string[] = [];
  let depth = 0;
  let from = 0;
  for (const { 0: token, index } of json.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],]/g)) {
    if (token === "{" || token === "[") {
      if (depth === 0) from = index + 1;
      depth += 1;
    } else if (token === "}" || token === "]") depth -= 1;
    if (depth === 0 || (depth === 1 && token === ",")) {
      members.push(json.slice(from, index).trim());
      from = index + 1;
    }
  }
  return members.filter((member) => member !== "");
}

function keyOf(member: string): unknown {
  return JSON.parse(/^"(?:[^"\\]|\\.)*"/.exec(member)?.[0] ?? "null");
}
