// With which voice message it goes on when one has ended. Pure.

import { attachedIn } from "../../../engine/attached";
import type { Attached, Message } from "../../../engine/contract";

export interface Voiced {
  /** In a card of several messages one has no more than a name: nothing follows it, and nobody is told that it was heard. */
  readonly message: Pick<Message, "gid" | "key" | "uid" | "heard">;
  readonly file: Attached & { readonly file: string };
}

/** A voice message that can be played. */
export function voiceIn(message: Message): Voiced | null {
  if (message.kind !== "Audio" || message.recalled !== null) return null;
  const file = attachedIn(message.kind, message.content);
  return file === null || file.file === null || file.waveform.length === 0 ? null : { message, file: { ...file, file: file.file } };
}

/** The one right after it, or the next that one has not heard; what oneself has said is played only in its place. */
export function nextVoice(messages: readonly Message[], key: string, me: number): Voiced | null {
  const from = messages.findIndex((each) => each.key === key);
  if (from < 0) return null;
  for (const [away, message] of messages.slice(from + 1).entries()) {
    const voice = voiceIn(message);
    if (voice === null) continue;
    if (away === 0 || (message.uid !== me && message.heard?.mine !== true)) return voice;
  }
  return null;
}
