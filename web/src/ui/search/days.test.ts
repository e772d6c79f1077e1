import { describe, expect, it } from "vitest";

import { createTranslator } from "../../i18n/translator";
import { dayOf, daysText, fromDay, nextDay, periodOf } from "./days";

const at = (year: number, month: number, day: number, hour = 0): number => new Date(year, month - 1, day, hour).getTime();
const now = at(2026, 11, 22, 14);

describe("the days of a search", () => {
  it("begin and end at midnight where one is", () => {
    expect(fromDay("2026-03-29")).toBe(at(2026, 3, 29));
    expect(nextDay(at(2026, 3, 29))).toBe(at(2026, 3, 30));
    expect(nextDay(at(2026, 10, 25))).toBe(at(2026, 10, 26));
    expect(fromDay("")).toBeNull();
    expect(dayOf(at(2026, 3, 9, 23))).toBe("2026-03-09");
  });

  it("go back a while from today", () => {
    expect(periodOf("today", now)).toEqual({ after: at(2026, 11, 22) });
    expect(periodOf("week", now)).toEqual({ after: at(2026, 11, 16) });
    expect(periodOf("month", now)).toEqual({ after: at(2026, 10, 24) });
    expect(periodOf("year", now)).toEqual({ after: at(2026, 1, 1) });
  });

  it("are said with the last one that counts", async () => {
    const { loadLater } = await import("../../i18n/translator");
    await loadLater();
    const translator = createTranslator("en");
    const text = (after?: number, before?: number): string => daysText({ after, before }, translator);
    expect(text(at(2026, 11, 1), at(2026, 11, 2))).toBe("Nov 1, 2026");
    expect(text(at(2026, 11, 1), at(2026, 11, 5))).toBe("Nov 1, 2026 to Nov 4, 2026");
    expect(text(at(2026, 11, 1))).toBe("Since Nov 1, 2026");
    expect(text(undefined, at(2026, 11, 5))).toBe("Until Nov 4, 2026");
  });
});
