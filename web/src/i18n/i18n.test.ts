import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { describe, expect, it } from "vitest";

import type { Plural } from "./catalogue";
import { en as first } from "./en";
import { later } from "./en.later";
import { createTranslator, isLoaded, loadLanguage, loadLater, preferredLanguage } from "./translator";
import { zh } from "./zh";

const en = { ...first, ...later };

const forms = (entry: string | Plural): string[] =>
  typeof entry === "string" ? [entry] : [entry.one, entry.other].filter((text) => text !== undefined);
const placeholders = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "").sort();

describe("the languages", () => {
  it("have the same keys", () => {
    expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort());
  });

  it("have the same placeholders in every form", () => {
    for (const key of Object.keys(en) as (keyof typeof en)[]) {
      const wanted = placeholders(forms(en[key]).at(-1) ?? "");
      for (const text of [...forms(en[key]), ...forms(zh[key])]) expect(placeholders(text), key).toEqual(wanted);
    }
  });

  it("leave no text empty", () => {
    for (const catalogue of [en, zh])
      for (const entry of Object.values<string | Plural>(catalogue))
        for (const text of forms(entry)) expect(text.trim()).not.toBe("");
  });

  it("have Chinese punctuation in Chinese", () => {
    const western = /\p{Script=Han}[,;:.?!()]|[,;:?!()]\p{Script=Han}/u;
    for (const [key, entry] of Object.entries<string | Plural>(zh))
      for (const text of forms(entry)) expect(text, key).not.toMatch(western);
  });
});

describe("the texts of the first load", () => {
  const sources = fileURLToPath(new URL("..", import.meta.url));
  const endings = ["", ".ts", ".tsx", "/index.ts", "/index.tsx"];

  /** What a module says, and all that is loaded with it. */
  function loaded(path: string, all = new Map<string, string>()): ReadonlyMap<string, string> {
    const file = endings.map((ending) => path + ending).find((each) => /\.tsx?$/.test(each) && existsSync(each));
    if (file === undefined || all.has(file)) return all;
    const source = readFileSync(file, "utf8");
    all.set(file, source);
    for (const [, from = ""] of source.matchAll(/^(?:import|export)\s(?!type\s)(?:[^;"]*?\sfrom\s)?"(\.[^"]+)"/gm)) loaded(resolve(dirname(file), from), all);
    return all;
  }

  it("are all that it says", () => {
    const parts = loaded(`${sources}/main`);
    // What keys are for is told by the list of them alone, which is loaded later.
    const said = [...parts].filter(([file]) => !/\/(?:en|keys)\.ts$/.test(file)).map(([, source]) => source).join("\n");
    expect(said).toContain("composer.placeholder");
    expect(Object.keys(later).filter((key) => said.includes(`"${key}"`))).toEqual([]);
    // Those that are put together.
    for (const [, before = "", after = ""] of said.matchAll(/`([\w.]*)\$\{[^}]+\}([\w.]*)`/g)) {
      if (before === "" && !after.startsWith(".")) continue;
      const fits = (key: string): boolean => key.startsWith(before) && key.endsWith(after);
      if (Object.keys(first).some(fits)) expect(Object.keys(later).filter(fits), `${before}…${after}`).toEqual([]);
    }
  });

  it("are none of what is loaded later, which is there once it is", async () => {
    expect(Object.keys(first).filter((key) => key in later)).toEqual([]);
    await loadLater();
    expect(createTranslator("en").t("action.done")).toBe("Done");
  });
});

describe("a language that is not loaded", () => {
  it("is English until it is, and is itself from then on", async () => {
    expect(isLoaded("zh")).toBe(false);
    expect(createTranslator("zh").t("action.save")).toBe(en["action.save"]);
    expect(createTranslator("zh").locale).toBe("en");
    expect(await loadLanguage("zh")).toBe(true);
    expect(createTranslator("zh").t("action.save")).toBe(zh["action.save"]);
    expect(createTranslator("zh").locale).toBe("zh-CN");
  });
});

describe("a translator", () => {
  it("counts", () => {
    const english = createTranslator("en");
    expect(english.t("chat.members", { count: 1 })).toBe("1 member");
    expect(english.t("chat.members", { count: 1200 })).toBe("1,200 members");
    expect(createTranslator("zh").t("chat.members", { count: 1 })).toBe("1 位成员");
  });

  it("leaves braces in what people wrote alone", () => {
    expect(createTranslator("en").t("chat.arrived", { name: "{text}", text: "hi" })).toBe("{text}: hi");
  });

  it("says how long to wait in the unit that one would", () => {
    const [english, chinese] = [createTranslator("en"), createTranslator("zh")];
    const waits = [1, 20, 89, 90, 3000, 7200, 50_000].map((seconds) => english.duration(seconds));
    expect(waits).toEqual(["1 second", "20 seconds", "89 seconds", "2 minutes", "50 minutes", "2 hours", "14 hours"]);
    expect(chinese.t("problem.slowDown", { time: chinese.duration(3000) })).toBe("操作过于频繁，请在50分钟后重试。");
  });

  it("names days", () => {
    const now = new Date(2026, 10, 22, 12).getTime();
    const english = createTranslator("en");
    expect(english.day(new Date(2026, 10, 22, 0, 1).getTime(), now)).toBe("Today");
    expect(english.day(new Date(2026, 10, 21, 23, 59).getTime(), now)).toBe("Yesterday");
    expect(english.day(new Date(2026, 10, 18).getTime(), now)).toBe("Wednesday");
    expect(english.day(new Date(2026, 2, 3).getTime(), now)).toBe("March 3");
    expect(english.day(new Date(2024, 2, 3).getTime(), now)).toBe("March 3, 2024");
  });

  it("has the clock of the person's place, in any language", () => {
    const afternoon = new Date(2026, 10, 22, 14, 5).getTime();
    // Intl puts a narrow space before PM.
    const time = (language: "en" | "zh", ...tags: string[]): string =>
      createTranslator(language, tags).time(afternoon).replace(/\s/gu, " ");
    expect(time("en", "en-US", "en")).toBe("2:05 PM");
    expect(time("en", "en-GB")).toBe("14:05");
    expect(time("en", "de-DE", "en-US")).toBe("14:05");
    expect(time("zh", "zh-CN")).toBe("14:05");
    expect(time("zh", "en-US", "zh-CN")).toBe("下午2:05");
    expect(time("zh", "zh-TW")).toBe("下午2:05");
    expect(time("en", "C", "en_US")).toBe("2:05 PM");
    expect(createTranslator("en", ["en-GB"]).time(new Date(2026, 10, 22, 9, 5).getTime())).toBe("09:05");
  });

  it("writes every time by that clock, and dates as the person's English does", () => {
    const now = new Date(2026, 10, 22, 16).getTime();
    const afternoon = new Date(2026, 10, 22, 14, 5).getTime();
    for (const clock of ["2:05", "14:05"]) {
      const english = createTranslator("en", [clock === "2:05" ? "en-US" : "en-GB"]);
      const written = [english.time(afternoon), english.brief(afternoon, now), english.date(afternoon), english.full(afternoon)];
      for (const text of written) expect(text).toMatch(new RegExp(`(^|\\D)${clock}`));
    }
    expect(createTranslator("en", ["en-GB"]).day(new Date(2026, 2, 3).getTime(), now)).toBe("3 March");
  });
});

it("the browser's first language that we have is chosen", () => {
  expect(preferredLanguage(["fr-FR", "zh-TW", "en"])).toBe("zh");
  expect(preferredLanguage(["fr"])).toBe("en");
  expect(preferredLanguage([])).toBe("en");
});
