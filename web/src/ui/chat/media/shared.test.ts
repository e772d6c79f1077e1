import { describe, expect, it, vi } from "vitest";

vi.stubGlobal("document", { baseURI: "https://chat.example.org/" });

import { addressesIn } from "./shared";

describe("the addresses in a message", () => {
  it("are those of the web, each once, wherever they stand", () => {
    const content = "See https://a.example/x and https://a.example/x.\n\n- [here](https://b.example/)\n- **https://c.example/**\n\nmail@d.example";
    expect(addressesIn({ kind: "RichText", content })).toEqual(["https://a.example/x", "https://b.example/", "https://c.example/"]);
    expect(addressesIn({ kind: "Text", content: "no. e.g. none" })).toEqual([]);
  });
});
