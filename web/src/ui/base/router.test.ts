// @vitest-environment happy-dom

import { describe, expect, it } from "vitest";

import { hrefOf, parseRoute } from "./router";

describe("an address", () => {
  it("of a chat may be that of one of its messages, or of what is beside it", () => {
    expect(parseRoute("#/chat/5/77")).toEqual({ page: "chat", gid: 5, panel: false, seq: 77 });
    expect(parseRoute("#/chat/5/info")).toEqual({ page: "chat", gid: 5, panel: true, seq: null });
    expect(parseRoute("#/chat/5/media")).toEqual({ page: "chat", gid: 5, panel: "media", seq: null });
    expect(parseRoute("#/chat/5/seven")).toEqual({ page: "chat", gid: 5, panel: false, seq: null });
    expect(parseRoute("#/chat/five/77")).toEqual({ page: "chats" });
  });

  it("leads to what it was made of", () => {
    for (const hash of ["#/chat/5", "#/chat/5/77", "#/chat/5/info", "#/chat/5/media", "#/search", "#/chats", "#/contacts/7", "#/settings/look"])
      expect(hrefOf(parseRoute(hash))).toBe(hash);
  });
});
