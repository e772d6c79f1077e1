import { describe, expect, it } from "vitest";

import { en } from "../../i18n/en";
import { isKey, KEY_GROUPS, whichKey, keySigns, keyText } from "./keys";

const pressed = (key: string, ...held: ("ctrlKey" | "metaKey" | "altKey" | "shiftKey" | "isComposing")[]) => ({
  key,
  keyCode: 0,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  isComposing: false,
  ...Object.fromEntries(held.map((each) => [each, true])),
});

describe("a key", () => {
  it("is known by all that is held, and by nothing less", () => {
    expect(isKey(pressed("k", "ctrlKey"), "find")).toBe(true);
    expect(isKey(pressed("K", "metaKey"), "find")).toBe(true);
    expect(isKey(pressed("k"), "find")).toBe(false);
    expect(isKey(pressed("k", "ctrlKey", "shiftKey"), "find")).toBe(false);
    expect(isKey(pressed("k", "ctrlKey", "altKey"), "find")).toBe(false);
    expect(isKey(pressed("Enter", "shiftKey"), "send")).toBe(false);
    expect(isKey(pressed("Enter", "shiftKey"), "line")).toBe(true);
    expect(whichKey(pressed("ArrowUp", "altKey"), ["up", "previousChat"])).toBe("previousChat");
  });

  it("is found where a keyboard has it above another", () => {
    // "/" is Shift and 7 on a German keyboard.
    expect(isKey(pressed("/", "ctrlKey", "shiftKey"), "keys")).toBe(true);
  });

  it("means nothing while an input method composes", () => {
    expect(isKey(pressed("Enter", "isComposing"), "send")).toBe(false);
    expect(isKey(pressed("Escape", "isComposing"), "close")).toBe(false);
    // Safari has ended composing already, and says 229.
    expect(isKey({ ...pressed("Enter"), keyCode: 229 }, "send")).toBe(false);
  });

  it("is written as on the keyboard of the machine", () => {
    expect(keySigns("find", "Linux x86_64")).toEqual(["Ctrl", "K"]);
    expect(keySigns("find", "MacIntel")).toEqual(["⌘", "K"]);
    expect(keySigns("previousChat", "Win32")).toEqual(["Alt", "↑"]);
  });
});

it("the list of keys has each key once, with a text", () => {
  const names = KEY_GROUPS.flatMap((group) => group.names);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(en[keyText(name)], name).toBeTypeOf("string");
});
