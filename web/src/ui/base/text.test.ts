import { describe, expect, it } from "vitest";
import { matches } from "./text";

describe("a search of names", () => {
  it("finds them in whatever form, case and script they are written", () => {
    for (const [name, search] of [
      ["Zoë", "zoe\u0308"],
      ["Zoe\u0308", "ZOË"],
      ["Zoë", "zoe"],
      ["Straßer", "STRASS"],
      ["ΟΔΥΣΣΕΥΣ", "οδυσσευς"],
      ["İrem Işık", "irem ısık"],
      ["Iris", "ırıs"],
      ["Ａｎｎａ", "anna"],
      ["ﬁnn", "Finn"],
      ["한글", "한"],
      ["김민수", "\u1100\u1175\u11B7"],
      ["an\u200Bna", "anna"],
      ["李娜", "娜"],
      ["Anna Maria", "maria an"],
    ] as const) {
      expect(matches(name, search), `${name} by ${search}`).toBe(true);
    }
  });

  it("finds nothing else", () => {
    expect(matches("Anna", "hanna")).toBe(false);
    expect(matches("Anna Maria", "anna mario")).toBe(false);
  });
});
