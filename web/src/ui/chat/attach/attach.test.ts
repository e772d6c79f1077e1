import { describe, expect, it } from "vitest";

import type { Attachment } from "../../../engine/contract";
import { formOf } from "./looking";
import { batchesOf, moved } from "./tray";
import { voiceName } from "./voice/recorder";
import { barsOf, loudness } from "./voice/waveform";

const item = (kind: Attachment["kind"], name = ""): Attachment => ({ kind, name, blob: new Blob(), asFile: false, caption: "" });
const sketch = (...kinds: readonly Attachment["kind"][]): string =>
  batchesOf(kinds.map((kind) => item(kind)))
    .map(({ items, album }) => `${items.map(({ kind }) => kind[0]).join("")}${album ? "*" : ""}`)
    .join(" ");

describe("what is about to be sent", () => {
  it("stands where it was moved to", () => {
    expect(moved(["a", "b", "c", "d"], 0, 2)).toEqual(["b", "c", "a", "d"]);
    expect(moved(["a", "b", "c", "d"], 3, 0)).toEqual(["d", "a", "b", "c"]);
    expect(moved(["a", "b"], 0, 9)).toEqual(["b", "a"]);
    expect(moved(["a", "b"], 5, 0)).toEqual(["a", "b"]);
  });

  it("is an album where pictures and films follow each other, in the order it has", () => {
    expect(sketch("Image")).toBe("I");
    expect(sketch("Image", "Video", "File", "Image", "Audio", "Image", "Image")).toBe("IV* F I A II*");
    expect(sketch("File", "File")).toBe("F F");
    expect(sketch()).toBe("");
  });

  it("is several albums where there are too many for one, none of them with much less than the others", () => {
    const sizes = (count: number): number[] => batchesOf(Array.from({ length: count }, (_, at) => item("Image", `${at}`))).map(({ items }) => items.length);
    expect(sizes(10)).toEqual([10]);
    expect(sizes(11)).toEqual([6, 5]);
    expect(sizes(25)).toEqual([9, 8, 8]);
    const names = batchesOf(Array.from({ length: 25 }, (_, at) => item("Image", `${at}`))).flatMap(({ items }) => items.map(({ name }) => name));
    expect(names).toEqual(Array.from({ length: 25 }, (_, at) => `${at}`));
  });
});

it("the form of a picture is what its first bytes say", () => {
  const bytes = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  expect(formOf(bytes("\xff\xd8\xff\xe0\0\x10JFIF"))).toBe("jpeg");
  expect(formOf(bytes("\x89PNG\r\n\x1a\n\0\0\0\rIHDR"))).toBe("png");
  expect(formOf(bytes("GIF89a\x01\0\x01\0"))).toBe("gif");
  expect(formOf(bytes("RIFF\n\0\0\0WEBPVP8L"))).toBe("webp");
  for (const other of ["", "BM6\0", "\0\0\0\x1cftypavif", "RIFF\0\0\0\0WAVEfmt ", "<svg xmlns"]) expect(formOf(bytes(other))).toBe(null);
});

describe("a voice message", () => {
  it("has the loudest of each part as a bar", () => {
    expect(barsOf([])).toEqual([]);
    expect(barsOf([0, 0.5, 1])).toEqual([0, 16, 31]);
    const bars = barsOf(Array.from({ length: 640 }, (_, at) => (at === 325 ? 1 : 0.1)));
    expect(bars.length).toBe(64);
    expect(bars.flatMap((bar, at) => (bar === 31 ? [at] : []))).toEqual([32]);
    expect(bars[0]).toBe(3);
  });

  it("is quiet at nothing and loud at all that there is", () => {
    expect(loudness(new Float32Array(64))).toBe(0);
    expect(loudness(new Float32Array(64).fill(1))).toBe(1);
    expect(loudness(new Float32Array(64).fill(0.1))).toBeCloseTo(0.6);
    expect(loudness(new Float32Array(0))).toBe(0);
  });

  it("is called by the time at which it was said", () => {
    const at = new Date(2026, 10, 9, 8, 5, 3);
    expect(voiceName(new Blob([], { type: "audio/mp4" }), at)).toBe("voice-2026-11-09-080503.m4a");
    expect(voiceName(new Blob([], { type: "audio/webm" }), at)).toBe("voice-2026-11-09-080503.webm");
  });
});
