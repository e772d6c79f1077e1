import { afterEach, describe, expect, it, vi } from "vitest";

import { addressOf, ownName, ownNames } from "./basePath";
import { pictureAddress } from "./ui/base/address";

const NAMES = ["rim.session", "/chat/rim.session", "/chat/rim.clock", "/other/rim.session"];

afterEach(() => vi.unstubAllGlobals());

describe.each([
  ["https://example.org/#/chat/9", "https://example.org", "rim.session", ["rim.session"]],
  ["https://example.org/chat/?x#/chat/9", "https://example.org/chat", "/chat/rim.session", ["rim.session", "rim.clock"]],
  ["https://example.org/chat/index.html", "https://example.org/chat", "/chat/rim.session", ["rim.session", "rim.clock"]],
])("a client at %s", (page, start, session, names) => {
  it("finds its server there", () => {
    vi.stubGlobal("document", { baseURI: page });
    expect(addressOf("/api/user/get?uid=1").href).toBe(`${start}/api/user/get?uid=1`);
    expect(addressOf("/ws").href).toBe(`${start}/ws`);
    expect(pictureAddress("/media/avatars/1.png")).toBe(`${start}/media/avatars/1.png`);
    expect(pictureAddress("https://pictures.example.org/1.png")).toBe("https://pictures.example.org/1.png");
  });

  it("keeps what is its own apart from what others of the host keep", () => {
    vi.stubGlobal("document", { baseURI: page });
    expect(ownName("rim.session")).toBe(session);
    expect(ownNames(NAMES)).toEqual(names);
  });
});
