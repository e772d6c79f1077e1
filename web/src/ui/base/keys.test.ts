import { describe, expect, it } from "vitest";

import { en } from "../../i18n/en";
import { later } from "../../i18n/en.later";
import { isKey, isMod, KEY_GROUPS, whichKey, keySigns, keyText, keyWords } from "./keys";

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

const OTHER = "Linux x86_64";

describe("a key", () => {
  it("is known by all that is held, and by nothing less", () => {
    expect(isKey(pressed("k", "ctrlKey"), "find", OTHER)).toBe(true);
    expect(isKey(pressed("K", "ctrlKey"), "find", OTHER)).toBe(true);
    expect(isKey(pressed("Enter", "ctrlKey"), "send", OTHER)).toBe(true);
    expect(isKey(pressed("Enter", "ctrlKey"), "pick", OTHER)).toBe(false);
    expect(isKey(pressed("k"), "find", OTHER)).toBe(false);
    expect(isKey(pressed("k", "ctrlKey", "shiftKey"), "find", OTHER)).toBe(false);
    expect(isKey(pressed("k", "ctrlKey", "altKey"), "find", OTHER)).toBe(false);
    expect(isKey(pressed("Enter", "shiftKey"), "send", OTHER)).toBe(false);
    expect(isKey(pressed("Enter", "shiftKey"), "line", OTHER)).toBe(true);
    expect(whichKey(pressed("ArrowUp", "altKey"), ["up", "previousChat"], OTHER)).toBe("previousChat");
  });

  it("with Ctrl is the system's on a Mac, and with the other key elsewhere", () => {
    const names = ["find", "keys", "send", "bold", "italic", "code"] as const;
    const keys = { find: "k", keys: "/", send: "Enter", bold: "b", italic: "i", code: "e" };
    for (const name of names) {
      for (const mac of ["MacIntel", "iPhone", "iPad"]) {
        expect(isKey(pressed(keys[name], "metaKey"), name, mac), `${name} on ${mac}`).toBe(true);
        expect(whichKey(pressed(keys[name], "ctrlKey"), names, mac), `${name} on ${mac}`).toBe(null);
        expect(isKey(pressed(keys[name], "ctrlKey", "metaKey"), name, mac), `${name} on ${mac}`).toBe(false);
      }
      for (const other of ["Linux x86_64", "Win32"]) {
        expect(isKey(pressed(keys[name], "ctrlKey"), name, other), `${name} on ${other}`).toBe(true);
        expect(whichKey(pressed(keys[name], "metaKey"), names, other), `${name} on ${other}`).toBe(null);
        expect(isKey(pressed(keys[name], "ctrlKey", "metaKey"), name, other), `${name} on ${other}`).toBe(false);
      }
    }
    expect(isMod(pressed("a", "ctrlKey"), "MacIntel")).toBe(false);
    expect(isMod(pressed("a", "metaKey"), "MacIntel")).toBe(true);
    // What has no "Mod" is pressed without either.
    for (const held of ["ctrlKey", "metaKey"] as const) expect(isKey(pressed("ArrowUp", held), "up", "MacIntel")).toBe(false);
  });

  it("is found where a keyboard has it above another", () => {
    // "/" is Shift and 7 on a German keyboard.
    expect(isKey(pressed("/", "ctrlKey", "shiftKey"), "keys", OTHER)).toBe(true);
  });

  it("means nothing while an input method composes", () => {
    expect(isKey(pressed("Enter", "isComposing"), "send", OTHER)).toBe(false);
    expect(isKey(pressed("Escape", "isComposing"), "close", OTHER)).toBe(false);
    // Safari has ended composing already, and says 229.
    expect(isKey({ ...pressed("Enter"), keyCode: 229 }, "send", OTHER)).toBe(false);
  });

  it("is written as on the keyboard of the machine", () => {
    expect(keySigns("find", "Linux x86_64")).toEqual(["Ctrl", "K"]);
    expect(keySigns("find", "MacIntel")).toEqual(["⌘", "K"]);
    expect(keyWords("bold", "MacIntel")).toContain("⌘");
    expect(keyWords("bold", "Win32")).toBe("Ctrl+B");
    expect(keySigns("previousChat", "Win32")).toEqual(["Alt", "↑"]);
  });
});

it("the list of keys has each key once, with a text", () => {
  const names = KEY_GROUPS.flatMap((group) => group.names);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect({ ...en, ...later }[keyText(name)], name).toBeTypeOf("string");
});
