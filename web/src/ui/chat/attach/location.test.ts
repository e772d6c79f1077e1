import { describe, expect, it } from "vitest";

import { hasLocation } from "./location";

const text = (words: string): number[] => [...words].map((letter) => letter.charCodeAt(0));
const MIB = 1024 * 1024;

/** The table of a camera: one tag, and with `latitude` a second table that has one. */
function table(isLittle: boolean, latitude: boolean): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(64);
  const view = new DataView(bytes.buffer);
  bytes.set(text(isLittle ? "II*\0" : "MM\0*"));
  view.setUint32(4, 8, isLittle);
  const row = (at: number, tag: number, value: number): void => {
    view.setUint16(at, tag, isLittle);
    view.setUint16(at + 2, 4, isLittle);
    view.setUint32(at + 4, 1, isLittle);
    view.setUint32(at + 8, value, isLittle);
  };
  view.setUint16(8, 2, isLittle);
  row(10, 0x0112, 6);
  row(22, 0x8825, 40);
  view.setUint16(40, 1, isLittle);
  // Only which version it is, as cameras write that know no place.
  row(42, latitude ? 2 : 0, 0);
  return bytes;
}

const box = (type: string, ...content: readonly BlobPart[]): Blob => {
  const inside = new Blob([...content]);
  const size = new Uint8Array(4);
  new DataView(size.buffer).setUint32(0, inside.size + 8);
  return new Blob([size, type, inside]);
};
const raw = (...numbers: readonly number[]): Uint8Array<ArrayBuffer> => Uint8Array.from(numbers);

describe("where it was taken", () => {
  it("is said by the table of a camera, in either order of bytes, wherever it stands", async () => {
    for (const isLittle of [true, false]) {
      const behind = (filler: number, latitude: boolean): Blob => new Blob([raw(0xff, 0xd8, 0xff, 0xe1), new Uint8Array(filler), "Exif\0\0", table(isLittle, latitude), new Uint8Array(3000)]);
      expect(await hasLocation(behind(2, true))).toBe(true);
      expect(await hasLocation(behind(2, false))).toBe(false);
      // Over the edge of a piece, and far behind.
      expect(await hasLocation(behind(MIB - 12, true))).toBe(true);
      expect(await hasLocation(behind(50 * MIB, true))).toBe(true);
      expect(await hasLocation(behind(MIB - 12, false))).toBe(false);
    }
  });

  it("is said by words in a picture", async () => {
    expect(await hasLocation(new Blob(['<x:xmpmeta exif:GPSLatitude="47,22.1N"/>']))).toBe(true);
    expect(await hasLocation(new Blob(["<exif:GPSLatitude>47,22.1N</exif:GPSLatitude>"]))).toBe(true);
    expect(await hasLocation(new Blob(["GPSLatitudeRef means north or south"]))).toBe(false);
  });

  it("is said by a film, in its table; its pictures are not read", async () => {
    const said = [raw(0xa9), "xyz", raw(0, 18, 0x15, 0xc7), "+47.3769+008.5417/"];
    const begin = box("ftyp", "isom");
    expect(await hasLocation(new Blob([begin, box("mdat", new Uint8Array(3 * MIB)), box("moov", box("udta", ...said))]))).toBe(true);
    expect(await hasLocation(new Blob([begin, box("moov", box("meta", "com.apple.quicktime.location.ISO6709")), box("mdat", "x")]))).toBe(true);
    expect(await hasLocation(new Blob([begin, box("moov", box("udta", "nothing")), box("mdat", ...said)]))).toBe(false);
    // A picture in boxes is read as a whole.
    expect(await hasLocation(new Blob([box("ftyp", "heic"), box("mdat", "Exif\0\0", table(false, true))]))).toBe(true);
  });

  it("is not said by anything else, and nothing of it throws", async () => {
    for (const bytes of [raw(), raw(1, 2, 3), raw(...text("II*\0")), raw(...text("MM\0*"), 255, 255, 255, 255), raw(0, 0, 0, 1, ...text("moov")), raw(0, 0, 0, 3, ...text("moov"), 0)]) {
      expect(await hasLocation(new Blob([bytes]))).toBe(false);
    }
    expect(await hasLocation(new Blob([text("pieces of II* and MM").map(String).join("")]))).toBe(false);
  });
});
