// Which messages are pictures and films to leaf through. Pure.

import type { Message } from "../../../engine/contract";
import type { Verdict } from "../../base/remote";
import { parseContent } from "../content";
import type { MediumContent } from "./index";

/** A picture or film in the light box. */
export interface Pictured {
  readonly key: string;
  readonly content: MediumContent;
  readonly message: Message | null;
  readonly from: string;
  readonly at: number | null;
}

/** In their order. What lies on another host is among them only where it may be loaded: to leaf is not to ask for it. */
export function picturesIn(messages: readonly Message[], nameOf: (uid: number) => string, verdict: (url: string) => Verdict): Pictured[] {
  return messages.flatMap((message): Pictured[] => {
    const content = picturedIn(message);
    if (content === null) return [];
    if (content.is === "image") {
      const may = verdict(content.url);
      if (may !== "own" && may !== "allowed") return [];
    }
    return [{ key: message.key, content, message, from: nameOf(message.uid), at: message.at }];
  });
}

/** Null for all that is no picture, and for films at addresses of any host: these are played where they are. */
function picturedIn({ kind, content, recalled }: Message): MediumContent | null {
  if ((kind !== "Image" && kind !== "Video") || recalled !== null) return null;
  const parsed = parseContent(kind, content);
  if (parsed.is === "image") return parsed;
  if (parsed.is !== "attached") return null;
  return parsed.as === "Video" && parsed.file.file === null ? null : parsed;
}
