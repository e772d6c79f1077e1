import { describe, expect, it } from "vitest";

import { fieldOf, momentOf, momentsAfter, zoneOf } from "./when";

const FRIDAY_NOON = new Date(2026, 10, 27, 12, 5).getTime();

describe("a moment that is chosen", () => {
  it("is what the field says, by the clock of this device", () => {
    expect(fieldOf(FRIDAY_NOON)).toBe("2026-11-27T12:05");
    expect(momentOf(fieldOf(FRIDAY_NOON))).toBe(FRIDAY_NOON);
    expect(momentOf("")).toBeNull();
    expect(momentOf("2026-11-27")).toBeNull();
    expect(momentOf("2026-13-40T12:05")).toBeNull();
  });

  it("is offered where most people mean it", () => {
    const offered = (now: Date): string[] => momentsAfter(now.getTime()).map(({ text, at }) => `${text} ${fieldOf(at)}`);
    expect(offered(new Date(FRIDAY_NOON))).toEqual([
      "schedule.inHour 2026-11-27T13:05",
      "schedule.thisEvening 2026-11-27T18:00",
      "schedule.tomorrow 2026-11-28T09:00",
      "schedule.monday 2026-11-30T09:00",
    ]);
    expect(offered(new Date(2026, 10, 29, 20))).toEqual(["schedule.inHour 2026-11-29T21:00", "schedule.tomorrow 2026-11-30T09:00"]);
    expect(offered(new Date(2026, 10, 30, 8)).at(-1)).toBe("schedule.monday 2026-12-07T09:00");
  });

  it("says by which clock", () => {
    expect(zoneOf(FRIDAY_NOON, "en")).toMatch(/^[\w/+-]+ \((GMT|UTC)/);
  });
});
