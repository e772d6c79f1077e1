import { describe, expect, it } from "vitest";

import { layOut } from "./album";
import { ALBUM_MOST } from "./box";

const shapes = (ratios: readonly number[]): string => {
  const rows = new Map<number, number>();
  for (const { top } of layOut(ratios).tiles) rows.set(top, (rows.get(top) ?? 0) + 1);
  return [...rows.values()].join(" ");
};

describe("an album", () => {
  it("is a row of two, one above two, one above three", () => {
    expect(shapes([1.5, 1.5])).toBe("2");
    expect(shapes([1.5, 1.5, 1.5])).toBe("1 2");
    expect(shapes([1.5, 1.5, 1.5, 1.5])).toBe("1 3");
  });

  it("has no row of stripes between rows that are high", () => {
    expect(shapes([0.1, 15, 1, 1.8, 0.5, 1, 1.3, 0.5, 1.9, 0.9])).toBe("2 2 3 3");
    expect(shapes([0.75, 0.75, 0.75, 0.75, 0.75, 0.75])).toBe("3 3");
    expect(shapes([0.75, 1.5, 0.75, 1.5, 0.75, 1.5, 0.75, 1.5, 0.75])).toBe("3 3 3");
  });

  it("covers its box without a gap and without an overlap, whatever the shapes", () => {
    let seed = 7;
    const random = (): number => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
    for (let count = 1; count <= ALBUM_MOST; count++) {
      for (let turn = 0; turn < 30; turn++) {
        const ratios = Array.from({ length: count }, () => 0.1 + random() * 8);
        const { tiles, ratio } = layOut(ratios);
        expect(tiles).toHaveLength(count);
        expect(tiles.reduce((sum, { width, height }) => sum + width * height, 0)).toBeCloseTo(1);
        for (const { left, top, width, height } of tiles) {
          expect(left + width).toBeLessThan(1.000_001);
          expect(top + height).toBeLessThan(1.000_001);
          expect(Math.min(left, top, width, height)).toBeGreaterThanOrEqual(0);
        }
        // Not higher than a screen has room for, and no stripe.
        expect(1 / ratio).toBeLessThanOrEqual(1.301);
        expect(Math.min(...tiles.map((tile) => tile.width))).toBeGreaterThan(0.05);
      }
    }
  });

  it("shows pictures as they are shaped where that can be", () => {
    const { tiles, ratio } = layOut([0.75, 1.5]);
    const shaped = tiles.map(({ width, height }) => (width / height) * ratio);
    expect(shaped[0]).toBeCloseTo(0.75);
    expect(shaped[1]).toBeCloseTo(1.5);
  });

  it("has the first rows with fewer pictures", () => {
    const { tiles } = layOut([1, 1, 1, 1, 1]);
    const first = tiles.filter(({ top }) => top === 0).length;
    expect(first).toBeLessThanOrEqual(tiles.length - first);
  });
});
