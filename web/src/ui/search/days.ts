// From one day to another, as a filter of a search: by the calendar of who searches. Pure.

import type { SearchFilter } from "../../engine/contract";
import type { Translator } from "../../i18n/translator";
import { startOfDay } from "../../i18n/translator";

export type Days = Pick<SearchFilter, "after" | "before">;

const DAY_MS = 86_400_000;
export const PERIODS = ["today", "week", "month", "year"] as const;
type Period = (typeof PERIODS)[number];

/** Up to now, so without an end. */
export function periodOf(period: Period, now: number): Days {
  const day = new Date(startOfDay(now));
  if (period === "week") day.setDate(day.getDate() - 6);
  if (period === "month") day.setDate(day.getDate() - 29);
  if (period === "year") day.setMonth(0, 1);
  return { after: day.getTime() };
}

/** When the day of a date field begins; null where it is none. */
export function fromDay(value: string): number | null {
  const parts = /^(\d{4})-(\d\d)-(\d\d)$/.exec(value);
  if (parts === null) return null;
  const [, year, month, day] = parts.map(Number);
  return new Date(year ?? 0, (month ?? 1) - 1, day).getTime();
}

/** When the day after the one that begins then does. */
export function nextDay(start: number): number {
  // A day may have 23 hours, or 25.
  return startOfDay(start + 1.5 * DAY_MS);
}

/** When the month, or the year, after the one that begins then does. */
export function monthAfter(start: number): number {
  const day = new Date(start);
  return day.setMonth(day.getMonth() + 1);
}

export function yearAfter(start: number): number {
  const day = new Date(start);
  return day.setFullYear(day.getFullYear() + 1);
}

/** For a date field. */
export function dayOf(at: number): string {
  const day = new Date(at);
  const two = (number: number): string => String(number).padStart(2, "0");
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}

export function daysText({ after, before }: { readonly after: number | undefined; readonly before: number | undefined }, { t, region }: Translator): string {
  const format = new Intl.DateTimeFormat(region, { dateStyle: "medium" });
  const first = after === undefined ? null : format.format(after);
  // The last day that is in it.
  const last = before === undefined ? null : format.format(before - 1);
  if (last === null) return t("search.since", { date: first ?? "" });
  if (first === null) return t("search.until", { date: last });
  return first === last ? first : t("search.between", { first, last });
}
