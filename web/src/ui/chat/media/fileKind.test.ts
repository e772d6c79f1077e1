import { describe, expect, it } from "vitest";

import { signOf, sortOf } from "./fileKind";

describe("a file's sign", () => {
  it("goes by the end of the name", () => {
    expect([sortOf("Report.PDF", ""), signOf("Report.PDF")]).toEqual(["pdf", "PDF"]);
    expect([sortOf("a.tar.zst", "application/zstd"), signOf("a.tar.zst")]).toEqual(["archive", "ZST"]);
    expect(sortOf("预算 2027.xlsx", "")).toBe("sheet");
  });

  it("goes by the type where the name says nothing", () => {
    expect([sortOf("recording", "audio/mp4"), signOf("recording")]).toEqual(["audio", ""]);
    expect(sortOf("notes", "text/plain")).toBe("text");
    expect(sortOf("what", "application/octet-stream")).toBe("other");
  });

  it("has no letters for what is no ending", () => {
    expect([signOf(".bashrc"), signOf("v1. final"), signOf("a.configuration")]).toEqual(["", "", ""]);
  });
});
