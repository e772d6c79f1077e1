import { rgbaToThumbHash } from "thumbhash";
import { describe, expect, it } from "vitest";

import { placeholderOf } from "./placeholder";

const written = (bytes: Iterable<number>): string => btoa(String.fromCharCode(...bytes));

describe("a placeholder", () => {
  it("is a small picture, the same each time", () => {
    const blue = Array.from({ length: 8 * 4 }, () => [20, 40, 200, 255]).flat();
    const hash = written(rgbaToThumbHash(8, 4, blue));
    const address = placeholderOf(hash);
    expect(address).toMatch(/^data:image\/png;base64,/);
    expect(placeholderOf(hash)).toBe(address);
  });

  it("is none for what is no thumbhash", () => {
    expect(placeholderOf("???")).toBeNull();
    expect(placeholderOf("")).toBeNull();
    expect(placeholderOf(written([1, 2, 3, 4]))).toBeNull();
    expect(placeholderOf(written(Array.from({ length: 40 }, () => 255)))).toBeNull();
  });
});
