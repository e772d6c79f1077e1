import { describe, expect, it, vi } from "vitest";

vi.stubGlobal("document", { baseURI: "https://chat.example.org/" });

import { PLAIN } from "../../../engine/plain";
import { addressesIn, isOfPart } from "./shared";

describe("the parts of a gallery", () => {
  const of = (kind: "Text" | "Audio", content: string): string => {
    const message = { key: "k", gid: 1, uid: 1, kind, content, at: 0, id: 1, seq: 1, state: { is: "stored" }, ...PLAIN } as const;
    return (["picture", "file", "link", "voice"] as const).filter((part) => isOfPart(message, part)).join(" ");
  };

  it("have what the server lists in them", () => {
    expect(of("Audio", "{}")).toBe("voice");
    for (const text of ["http://a", "（HTTPS://例子）", "a//b //http://x"]) expect(of("Text", text), text).toBe("link");
    for (const text of ["and/or", "https://", "http:// x", "ftp://x"]) expect(of("Text", text), text).toBe("");
  });
});

describe("the addresses in a message", () => {
  it("are those of the web, each once, wherever they stand", () => {
    const content = "See https://a.example/x and https://a.example/x.\n\n- [here](https://b.example/)\n- **https://c.example/**\n\nmail@d.example";
    expect(addressesIn({ kind: "RichText", content })).toEqual(["https://a.example/x", "https://b.example/", "https://c.example/"]);
    expect(addressesIn({ kind: "Text", content: "no. e.g. none" })).toEqual([]);
  });
});
