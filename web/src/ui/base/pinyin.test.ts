import { describe, expect, it } from "vitest";

import { findByReading } from "./pinyin";

describe("a Chinese name is found", () => {
  it("by its initials, whole syllables, and any mixture of the two", () => {
    for (const search of ["wxm", "wang", "wangxiaoming", "wangxm", "wxiaom", "WXM", "wang xiao"])
      expect(findByReading("王小明", search), search).toBe(0);
    expect(findByReading("王小明", "xm")).toBe(1);
    expect(findByReading("王小明", "mx")).toBeNull();
  });

  it("by any reading of a character that has several", () => {
    expect(findByReading("单丽", "shanli")).toBe(0);
    expect(findByReading("单丽", "danli")).toBe(0);
    expect(findByReading("曾敏", "zm")).toBe(0);
    expect(findByReading("吕方", "lü")).toBe(0);
    expect(findByReading("吕方", "lv")).toBe(0);
  });

  it("together with the letters among its characters", () => {
    expect(findByReading("陈 Amy", "camy")).toBe(0);
    expect(findByReading("陈 Amy", "amy")).toBe(1);
  });

  it("only where there is something Chinese in it", () => {
    expect(findByReading("Anna", "an")).toBeNull();
    expect(findByReading("王小明", "")).toBeNull();
  });
});
