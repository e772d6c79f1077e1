// @vitest-environment happy-dom
//
// What is done with messages in an open chat, by keys and by hand, and what the engine is asked for.

import { act } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";

import type { Engine, MessageActs } from "../../engine/contract";
import { ConfirmSurroundings } from "../base/confirm";
import { SignedIn, Surroundings } from "../base/context";
import { watchFocus } from "../base/layers";
import { createDemoEngine } from "../fixtures/demo";
import { ChatPage } from "./ChatPage";

/** "Messages live", in which every form of message is. */
const GID = 114;

let root: Root;
let engine: Engine & MessageActs;

const settle = (): Promise<void> =>
  act(async () => {
    for (let turn = 0; turn < 6; turn++) await new Promise((next) => setTimeout(next));
  });

beforeAll(async () => {
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
  HTMLElement.prototype.showPopover = () => undefined;
  HTMLElement.prototype.hidePopover = () => undefined;
  document.execCommand = () => false;
  // The day of the made-up people.
  vi.useFakeTimers({ toFake: ["Date"], now: new Date(2026, 10, 22, 14, 32) });
  watchFocus();
  // What is loaded when it is first asked for is there already: nothing here waits for it.
  await Promise.all([import("../../i18n/en.later"), import("../base/ConfirmDialog"), import("./ChosenBar"), import("./dialogs/all"), import("./media/all"), import("./message/MessageMenu")]);
});

beforeEach(async () => {
  vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(4000);
  vi.spyOn(Element.prototype, "getBoundingClientRect").mockReturnValue(new DOMRect(0, 0, 300, 50));
  engine = createDemoEngine(new URLSearchParams("still"));
  const account = engine.account.get();
  if (account.is !== "in") throw new Error("nobody is logged in");
  root = createRoot(document.body.appendChild(document.createElement("div")));
  act(() =>
    root.render(
      <Surroundings engine={engine}>
        <SignedIn me={account.me}>
          <ConfirmSurroundings>
            <ChatPage gid={GID} panel={false} />
          </ConfirmSurroundings>
        </SignedIn>
      </Surroundings>,
    ),
  );
  await settle();
});

afterAll(() => {
  vi.useRealTimers();
});

afterEach(() => {
  act(() => root.unmount());
  document.body.replaceChildren();
  vi.restoreAllMocks();
});

function found<T extends Element = HTMLElement>(selector: string, text = ""): T {
  const element = [...document.querySelectorAll<T>(selector)].find((each) => (each.textContent ?? "").includes(text));
  if (element === undefined) throw new Error(`there is no ${selector} with “${text}”`);
  return element;
}
const composer = (): HTMLTextAreaElement => found<HTMLTextAreaElement>(".composer__text");
const row = (text: string): HTMLElement => found("article", text);
const keyOf = (text: string): string => row(text).dataset["key"] ?? "";
const idOf = (text: string): number | null =>
  engine.chat(GID).get()?.messages.find(({ key }) => key === keyOf(text))?.id ?? null;

function type(text: string): void {
  const { set } = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value") ?? {};
  act(() => {
    composer().focus();
    set?.call(composer(), text);
    composer().setSelectionRange(text.length, text.length);
    composer().dispatchEvent(new Event("input", { bubbles: true }));
  });
}

function press(key: string, target: Element = composer()): void {
  act(() => void target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true })));
}

async function choose(text: string, label: string): Promise<void> {
  const bubble = found(`article[data-key="${keyOf(text)}"] .bubble`);
  act(() => void bubble.dispatchEvent(new MouseEvent("contextmenu", { bubbles: true, cancelable: true, clientX: 9, clientY: 9 })));
  await settle();
  act(() => found(".message-menu [role=menuitem]", label).click());
  await settle();
}

describe("what is written", () => {
  it("answers a message, which is shown above it, until one leaves that", async () => {
    const send = vi.spyOn(engine, "send");
    await choose("The hut is open", "Reply");
    expect(found(".answer-bar").textContent).toContain("The hut is open");
    expect(document.activeElement).toBe(composer());
    type("I bring some");
    press("Enter");
    expect(send).toHaveBeenLastCalledWith(GID, "Text", "I bring some", expect.anything(), { replyTo: idOf("The hut is open") });
    await settle();
    expect(document.querySelector(".answer-bar")).toBeNull();

    await choose("The hut is open", "Reply");
    press("Escape");
    await settle();
    expect(document.querySelector(".answer-bar")).toBeNull();
    type("no answer");
    press("Enter");
    expect(send).toHaveBeenLastCalledWith(GID, "Text", "no answer", expect.anything(), {});
  });

  it("names somebody who is found by how they are read, and everybody", async () => {
    const send = vi.spyOn(engine, "send");
    type("hello @wxm");
    await act(async () => void (await import("../base/pinyin")));
    await settle();
    expect(found(".naming__one").textContent).toContain("王小明");
    press("Enter");
    await settle();
    expect(composer().value).toBe("hello @王小明 ");
    press("Enter");
    expect(send).toHaveBeenLastCalledWith(GID, "Text", "hello @王小明", expect.anything(), { mentions: [3] });

    type("@all come");
    press("Enter");
    expect(send).toHaveBeenLastCalledWith(GID, "Text", "@all come", expect.anything(), { mentionAll: true });
  });
});

describe("who is named", () => {
  it("is searched again behind the next sign, where the list was closed once", async () => {
    type("@an");
    await settle();
    expect(document.querySelector(".naming")).not.toBeNull();
    press("Escape");
    expect(document.querySelector(".naming")).toBeNull();
    type("");
    type("@an");
    await settle();
    expect(document.querySelector(".naming")).not.toBeNull();
  });

  it("stays mentioned by an edit, whatever they are called by now", async () => {
    const edit = vi.spyOn(engine, "edit");
    const key = keyOf("shall I bring the stove");
    act(() => engine.edit(GID, key, { kind: "Text", content: "I do! @Pri, shall I bring the stove?", mentions: [5] }));
    await settle();
    await choose("shall I bring the stove", "Edit");
    type("I do! @Pri and @王小明, shall I bring the stove?");
    press("Enter");
    expect(edit.mock.lastCall?.[2].mentions?.toSorted()).toEqual([3, 5]);
  });
});

describe("one's last message", () => {
  it("is changed by the arrow up, and the draft is there again afterwards", async () => {
    const edit = vi.spyOn(engine, "edit");
    type("");
    press("ArrowUp");
    await settle();
    expect(composer().value).toBe("I meant eight, not nine");
    type("I meant ten");
    press("Enter");
    expect(edit).toHaveBeenLastCalledWith(GID, keyOf("I meant ten"), { kind: "Text", content: "I meant ten" });
    await settle();
    expect(row("I meant ten").textContent).toContain("edited");
    expect(composer().value).toBe("");
  });

  it("is not changed where one leaves, or changes nothing", async () => {
    const edit = vi.spyOn(engine, "edit");
    type("a draft");
    await choose("I meant eight, not nine", "Edit");
    expect(composer().value).toBe("I meant eight, not nine");
    type("something else");
    press("Escape");
    await settle();
    expect(composer().value).toBe("a draft");
    await choose("I meant eight, not nine", "Edit");
    expect(composer().value).toBe("I meant eight, not nine");
    press("Enter");
    await settle();
    expect(edit).not.toHaveBeenCalled();
    expect(composer().value).toBe("a draft");
  });
});

describe("a message", () => {
  it("is recalled after a question, and can be written once more", async () => {
    await choose("This one is gone in a day", "Recall");
    act(() => found("[role=alertdialog] .button--danger").click());
    await settle();
    const tombstones = [...document.querySelectorAll(".tombstone")].filter((each) => each.textContent?.includes("You recalled a message"));
    expect(tombstones.length).toBe(3);
    expect(document.body.textContent).not.toContain("This one is gone in a day");
    act(() => tombstones.at(-1)?.querySelector("button")?.click());
    await settle();
    expect(composer().value).toBe("This one is gone in a day");
  });

  it("that is recalled elsewhere is not changed any longer, and what it said before is not shown", async () => {
    await choose("I meant eight, not nine", "Edit");
    act(() => engine.recall(GID, keyOf("I meant eight, not nine")));
    await settle();
    expect(composer().value).toBe("");
    expect(document.body.textContent).not.toContain("eight, not nine");

    act(() => found<HTMLButtonElement>(".stamp__edited").click());
    await import("./dialogs/all");
    await settle();
    expect(found("dialog").textContent).toContain("Edits");
    act(() => engine.recall(GID, keyOf("shall I bring the stove")));
    await settle();
    expect(document.querySelector("dialog")).toBeNull();
  });

  it("tells what it answers as that is now", async () => {
    const answer = row("shall I bring the stove");
    expect(answer.querySelector(".quote")?.textContent).toContain("北门");
    act(() => engine.recall(GID, keyOf("北门，八点整")));
    await settle();
    expect(answer.querySelector(".quote")?.textContent).toContain("Recalled message");
    expect(document.body.textContent).not.toContain("北门");
  });

  it("counts who reacted, oneself at once, and takes it back", async () => {
    const chip = (): HTMLElement => found(`article[data-key="${keyOf("The hut is open")}"] .reaction`);
    expect([chip().textContent, chip().ariaPressed ?? chip().getAttribute("aria-pressed")]).toEqual(["🙏 6", "true"]);
    act(() => chip().click());
    await settle();
    expect([chip().textContent, chip().getAttribute("aria-pressed")]).toEqual(["🙏 5", "false"]);
    act(() => chip().click());
    await settle();
    expect(chip().textContent).toBe("🙏 6");
  });

  it("says what could not be done with it, until that is dismissed", async () => {
    const dismiss = vi.spyOn(engine, "dismiss");
    const failed = found("[role=alert]", "The edit was not saved");
    act(() => [...failed.querySelectorAll("button")].find((button) => button.textContent === "Dismiss")?.click());
    await settle();
    expect(dismiss).toHaveBeenCalled();
    expect(document.body.textContent).not.toContain("The edit was not saved");
  });

  it("has one's reactions told of by a right click, and by nothing else", async () => {
    const chip = found(`article[data-key="${keyOf("The hut is open")}"] .reaction`);
    act(() => void chip.dispatchEvent(new MouseEvent("contextmenu", { bubbles: true, cancelable: true, clientX: 9, clientY: 9 })));
    await import("./dialogs/all");
    await settle();
    expect(found("dialog").textContent).toContain("6 reactions");
    expect(document.querySelector(".message-menu")).toBeNull();
  });

  it("that answers is shown beside the chat as it is by now", async () => {
    await choose("Where do we meet", "Show replies");
    await import("./dialogs/all");
    await settle();
    expect(found("[aria-label=Replies]").textContent).toContain("And the map");
    act(() => engine.recall(GID, keyOf("And the map")));
    await settle();
    expect(document.body.textContent).not.toContain("And the map");
    expect(found("[aria-label=Replies]").textContent).toContain("Recalled message");
  });

  it("stays chosen where the question whether to delete it is answered no", async () => {
    await choose("I meant eight, not nine", "Select");
    act(() => found(".chosen__act", "Delete for me").click());
    await settle();
    act(() => found("[role=alertdialog] button", "Cancel").click());
    await settle();
    expect(found(".chosen__count").textContent).toBe("1 selected");
  });

  it("is chosen together with others, for all of which something can be done", async () => {
    const hide = vi.spyOn(engine, "hide");
    await choose("I meant eight, not nine", "Select");
    act(() => row("Was that about me?").click());
    expect(found(".chosen__count").textContent).toBe("2 selected");
    act(() => found(".chosen__act", "Delete for me").click());
    await settle();
    act(() => found("[role=alertdialog] .button--danger").click());
    await settle();
    expect(hide).toHaveBeenCalledTimes(1);
    expect(document.body.textContent).not.toContain("Was that about me?");
    expect(document.querySelector(".chosen")).toBeNull();
  });
});

describe("what is read out as it arrives", () => {
  it("is gone from there, too, once it was recalled", async () => {
    const chat = engine.chat(GID);
    const view = chat.get();
    const last = view?.messages.at(-1);
    if (view === null || last === undefined || !("set" in chat)) throw new Error("nothing is there");
    const set = (messages: typeof view.messages): void => act(() => (chat as unknown as { set(next: typeof view): void }).set({ ...view, messages }));
    const arrived = { ...last, key: "new", id: 999_999, seq: (last.seq ?? 0) + 1, content: "a secret" };
    set([...view.messages, arrived]);
    expect(found("[aria-live=polite]", "a secret").textContent).toContain("a secret");
    set([...view.messages, { ...arrived, content: "", recalled: { by: 3, at: 0, again: null } }]);
    expect(document.body.textContent).not.toContain("a secret");
  });
});

describe("what could not be scheduled", () => {
  it("says why, and goes back to where it was written", async () => {
    const dismiss = vi.spyOn(engine, "dismiss");
    act(() => found(".chat-bar--low button").click());
    await import("./dialogs/all");
    await settle();
    const refused = found(".scheduled__one", "And a hundred others");
    expect(refused.textContent).toContain("You have too many scheduled messages");
    act(() => [...refused.querySelectorAll("button")].find(({ textContent }) => textContent === "Edit again")?.click());
    await settle();
    expect(dismiss).toHaveBeenCalledWith("2");
    expect(composer().value).toBe("And a hundred others");
  });
});

describe("a part in the middle of the chat", () => {
  it("says where what follows could not be had, and asks for it again", async () => {
    const loadNewer = vi.spyOn(engine, "loadNewer");
    const chat = engine.chat(GID);
    const view = chat.get();
    if (view === null || !("set" in chat)) throw new Error("nothing is there");
    act(() => (chat as unknown as { set(next: typeof view): void }).set({ ...view, newer: "failed" }));
    const said = found("[role=alert]", "Newer messages could not be loaded.");
    act(() => said.querySelector("button")?.click());
    expect(loadNewer).toHaveBeenCalledWith(GID);
  });
});
