// @vitest-environment happy-dom
//
// A fault of one part of the page stays in that part.

import { act, type ReactNode, useState } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";

import { Boundary } from "./base/Boundary";
import { chunk, renew, type RenewablePage } from "./base/chunk";

vi.mock("./chat/markup", async (original) => {
  const markup = await original<typeof import("./chat/markup")>();
  return {
    ...markup,
    treeOf: (kind: "Text" | "RichText", content: string) => {
      if (content.includes("BOOM")) throw new Error("the parser has a fault");
      return markup.treeOf(kind, content);
    },
  };
});

let root: Root;
let holder: HTMLElement;
/** What React reports of faults that a boundary has caught. */
let caught: unknown[] = [];

const settle = (): Promise<void> =>
  act(async () => {
    for (let turn = 0; turn < 4; turn++) await new Promise((next) => setTimeout(next));
  });
const draw = async (node: ReactNode): Promise<void> => {
  act(() => root.render(node));
  await settle();
};
const click = async (name: string): Promise<void> => {
  const button = [...document.querySelectorAll("button")].find(
    (element) => (element.getAttribute("aria-label") ?? element.textContent) === name,
  );
  if (button === undefined) throw new Error(`there is no button ${name}`);
  act(() => button.click());
  await settle();
};

beforeAll(async () => {
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
  // What comes with every part is there already: nothing here waits for it.
  await import("../i18n/en.later");
  vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(800);
  vi.spyOn(Element.prototype, "getBoundingClientRect").mockReturnValue(new DOMRect(0, 0, 300, 50));
});

beforeEach(() => {
  caught = [];
  holder = document.body.appendChild(document.createElement("div"));
  holder.setAttribute("translate", "no");
  root = createRoot(holder, { onCaughtError: (error) => caught.push(error) });
});

afterEach(() => {
  act(() => root.unmount());
  holder.remove();
});

describe("a part that fails", () => {
  let broken = true;
  function Fragile(): ReactNode {
    if (broken) throw new Error("fragile");
    return <p>whole</p>;
  }

  it("leaves what is around it, and is there again when one tries again", async () => {
    broken = true;
    await draw(
      <>
        <p>beside</p>
        <Boundary>
          <Fragile />
        </Boundary>
      </>,
    );
    expect(holder.textContent).toContain("beside");
    expect(holder.querySelector("[role=alert]")?.textContent).toContain("This part cannot be shown.");
    await click("Try again");
    expect(holder.querySelector("[role=alert]")).not.toBe(null);
    broken = false;
    await click("Try again");
    expect(holder.textContent).toBe("besidewhole");
  });

  it("is tried again by itself where there is another thing to show", async () => {
    broken = true;
    await draw(<Boundary of={1}><Fragile /></Boundary>);
    broken = false;
    await draw(<Boundary of={1}><Fragile /></Boundary>);
    expect(holder.textContent).not.toContain("whole");
    await draw(<Boundary of={2}><Fragile /></Boundary>);
    expect(holder.textContent).toBe("whole");
  });
});

describe("a part that is loaded when it is needed", () => {
  it("is asked for again when it could not be had", async () => {
    let there = false;
    const Late = chunk<{ word: string }>(async () => {
      if (!there) throw new TypeError("Failed to fetch dynamically imported module");
      return ({ word }) => <p>{word}</p>;
    });
    await draw(<Late word="here" />);
    expect(holder.querySelector("[role=alert]")).not.toBe(null);
    there = true;
    await click("Try again");
    expect(holder.textContent).toBe("here");
  });

  class Page implements RenewablePage {
    reloads = 0;
    private known: string | null = null;
    constructor(
      readonly script: string | null,
      private readonly served: string | null,
    ) {}
    fetch = async (): Promise<string | null> => this.served;
    remembered = (): string | null => this.known;
    remember = (page: string): void => void (this.known = page);
    reload = (): void => void this.reloads++;
  }

  it("has the page loaded anew if the server has another version, once for each", async () => {
    const page = new Page("/assets/index-old.js", '<script src="/assets/index-new.js">');
    void renew(page);
    await settle();
    expect(page.reloads).toBe(1);
    // The old page came again, from wherever: that is no reason to go on for ever.
    await renew(page);
    expect(page.reloads).toBe(1);
  });

  it("leaves the page as it is without a network, and where the server has this version", async () => {
    for (const served of [null, '<script src="/assets/index-this.js">']) {
      const page = new Page("/assets/index-this.js", served);
      await renew(page);
      expect(page.reloads).toBe(0);
    }
  });
});

describe("in a chat", () => {
  async function open(hash: string) {
    const { createDemoEngine } = await import("./fixtures/demo");
    const { App } = await import("./App");
    const { navigate, parseRoute } = await import("./base/router");
    const engine = createDemoEngine(new URLSearchParams("still"));
    act(() => navigate(parseRoute(hash)));
    await draw(<App engine={engine} />);
    return engine;
  }

  it("a message that cannot be drawn shows what was written, and the others are as they were", async () => {
    const engine = await open("#/chat/101");
    act(() => {
      engine.send(101, "Text", "before");
      engine.send(101, "RichText", "**BOOM**");
      engine.send(101, "Text", "after");
    });
    await settle();
    const articles = [...holder.querySelectorAll(".log article")].map((article) => article.textContent ?? "");
    expect(articles.some((text) => text.includes("**BOOM**") && text.includes("could not be shown properly"))).toBe(true);
    expect(articles.filter((text) => /^(before|after)/.test(text)).length).toBe(2);
    expect(holder.querySelector("textarea")).not.toBe(null);
    // Its row in the list fails alone, too.
    expect(holder.querySelectorAll(".chat-row").length).toBeGreaterThan(3);
    expect(caught.length).toBeGreaterThan(0);
  });

  it("a page translator may replace all texts that it is allowed to", async () => {
    const engine = await open("#/chat/101");
    act(() => engine.send(101, "Text", "to be translated\n".repeat(60)));
    await settle();
    const translate = (): number => {
      const walker = document.createTreeWalker(document.body, 4);
      const texts: Node[] = [];
      for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) texts.push(node);
      let count = 0;
      for (const text of texts) {
        const parent = text.parentElement;
        if (parent === null || parent.closest("[translate]")?.getAttribute("translate") !== "yes") continue;
        const outer = document.createElement("font");
        outer.append(document.createElement("font"));
        outer.firstElementChild?.append(`übersetzt: ${text.textContent}`);
        parent.replaceChild(outer, text);
        count++;
      }
      return count;
    };
    expect(translate()).toBeGreaterThan(10);
    await click("Show more");
    // All of it, and not what the translator made of its beginning.
    expect(holder.querySelector(".body__folding")?.textContent?.match(/to be translated/g)?.length).toBe(60);
    translate();
    await click("Show less");
    act(() => engine.send(101, "RichText", "**one** more"));
    await settle();
    translate();
    const { navigate, parseRoute } = await import("./base/router");
    for (const hash of ["#/chat/100", "#/contacts", "#/chat/101/info", "#/chat/101", "#/settings/look", "#/chat/103"]) {
      act(() => navigate(parseRoute(hash)));
      await settle();
      expect(document.title).not.toBe("");
      translate();
    }
    expect(caught).toEqual([]);
    expect(holder.querySelector("[role=alert]")).toBe(null);
  });

  it("a translator that takes what is ours, too, costs a part of the page and not the page", async () => {
    function Counter() {
      const [count, setCount] = useState(0);
      return (
        <button type="button" onClick={() => setCount(count + 1)}>
          {count % 2 === 0 ? "even" : <b>odd</b>}
          {count > 0 && "!"}
        </button>
      );
    }
    await draw(
      <>
        <p>beside</p>
        <Boundary>
          <Counter />
        </Boundary>
      </>,
    );
    const button = holder.querySelector("button");
    const text = button?.firstChild ?? null;
    if (button === null || text === null) throw new Error("there is no text to translate");
    const font = document.createElement("font");
    button.replaceChild(font, text);
    act(() => button.click());
    await settle();
    expect(holder.textContent).toContain("beside");
    expect(caught.length).toBe(1);
    await click("Try again");
    expect(holder.textContent).toContain("even");
  });
});
