// Moments that somebody chooses: as the browser's field of date and time writes them, and those that are offered. Pure.

export interface Moment {
  readonly text: "schedule.inHour" | "schedule.thisEvening" | "schedule.tomorrow" | "schedule.monday";
  readonly at: number;
}

const HOUR_MS = 3_600_000;
const MORNING = 9;
const EVENING = 18;

/** "2026-11-22T14:05", by the clock of this device. */
export function fieldOf(at: number): string {
  const moment = new Date(at);
  const two = (value: number): string => String(value).padStart(2, "0");
  const date = `${String(moment.getFullYear()).padStart(4, "0")}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
  return `${date}T${two(moment.getHours())}:${two(moment.getMinutes())}`;
}

/** Null for what is no moment, as a field that is half filled in. */
export function momentOf(field: string): number | null {
  const at = new Date(field).getTime();
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(field) && Number.isFinite(at) ? at : null;
}

/** What most people mean by "later", the next first. */
export function momentsAfter(now: number): readonly Moment[] {
  const at = (days: number, hour: number): number => {
    const day = new Date(now);
    day.setDate(day.getDate() + days);
    return day.setHours(hour, 0, 0, 0);
  };
  const weekday = new Date(now).getDay();
  const moments: Moment[] = [{ text: "schedule.inHour", at: now + HOUR_MS - (now % 60_000) }];
  const evening = at(0, EVENING);
  if (evening > now + 2 * HOUR_MS) moments.push({ text: "schedule.thisEvening", at: evening });
  moments.push({ text: "schedule.tomorrow", at: at(1, MORNING) });
  // On Sunday that is tomorrow.
  if (weekday !== 0) moments.push({ text: "schedule.monday", at: at(8 - weekday, MORNING) });
  return moments;
}

/** "Europe/Berlin (GMT+1)": by which clock the time is meant. */
export function zoneOf(at: number, locale: string): string {
  const format = new Intl.DateTimeFormat(locale, { timeZoneName: "shortOffset" });
  const { timeZone } = format.resolvedOptions();
  const offset = format.formatToParts(at).find(({ type }) => type === "timeZoneName")?.value ?? "";
  return offset === "" ? timeZone : `${timeZone} (${offset})`;
}
