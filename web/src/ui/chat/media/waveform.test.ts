import { describe, expect, it } from "vitest";

import { clockTime } from "./clock";
import { barsOf, pathOf } from "./waveform";

describe("a waveform", () => {
  it("has the loudest moment of each part", () => {
    expect(barsOf([0, 31, 0, 0], 2)).toEqual([1, 0.08]);
  });

  it("may have fewer moments than bars", () => {
    expect(barsOf([31], 3)).toEqual([1, 1, 1]);
  });

  it("is drawn around the middle", () => {
    expect(pathOf([1, 0.5])).toBe("M0.5 0V1M1.5 0.25V0.75");
  });
});

describe("a length", () => {
  it("is written as by a clock", () => {
    expect([0, 7.9, 65, 3909].map(clockTime)).toEqual(["0:00", "0:07", "1:05", "1:05:09"]);
  });
});
