import { describe, expect, it } from "vitest";

import { cafOf, samplesOf } from "./caf";

/** A packet of so many bytes that begins so. */
const packet = (length: number, ...begin: readonly number[]): Uint8Array => Uint8Array.from({ length }, (_, at) => begin[at] ?? at & 255);

async function chunksOf(blob: Blob): Promise<ReadonlyMap<string, DataView>> {
  const view = new DataView(await blob.arrayBuffer());
  const name = (at: number): string => String.fromCharCode(...[0, 1, 2, 3].map((index) => view.getUint8(at + index)));
  expect([name(0), view.getUint16(4), view.getUint16(6)]).toEqual(["caff", 1, 0]);
  const chunks = new Map<string, DataView>();
  let at = 8;
  while (at < view.byteLength) {
    const size = Number(view.getBigInt64(at + 4));
    chunks.set(name(at), new DataView(view.buffer, at + 12, size));
    at += 12 + size;
  }
  expect(at).toBe(view.byteLength);
  return chunks;
}

const listOf = (view: DataView | undefined, from = 0): number[] => [...new Uint8Array(view?.buffer ?? new ArrayBuffer(0), (view?.byteOffset ?? 0) + from, (view?.byteLength ?? 0) - from)];

describe("Opus in CAF", () => {
  it("knows how long a packet is by its first bytes", () => {
    // 20 ms of voice in one frame, two of 10 ms, three of 20 ms, 60 ms, 2.5 ms.
    expect([[0x08], [0x01], [0x0b, 0x83], [0x18], [0x80]].map((begin) => samplesOf(packet(9, ...begin)))).toEqual([960, 960, 2880, 2880, 120]);
  });

  it("says once how long packets are that are all as long, and how large each is", async () => {
    const chunks = await chunksOf(cafOf({ packets: [packet(3, 0x08), packet(200, 0x08), packet(20_000, 0x08)], channels: 1, preSkip: 312 }));
    expect([...chunks.keys()]).toEqual(["desc", "pakt", "data"]);
    const desc = chunks.get("desc");
    expect([desc?.getFloat64(0), desc?.getUint32(16), desc?.getUint32(20), desc?.getUint32(24), desc?.getUint32(28)]).toEqual([48_000, 0, 960, 1, 0]);
    expect(String.fromCharCode(...listOf(desc).slice(8, 12))).toBe("opus");
    const pakt = chunks.get("pakt");
    expect([pakt?.getBigInt64(0), pakt?.getBigInt64(8), pakt?.getInt32(16), pakt?.getInt32(20)]).toEqual([3n, BigInt(3 * 960 - 312), 312, 0]);
    // Seven bits a byte.
    expect(listOf(pakt, 24)).toEqual([3, 0x81, 200 & 127, 0x81, 0x9c, 0x20]);
    expect(listOf(chunks.get("data")).length).toBe(4 + 3 + 200 + 20_000);
    expect(listOf(chunks.get("data")).slice(0, 7)).toEqual([0, 0, 0, 0, 8, 1, 2]);
  });

  it("says how long each is where they differ", async () => {
    const chunks = await chunksOf(cafOf({ packets: [packet(5, 0x08), packet(6, 0x18)], channels: 2, preSkip: 0 }));
    expect(chunks.get("desc")?.getUint32(20)).toBe(0);
    expect(listOf(chunks.get("pakt"), 24)).toEqual([5, 0x87, 960 & 127, 6, 0x96, 2880 & 127]);
  });
});
