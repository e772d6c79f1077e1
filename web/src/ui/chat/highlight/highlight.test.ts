import { describe, expect, it } from "vitest";

import { coloursOf } from "./colours";
import { Highlighter } from "./highlight";
import { languages } from "./languages";

describe("colours", () => {
  const hljs = languages();

  it.each([
    ["rust", 'let a = "b"; // c', ["word", "string", "comment"]],
    ["py", "def f(): return 1", ["word", "name", "number"]],
    ["ts", "const a: number = 1", ["word", "name", "number"]],
    ["diff", "-a\n+b", ["removed", "added"]],
    ["toml", 'a = "b"', ["name", "string"]],
    ["c++", "int a = 1;", ["name", "number"]],
  ])("of %s are those of its words", (language, text, classes) => {
    const pieces = coloursOf(hljs, language, text);
    expect(pieces?.map(([, piece]) => piece).join("")).toBe(text);
    for (const tokenClass of classes) expect(pieces?.map(([each]) => each)).toContain(tokenClass);
  });

  it("are none for a language that is not known, and for a text of too many pieces", () => {
    expect(coloursOf(hljs, "klingon", "a")).toBe(null);
    expect(coloursOf(hljs, "js", "1+".repeat(5000))).toBe(null);
  });
});

describe("the worker that colours", () => {
  class Hired {
    static all: Hired[] = [];
    ended = false;
    asked: { id: number; text: string }[] = [];
    private listeners: ((event: Event) => void)[] = [];
    constructor(private readonly stuck: (text: string) => boolean) {
      Hired.all.push(this);
    }
    postMessage(question: { id: number; text: string }): void {
      this.asked.push(question);
      if (this.stuck(question.text)) return;
      const data = { id: question.id, pieces: [["", question.text]] };
      for (const listener of this.listeners) listener(new MessageEvent("message", { data }));
    }
    terminate(): void {
      this.ended = true;
    }
    addEventListener(type: string, listener: (event: Event) => void): void {
      if (type === "message") this.listeners.push(listener);
    }
  }

  it("is ended where it does not come to an end, and what comes after is coloured by another", async () => {
    Hired.all = [];
    const waits: (() => void)[] = [];
    const highlighter = new Highlighter(
      () => new Hired((text) => text === "hostile") as unknown as Worker,
      (_, done) => {
        waits.push(done);
        return () => undefined;
      },
    );
    const hostile = highlighter.colours("js", "hostile");
    const next = highlighter.colours("js", "fine");
    expect(Hired.all.length).toBe(1);
    // Time is up.
    waits[0]?.();
    expect(await hostile).toBe(null);
    expect(await next).toEqual([["", "fine"]]);
    expect(Hired.all.map(({ ended }) => ended)).toEqual([true, false]);
    // It is not asked for the same again.
    expect(await highlighter.colours("js", "hostile")).toBe(null);
    expect(Hired.all.flatMap(({ asked }) => asked).filter(({ text }) => text === "hostile").length).toBe(1);
  });
});
