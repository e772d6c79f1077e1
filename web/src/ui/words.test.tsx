// @vitest-environment happy-dom
//
// Every screen with people whose names and texts would turn what stands around them.

import { act } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

import type { Engine } from "../engine/contract";
import { isolated, plainly } from "../i18n/direction";
import { createTranslator } from "../i18n/translator";

/** In each name and text: an override, and a word that runs to the left. */
const TURNED = "\u202e";
const LEFTWARDS = "שלום";

vi.mock("./fixtures/people", async (original) => {
  const people = await original<typeof import("./fixtures/people")>();
  const wild = <T extends { name: string; account: string }>(user: T): T => ({
    ...user,
    name: `${user.name} ${TURNED}${LEFTWARDS}`,
  });
  return {
    ...people,
    ME: wild(people.ME),
    PEOPLE: people.PEOPLE.map(wild),
    LINES: people.LINES.map((line) => `${line} ${TURNED}${LEFTWARDS}`),
  };
});

/** Places where a character could turn its surroundings, or a word to the left is not isolated. */
function faults(): readonly string[] {
  const found: string[] = [];
  const judge = (where: string, text: string, inElement: boolean): void => {
    if (/[\u202a-\u202e\u2066\u2067]/.test(text)) found.push(`${where} turns ${JSON.stringify(text)}`);
    const bare = text.replace(/\u2068[^\u2068\u2069]*\u2069/g, "");
    if (!inElement && bare.includes(LEFTWARDS)) found.push(`${where} does not isolate ${JSON.stringify(text)}`);
  };
  judge("title", document.title, false);
  const walker = document.createTreeWalker(document.body, 4);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (parent === null) continue;
    judge(`${parent.tagName} ${parent.className}`, node.textContent ?? "", parent.closest('bdi, [dir="auto"]') !== null);
  }
  for (const element of document.body.querySelectorAll("*")) {
    for (const { name, value } of element.attributes) {
      if (name !== "href") judge(`${element.tagName} ${name}`, value, name === "value");
    }
  }
  return found;
}

/** What is loaded when it is first asked for is there already: nothing here waits for it. */
const LATER = Promise.all([
  import("../i18n/en.later"),
  import("./chat/attach/AttachButton"),
  import("./chat/attach/AttachDialog"),
  import("./chat/attach/UploadLine"),
  import("./chat/ChatPanel"),
  import("./chat/ChosenBar"),
  import("./chat/dialogs/all"),
  import("./chats/MentionsPage"),
  import("./chats/NewChatDialog"),
  import("./chats/StarsPage"),
  import("./contacts/ContactPage"),
  import("./contacts/ContactsList"),
  import("./contacts/PersonCard"),
  import("./settings/SettingsList"),
  import("./settings/SettingsPage"),
]);

let root: Root;
let engine: Engine;
const settle = (): Promise<void> => act(async () => {
    // The made-up engine answers in the next turn, and what it says is drawn in the one after.
    for (let turn = 0; turn < 4; turn++) await new Promise((next) => setTimeout(next));
  });

beforeAll(async () => {
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
  // Nothing is laid out here: everything has some size, so that lists draw what a screen has room for.
  vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(800);
  vi.spyOn(Element.prototype, "getBoundingClientRect").mockReturnValue(new DOMRect(0, 0, 300, 50));
  const { createDemoEngine } = await import("./fixtures/demo");
  const { App } = await import("./App");
  await LATER;
  engine = createDemoEngine(new URLSearchParams("still"));
  const holder = document.body.appendChild(document.createElement("div"));
  root = createRoot(holder);
  act(() => root.render(<App engine={engine} />));
  await settle();
});

afterAll(() => act(() => root.unmount()));

async function visit(hash: string): Promise<void> {
  const { navigate, parseRoute } = await import("./base/router");
  act(() => navigate(parseRoute(hash)));
  await settle();
}

async function click(name: RegExp): Promise<void> {
  const buttons = [...document.querySelectorAll<HTMLElement>("button, [role=menuitem]")];
  const named = (element: HTMLElement): string => element.getAttribute("aria-label") ?? element.textContent ?? "";
  const button = buttons.findLast((element) => name.test(named(element)));
  if (button === undefined) throw new Error(`there is no button ${name} among ${buttons.map(named).join(" | ")}`);
  act(() => button.click());
  await settle();
}

describe("what people wrote turns nothing around it", () => {
  const SCREENS: readonly (readonly [hash: string, ...clicks: RegExp[]])[] = [
    ["#/chats"],
    ["#/chats", /^New chat$/],
    ["#/chats", /^New chat$/, /^New group/, /Anna Becker/],
    ["#/chat/100"],
    ["#/chat/101"],
    ["#/chat/103"],
    ["#/chat/114"],
    ["#/chat/114", /^All pinned messages$/],
    ["#/chat/114", /could not be sent/],
    ["#/chat/114/info"],
    ["#/stars"],
    ["#/mentions"],
    ["#/chat/100/info"],
    ["#/chat/103/info"],
    ["#/chat/100/info", /^Priya Nair/],
    ["#/chat/101/info"],
    ["#/chat/101/info", /^Delete chat|^Leave chat/],
    ["#/contacts"],
    ["#/contacts/2"],
    ["#/contacts/2", /^Remove contact$/],
    ["#/settings"],
    ["#/settings/profile"],
    ["#/settings/security"],
  ];
  it.each(SCREENS.map(([hash, ...clicks]) => ({ hash, clicks })))("on $hash $clicks", async ({ hash, clicks }) => {
    await visit("#/settings/look");
    await visit(hash);
    expect(document.body.textContent).toContain(LEFTWARDS);
    for (const name of clicks) await click(name);
    expect(faults()).toEqual([]);
    for (const dialog of document.querySelectorAll("dialog")) {
      act(() => void dialog.dispatchEvent(new Event("cancel", { cancelable: true })));
    }
    await settle();
  });
});

it("a notification is isolated like everything else", async () => {
  const shown: { title: string; body: string }[] = [];
  class Shown extends EventTarget {
    static permission = "granted";
    constructor(title: string, { body = "" }: NotificationOptions = {}) {
      super();
      shown.push({ title, body });
    }
    close(): void {}
  }
  vi.stubGlobal("Notification", Shown);
  vi.spyOn(document, "hasFocus").mockReturnValue(false);
  const { setPreferences } = await import("./base/preferences");
  act(() => setPreferences({ notify: true }));
  let arrive: Parameters<Engine["onArrival"]>[0] = () => undefined;
  const holder = document.body.appendChild(document.createElement("div"));
  const another = createRoot(holder);
  const { App } = await import("./App");
  const heard = { ...engine, onArrival: (listener: typeof arrive) => ((arrive = listener), () => undefined) };
  act(() => another.render(<App engine={heard} />));
  await settle();
  const row = engine.chats.get().find(({ single, last }) => !single && last !== null);
  if (row === undefined || row.last === null) throw new Error("there is no group");
  const title = `Group ${TURNED}${LEFTWARDS}`;
  const message = { ...row.last, kind: "Text", content: `${TURNED}${LEFTWARDS} 1` } as const;
  act(() => arrive({ row: { ...row, title }, message, mention: false }));
  act(() => another.unmount());
  expect(shown).toEqual([{ title: `\u2068Group ${LEFTWARDS}\u2069`, body: expect.stringContaining(`\u2068${LEFTWARDS} 1\u2069`) }]);
  expect(JSON.stringify(shown)).not.toContain(TURNED);
});

it("a name in a sentence is isolated where it runs to the left, and bare where it does not", () => {
  expect(isolated("Anna")).toBe("Anna");
  expect(isolated(`${TURNED}Anna`)).toBe("Anna");
  expect(isolated(LEFTWARDS)).toBe(`\u2068${LEFTWARDS}\u2069`);
  expect(plainly("a\u2067b\u2069c\u200f")).toBe("abc\u200f");
  const { t } = createTranslator("en");
  expect(t("panel.memberActions", { name: `${LEFTWARDS}${TURNED}` })).toBe(`Actions for \u2068${LEFTWARDS}\u2069`);
});
