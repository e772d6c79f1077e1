// @vitest-environment happy-dom
//
// What is written in the composer, and what happens to it elsewhere meanwhile: in other tabs, on the server, to the session.

import { act } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";

import { ELSEWHERE } from "../../engine/history";
import { type Browser, type Tab, World } from "../../engine/testing/browser";
import { SignedIn, Surroundings } from "../base/context";
import { ChatPage } from "./ChatPage";
import { heard } from "./draft";

let root: Root | null = null;

beforeAll(() => {
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
});

afterEach(() => {
  act(() => root?.unmount());
  root = null;
  document.body.replaceChildren();
});

interface Scene {
  readonly world: World;
  readonly browser: Browser;
  readonly anna: number;
  readonly bob: number;
  readonly carl: number;
  readonly gid: number;
  /** Whose composer is on the screen. */
  readonly tab: Tab;
  readonly second: Tab;
  pass(ms?: number): Promise<void>;
}

async function scene({ leads = true } = {}): Promise<Scene> {
  const world = new World();
  const { server } = world;
  const [anna, bob, carl] = [server.user("anna"), server.user("bob"), server.user("carl")];
  const gid = server.group([anna, bob], 1, "");
  const browser = world.browser(anna);
  const first = await browser.open();
  const other = await browser.open();
  const [tab, second] = leads ? [first, other] : [other, first];
  second.watch(gid);
  const me = tab.engine.account.get();
  if (me.is !== "in") throw new Error("nobody is logged in");
  root = createRoot(document.body.appendChild(document.createElement("div")));
  const pass = (ms?: number): Promise<void> => act(() => world.pass(ms));
  act(() =>
    root?.render(
      <Surroundings engine={tab.engine}>
        <SignedIn me={me.me}>
          <ChatPage gid={gid} panel={false} />
        </SignedIn>
      </Surroundings>,
    ),
  );
  await pass();
  return { world, browser, anna, bob, carl, gid, tab, second, pass };
}

function composer(): HTMLTextAreaElement {
  const element = document.querySelector<HTMLTextAreaElement>(".composer__text");
  if (element === null) throw new Error("there is no composer");
  return element;
}

/** As somebody types: the words are in the composer, and not kept yet. */
function type(text: string): void {
  const element = composer();
  const { set } = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value") ?? {};
  act(() => {
    element.focus();
    set?.call(element, text);
    element.dispatchEvent(new Event("input", { bubbles: true }));
  });
  expect(composer().value).toBe(text);
}

function enter(): void {
  act(() => void composer().dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", code: "Enter", bubbles: true, cancelable: true })));
}

/** The page is hidden, or about to go: what is typed is kept. */
function pause(): void {
  act(() => void dispatchEvent(new Event("pagehide")));
}

function stored({ world, gid }: Scene): readonly string[] {
  return world.server.at(gid).messages.map((message) => message.content);
}

it("the draft of elsewhere is taken over, but for what was typed here since", () => {
  expect(heard({ text: "hello", base: "hello" }, "")).toEqual({ text: "", base: "" });
  expect(heard({ text: "hello you", base: "hello" }, "")).toEqual({ text: "hello you", base: "" });
  expect(heard({ text: "hello", base: "hel" }, "hello")).toEqual({ text: "hello", base: "hello" });
  expect(heard({ text: "hello", base: "" }, "hel")).toEqual({ text: "hello", base: "hel" });
  expect(heard({ text: "lo", base: "" }, "hel")).toEqual({ text: "hello", base: "hel" });
});

describe("a composer that has the focus", () => {
  it("lets go of what another tab has sent, so that it is sent once", async () => {
    const here = await scene();
    const { tab, second, gid, pass } = here;
    type("hello");
    pause();
    await pass(1_000);
    expect(second.view(gid).draft).toBe("hello");
    expect(document.activeElement).toBe(composer());
    second.engine.send(gid, "Text", "hello");
    await pass(1_000);
    expect(composer().value).toBe("");
    enter();
    await pass(1_000);
    expect(stored(here)).toEqual(["hello"]);
    expect(tab.view(gid).draft).toBe("");
  });

  it("keeps what is being typed in it, whatever another tab writes", async () => {
    const { tab, second, gid, pass } = await scene();
    type("m");
    pause();
    await pass(1_000);
    type("mine");
    second.engine.setDraft(gid, "theirs");
    await pass(1_000);
    expect(composer().value).toBe("mine");
    pause();
    await pass(1_000);
    expect([tab.view(gid).draft, second.view(gid).draft]).toEqual(["mine", "mine"]);
  });

  it("sends what was typed and not kept yet, and is empty then", async () => {
    const here = await scene();
    type("hel");
    pause();
    type("hello");
    enter();
    expect(composer().value).toBe("");
    await here.pass(1_000);
    expect(stored(here)).toEqual(["hello"]);
    expect(here.tab.view(here.gid).draft).toBe("");
  });
});

it("what is sent is no draft where the page ends the moment after", async () => {
  const here = await scene();
  type("hello");
  act(() => {
    composer().dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", code: "Enter", bubbles: true, cancelable: true }));
    dispatchEvent(new Event("pagehide"));
  });
  await here.pass(1_000);
  expect(stored(here)).toEqual(["hello"]);
  expect(here.tab.view(here.gid).draft).toBe("");
});

describe("a chat that is deleted", () => {
  for (const drawn of [true, false]) {
    it(`does not come back as a draft where one is led away ${drawn ? "a moment later" : "at once"}`, async () => {
      const { world, tab, gid, pass } = await scene();
      type("hello");
      pause();
      await pass(1_000);
      await act(async () => {
        const deleted = tab.engine.deleteChat(gid);
        if (!drawn) void deleted.then(() => root?.render(null));
        await world.pass(1_000);
        await deleted;
      });
      if (drawn) expect(composer().value).toBe("");
      act(() => root?.render(null));
      await pass(1_000);
      expect(tab.view(gid).draft).toBe("");
      expect(tab.engine.chats.get().some((row) => row.gid === gid)).toBe(false);
    });
  }
});

for (const leads of [true, false]) {
  describe(`a history that is replaced, in the tab that ${leads ? "leads" : "follows"}`, () => {
    it("takes what was typed out of the chat that has the number now", async () => {
      const here = await scene({ leads });
      const { world, bob, carl, gid, tab, second, pass } = here;
      const { server } = world;
      const backup = server.backup();
      const strange = backup.groups.get(gid);
      strange?.members.delete(bob);
      strange?.members.set(carl, { uid: carl, role: 1, rev: 2, joinRev: 1, joinedAt: 0, joinSeq: 0, readSeq: 0, sentSeq: 0, deliveredSeq: 0, left: null, earlier: [] });
      type("dear");
      pause();
      await pass(1_000);
      type("dear bob");
      server.restore(backup);
      await pass(10_000);
      expect(tab.view(gid).partner).toBe(carl);
      expect(composer().value).toBe("");
      enter();
      await pass(10_000);
      expect(stored(here)).toEqual([]);
      for (const each of [tab, second]) {
        expect(each.view(gid).draft).toBe("");
        expect(each.message(gid, "dear bob").state).toEqual({ is: "failed", reason: ELSEWHERE });
      }
    });

    it("leaves what was typed where the chat is the same", async () => {
      const { world, gid, tab, second, pass } = await scene({ leads });
      type("dear");
      pause();
      await pass(1_000);
      type("dear bob");
      world.server.restore(world.server.backup());
      await pass(10_000);
      expect(composer().value).toBe("dear bob");
      expect([tab.view(gid).draft, second.view(gid).draft]).toEqual(["dear bob", "dear bob"]);
    });
  });
}

for (const patient of [true, false]) {
  it(`what is typed on while the new history is read follows what was typed before, ${patient ? "" : "not "}kept meanwhile`, async () => {
    const { world, anna, bob, gid, tab, second, pass } = await scene();
    type("dear b");
    pause();
    await pass(1_000);
    // So much that it takes several answers.
    for (let chats = 0; chats < 40; chats++) {
      const more = world.server.group([anna, bob], 2, `group ${chats}`);
      for (let n = 0; n < 50; n++) world.server.say(bob, more, `${n}`);
    }
    await pass(5_000);
    world.server.httpDelay = 1_000;
    world.server.restore(world.server.backup());
    for (let times = 0; times < 100 && composer().value !== ""; times++) await pass(100);
    expect(composer().value).toBe("");
    type("ob");
    if (patient) pause();
    await pass(10_000);
    expect(composer().value).toBe("dear bob");
    pause();
    await pass(10_000);
    expect([tab.view(gid).draft, second.view(gid).draft]).toEqual(["dear bob", "dear bob"]);
  });
}

describe("a session that is revoked", () => {
  for (const leads of [true, false]) {
    it(`keeps the words typed a moment before, in the tab that ${leads ? "is told" : "hears of it"}, for the next login`, async () => {
      const { browser, world, anna, gid, tab, second, pass } = await scene({ leads });
      type("last words");
      world.server.revoke(browser.token);
      await pass(5_000);
      expect(tab.engine.account.get()).toEqual({ is: "out", why: "revoked" });
      for (const each of [tab, second]) each.crash();
      browser.logIn(anna);
      const again = await browser.open();
      again.watch(gid);
      await pass(5_000);
      expect(again.view(gid).draft).toBe("last words");
    });
  }
});
