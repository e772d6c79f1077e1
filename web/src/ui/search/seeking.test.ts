// @vitest-environment happy-dom

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { Engine, Hit, HitPage, Outcome, Problem, SearchFilter } from "../../engine/contract";
import { Seeking } from "./seeking";

const NONE: SearchFilter = {};
const page = (names: readonly string[], next: number | null = null, partial = false): Outcome<HitPage> => ({
  ok: true,
  value: { hits: names.map((text) => ({ text }) as Hit), next, partial },
});
const failed = (problem: Problem): Outcome<HitPage> => ({ ok: false, problem });

/** A server that answers what it is told to, one after the other. */
function scene(...answers: readonly Outcome<HitPage>[]) {
  const asked: (readonly [string, number | null])[] = [];
  const rest = [...answers];
  const engine = {
    search: (words: string, _: SearchFilter, next: number | null) => {
      asked.push([words, next]);
      return Promise.resolve(rest.shift() ?? page([]));
    },
  } as unknown as Engine;
  const seeking = new Seeking(engine);
  const found = (): readonly string[] | null => seeking.sought.get().hits?.map(({ text }) => text) ?? null;
  return { seeking, asked, found };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("who types", () => {
  it("asks once they pause, and for the last of it alone", async () => {
    const { seeking, asked, found } = scene(page(["bread"]));
    for (const words of ["b", "br", "bre"]) {
      seeking.look(words, NONE);
      await vi.advanceTimersByTimeAsync(150);
    }
    expect(asked).toEqual([]);
    await vi.advanceTimersByTimeAsync(50);
    expect(asked).toEqual([["bre", null]]);
    expect(found()).toEqual(["bread"]);
  });

  it("sees what was found before until there is something else", async () => {
    const { seeking, found } = scene(page(["bread"]), page(["cheese"]));
    seeking.look("b", NONE);
    await vi.advanceTimersByTimeAsync(200);
    seeking.look("c", NONE);
    expect(found()).toEqual(["bread"]);
    expect(seeking.sought.get().asking).toBe(true);
    await vi.advanceTimersByTimeAsync(200);
    expect(found()).toEqual(["cheese"]);
    seeking.look(null, NONE);
    expect(found()).toBeNull();
  });

  it("is not told that this was too fast: it is asked again when the server says so", async () => {
    const { seeking, asked, found } = scene(failed({ is: "slow-down", seconds: 3 }), page(["bread"]));
    seeking.look("b", NONE);
    await vi.advanceTimersByTimeAsync(200);
    expect(seeking.sought.get()).toMatchObject({ asking: true, problem: null });
    await vi.advanceTimersByTimeAsync(3_000);
    expect(asked).toHaveLength(2);
    expect(found()).toEqual(["bread"]);
  });
});

describe("what is found", () => {
  it("goes on page by page, from where the one before ended", async () => {
    const { seeking, asked, found } = scene(page(["one"], 41), page(["two"], null));
    seeking.look("x", NONE);
    await vi.advanceTimersByTimeAsync(200);
    expect(seeking.sought.get().more).toBe(true);
    seeking.load();
    await vi.advanceTimersByTimeAsync(0);
    expect(asked).toEqual([["x", null], ["x", 41]]);
    expect(found()).toEqual(["one", "two"]);
    expect(seeking.sought.get().more).toBe(false);
  });

  it("passes over pages with nothing in them, but not for ever", async () => {
    const { seeking, asked } = scene(...Array.from({ length: 20 }, (_, at) => page([], 100 - at, true)));
    seeking.look("x", NONE);
    await vi.advanceTimersByTimeAsync(200);
    expect(asked).toHaveLength(6);
    expect(seeking.sought.get()).toMatchObject({ asking: false, more: true, partial: true });
  });

  it("stays where the next page cannot be had, which is asked for again", async () => {
    const { seeking, asked, found } = scene(page(["one"], 41), failed({ is: "offline" }), page(["two"]));
    seeking.look("x", NONE);
    await vi.advanceTimersByTimeAsync(200);
    seeking.load();
    await vi.advanceTimersByTimeAsync(0);
    expect(seeking.sought.get().problem).toEqual({ is: "offline" });
    expect(found()).toEqual(["one"]);
    seeking.load();
    await vi.advanceTimersByTimeAsync(0);
    expect(asked.at(-1)).toEqual(["x", 41]);
    expect(found()).toEqual(["one", "two"]);
  });

  it("is of what is looked for now: an answer that comes too late is not shown", async () => {
    let late: ((outcome: Outcome<HitPage>) => void) | null = null;
    const engine = {
      search: (words: string) =>
        words === "a" ? new Promise<Outcome<HitPage>>((resolve) => (late = resolve)) : Promise.resolve(page(["new"])),
    } as unknown as Engine;
    const seeking = new Seeking(engine);
    seeking.look("a", NONE);
    await vi.advanceTimersByTimeAsync(200);
    seeking.look("ab", NONE);
    await vi.advanceTimersByTimeAsync(200);
    (late as ((outcome: Outcome<HitPage>) => void) | null)?.(page(["old"]));
    await vi.advanceTimersByTimeAsync(0);
    expect(seeking.sought.get().hits?.map(({ text }) => text)).toEqual(["new"]);
  });
});
