import { describe, expect, it, vi } from "vitest";

vi.stubGlobal("document", { baseURI: "https://chat.example.org/" });

import type { Message } from "../../../engine/contract";
import { PLAIN } from "../../../engine/plain";
import { nextVoice } from "./nextVoice";
import { picturesIn } from "./pictures";

const message = (seq: number, kind: Message["kind"], content: object | string, more: Partial<Message> = {}): Message => ({
  key: `k${seq}`,
  gid: 1,
  uid: 2,
  kind,
  content: typeof content === "string" ? content : JSON.stringify(content),
  at: seq,
  id: seq,
  seq,
  state: { is: "stored" },
  ...PLAIN,
  ...more,
});
const keys = (messages: readonly Message[], allowed: boolean): string =>
  picturesIn(messages, () => "Ben", () => (allowed ? "allowed" : "ask")).map(({ key }) => key).join(" ");

describe("the pictures of a chat", () => {
  const all = [
    message(1, "Image", { file: "a", mime: "image/png", width: 4, height: 3 }),
    message(2, "Text", "hello"),
    message(3, "Image", { url: "https://elsewhere.example/a.png" }),
    message(4, "Video", { file: "b", mime: "video/mp4" }),
    message(5, "Image", "", { recalled: { by: 2, at: 5, again: null } }),
    message(6, "Video", { url: "https://elsewhere.example/a.mp4" }),
    message(7, "File", { file: "c", mime: "image/png", width: 4, height: 3 }),
  ];

  it("are its pictures and films, without what was recalled and what is a file", () => {
    expect(keys(all, true)).toBe("k1 k3 k4");
  });

  it("are not those of other hosts that nobody has allowed", () => {
    expect(keys(all, false)).toBe("k1 k4");
  });
});

describe("what is played next", () => {
  const voice = (seq: number, more: Partial<Message> = {}): Message =>
    message(seq, "Audio", { file: `v${seq}`, mime: "audio/mp4", durationMs: 1000, waveform: btoa("\x05\x06") }, more);
  const heard = { count: 1, mine: true, uids: [1] };
  const next = (messages: readonly Message[]): string | undefined => nextVoice(messages, "k1", 1)?.message.key;

  it("is what was said right after it, whoever said it and whoever has heard it", () => {
    expect(next([voice(1), voice(2, { heard })])).toBe("k2");
    expect(next([voice(1), voice(2, { uid: 1 })])).toBe("k2");
  });

  it("is else the next that one has not heard, and nothing of one's own", () => {
    const text = message(2, "Text", "well");
    expect(next([voice(1), text, voice(3, { heard }), voice(4, { uid: 1 }), voice(5)])).toBe("k5");
    expect(next([voice(1), text, voice(3, { heard })])).toBeUndefined();
  });

  it("is no other sound, and nothing that was recalled or is still on its way", () => {
    const music = message(2, "Audio", { file: "m", mime: "audio/mpeg" });
    const recalled = voice(3, { recalled: { by: 2, at: 3, again: null } });
    const unsent = message(4, "Audio", { mime: "audio/mp4", waveform: btoa("\x05") });
    expect(next([voice(1), music, recalled, unsent])).toBeUndefined();
  });
});
