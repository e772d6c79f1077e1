import { describe, expect, it } from "vitest";

import { opusIn } from "./opus";

const text = (words: string): number[] => [...words].map((letter) => letter.charCodeAt(0));
/** A head of one channel, of which 312 samples are not to be heard. */
const HEAD = [...text("OpusHead"), 1, 1, 0x38, 0x01, 0x80, 0xbb, 0, 0, 0, 0, 0];
const PACKETS = [[8, 1, 2, 3], [8, 4], [8, ...Array.from({ length: 600 }, (_, at) => at & 255)]];

/** An element of WebM; without a length where a recorder does not know it yet. */
function element(id: readonly number[], content: readonly number[], known = true): number[] {
  const size = known ? [0x10 | (content.length >> 24), (content.length >> 16) & 255, (content.length >> 8) & 255, content.length & 255] : [0x01, ...Array<number>(7).fill(255)];
  return [...id, ...size, ...content];
}

const block = (packet: readonly number[], flags = 0x80): number[] => element([0xa3], [0x81, 0, 0, flags, ...packet]);

function webm(codec = "A_OPUS", flags = 0x80): number[] {
  const track = element([0xae], [...element([0xd7], [1]), ...element([0x86], text(codec)), ...element([0x63, 0xa2], HEAD), ...element([0xe1], element([0x9f], [1]))]);
  const [first = [], second = [], third = []] = PACKETS;
  const clusters = [
    ...element([0x1f, 0x43, 0xb6, 0x75], [...element([0xe7], [0]), ...block(first, flags)], false),
    ...element([0x1f, 0x43, 0xb6, 0x75], [...element([0xe7], [60]), ...element([0xa0], element([0xa1], [0x81, 0, 0, 0, ...second])), ...block(third)]),
  ];
  return [...element([0x1a, 0x45, 0xdf, 0xa3], text("made up")), ...element([0x18, 0x53, 0x80, 0x67], [...element([0x16, 0x54, 0xae, 0x6b], track), ...clusters], false)];
}

/** Each packet on a page of its own, but for the last, which goes over two. */
function ogg(): number[] {
  const page = (lengths: readonly number[], content: readonly number[]): number[] => [...text("OggS"), ...Array<number>(22).fill(0), lengths.length, ...lengths, ...content];
  const [first = [], second = [], third = []] = PACKETS;
  return [
    ...page([HEAD.length], HEAD),
    ...page([8], text("OpusTags")),
    ...page([first.length, second.length], [...first, ...second]),
    ...page([255], third.slice(0, 255)),
    ...page([255, third.length - 510], third.slice(255)),
  ];
}

describe("Opus", () => {
  it("is taken out of WebM and out of Ogg, packet by packet", () => {
    for (const bytes of [webm(), ogg()]) {
      const opus = opusIn(Uint8Array.from(bytes));
      expect(opus?.packets.map((packet) => [...packet])).toEqual(PACKETS);
      expect([opus?.channels, opus?.preSkip]).toEqual([1, 312]);
    }
  });

  it("is there up to where it was cut off", () => {
    for (const bytes of [webm(), ogg()]) {
      const opus = opusIn(Uint8Array.from(bytes.slice(0, -3)));
      expect(opus?.packets.map((packet) => [...packet])).toEqual(PACKETS.slice(0, 2));
    }
  });

  it("is not there in anything else, and nothing of it throws", () => {
    expect(opusIn(Uint8Array.from(webm("A_VORBIS")))).toBeNull();
    // Several packets in a block.
    expect(opusIn(Uint8Array.from(webm("A_OPUS", 0x82)))).toBeNull();
    const whole = Uint8Array.from(webm());
    for (let at = 0; at < whole.length; at += 7) {
      for (const value of [0, 1, 255]) {
        const broken = Uint8Array.from(whole);
        broken[at] = value;
        opusIn(broken);
        opusIn(broken.subarray(at));
      }
    }
    expect(opusIn(new Uint8Array(0))).toBeNull();
  });
});
