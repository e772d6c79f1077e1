// Texts, numbers and times of one language.

import { type Catalogue, type Key, type Plural, type Values } from "./catalogue";
import { isolated } from "./direction";
import { en } from "./en";

export const LANGUAGES = ["en", "zh"] as const;
export type Language = (typeof LANGUAGES)[number];

/** Each language in its own words, as in a switch of languages. */
export const LANGUAGE_NAMES: Record<Language, string> = { en: "English", zh: "简体中文" };

/** English comes with the client, and stands in for what could not be loaded; others are loaded by who reads them. Who says
 * what is in en.later.ts has waited for `loadLater`. */
const english = { ...en } as Catalogue;
const catalogues: Partial<Record<Language, Catalogue>> & { readonly en: Catalogue } = { en: english };
const LOCALES: Record<Language, string> = { en: "en", zh: "zh-CN" };
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

export interface Translator {
  readonly language: Language;
  /** For the `lang` of the page. */
  readonly locale: string;
  /** For dates that are written otherwise than below: as the person writes them. */
  readonly region: string;
  t<K extends Key>(key: K, ...values: Values<K>): string;
  number(value: number): string;
  /** 14:05, or 2:05 PM where the person's clock has twelve hours */
  time(at: number): string;
  /** Today, Yesterday, Monday, 3 March, 3 March 2024: the separator of days. */
  day(at: number, now: number): string;
  /** What fits beside a row of the list: time of today, weekday of this week, else the date. */
  brief(at: number, now: number): string;
  /** 3 minutes ago. */
  ago(at: number, now: number): string;
  /** Full date and time, for tooltips and screen readers. */
  full(at: number): string;
  /** Nov 22, 2026, 14:05, by the same clock */
  date(at: number): string;
  /** 20 seconds, 3 minutes, 2 hours: never less than it is. */
  duration(seconds: number): string;
  /** 3.4 MB */
  bytes(size: number): string;
  compare(a: string, b: string): number;
}

/** False where it cannot be had; then it may be asked for again. */
export async function loadLanguage(language: Language): Promise<boolean> {
  try {
    if (language === "zh") catalogues.zh ??= (await import("./zh")).zh;
  } catch {
    // Without a network, say.
  }
  return isLoaded(language);
}

/** The English texts of what is loaded later than the first sight: each such part comes with them. */
export async function loadLater(): Promise<void> {
  Object.assign(english, (await import("./en.later")).later);
}

export function isLoaded(language: Language): boolean {
  return catalogues[language] !== undefined;
}

/** The first of the browser's languages that we have. */
export function preferredLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const primary = tag.toLowerCase().split("-")[0];
    for (const language of LANGUAGES) if (language === primary) return language;
  }
  return "en";
}

/** Of a language that is loaded, else English. `tags` are the person's own, as the browser has them: how they write dates and which clock they have. */
export function createTranslator(wanted: Language, tags: readonly string[] = []): Translator {
  const language = isLoaded(wanted) ? wanted : "en";
  const catalogue = catalogues[language] ?? catalogues.en;
  const locale = LOCALES[language];
  const region = regionOf(language, tags);
  const hourCycle = clockOf(tags, region);
  const plural = new Intl.PluralRules(locale);
  const numbers = new Intl.NumberFormat(locale);
  const collator = new Intl.Collator(locale, { numeric: true, sensitivity: "base" });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  const hour = hourCycle === "h23" || hourCycle === "h24" ? "2-digit" : "numeric";
  const times = new Intl.DateTimeFormat(region, { hour, minute: "2-digit", hourCycle });
  const weekdays = new Intl.DateTimeFormat(region, { weekday: "long" });
  const shortWeekdays = new Intl.DateTimeFormat(region, { weekday: "short" });
  const days = new Intl.DateTimeFormat(region, { day: "numeric", month: "long" });
  const daysOfYears = new Intl.DateTimeFormat(region, { day: "numeric", month: "long", year: "numeric" });
  const shortDays = new Intl.DateTimeFormat(region, { day: "numeric", month: language === "zh" ? "numeric" : "short" });
  const shortDaysOfYears = new Intl.DateTimeFormat(region, { day: "numeric", month: "numeric", year: "2-digit" });
  const dates = new Intl.DateTimeFormat(region, { dateStyle: "medium", timeStyle: "short", hourCycle });
  const fulls = new Intl.DateTimeFormat(region, { dateStyle: "full", timeStyle: "short", hourCycle });

  function t<K extends Key>(key: K, ...values: Values<K>): string {
    const entry: string | Plural = catalogue[key];
    const given = (values[0] ?? {}) as Record<string, string | number>;
    const text = typeof entry === "string" ? entry : form(entry, Number(given["count"] ?? 0));
    return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = given[name];
      if (value === undefined) return whole;
      return typeof value === "number" ? numbers.format(value) : isolated(value);
    });
  }

  function form(entry: Plural, count: number): string {
    return (plural.select(count) === "one" ? entry.one : undefined) ?? entry.other;
  }

  function daysAgo(at: number, now: number): number {
    return Math.round((startOfDay(now) - startOfDay(at)) / DAY_MS);
  }

  return {
    language,
    locale,
    region,
    t,
    number: (value) => numbers.format(value),
    time: (at) => times.format(at),
    day(at, now) {
      const ago = daysAgo(at, now);
      if (ago === 0) return t("chat.today");
      if (ago === 1) return t("chat.yesterday");
      if (ago > 1 && ago < 7) return weekdays.format(at);
      return sameYear(at, now) ? days.format(at) : daysOfYears.format(at);
    },
    brief(at, now) {
      const ago = daysAgo(at, now);
      if (ago <= 0) return times.format(at);
      if (ago === 1) return t("chat.yesterday");
      if (ago < 7) return shortWeekdays.format(at);
      return sameYear(at, now) ? shortDays.format(at) : shortDaysOfYears.format(at);
    },
    ago(at, now) {
      const minutes = Math.round((at - now) / MINUTE_MS);
      if (minutes > -60) return relative.format(Math.min(0, minutes), "minute");
      if (minutes > -24 * 60) return relative.format(Math.round(minutes / 60), "hour");
      return relative.format(-daysAgo(at, now), "day");
    },
    full: (at) => fulls.format(at),
    date: (at) => dates.format(at),
    duration(seconds) {
      const [unit, length] = seconds < 90 ? (["second", 1] as const) : seconds < 90 * 60 ? (["minute", 60] as const) : (["hour", 3600] as const);
      return new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" }).format(Math.ceil(seconds / length));
    },
    bytes(size) {
      const units = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;
      const power = Math.min(units.length - 1, size < 1 ? 0 : Math.floor(Math.log(size) / Math.log(1000)));
      const format = { style: "unit", unit: units[power] ?? "byte", unitDisplay: power === 0 ? "long" : "short" } as const;
      return new Intl.NumberFormat(locale, { ...format, maximumFractionDigits: 1 }).format(size / 1000 ** power);
    },
    compare: (a, b) => collator.compare(a, b),
  };
}

/** The person's own way with the language: British dates for who reads British English. */
function regionOf(language: Language, tags: readonly string[]): string {
  // Ours is simplified Chinese, and so are the names of its days.
  if (language === "zh") return LOCALES.zh;
  const tag = tags.find((each) => each.toLowerCase().split("-")[0] === language);
  return supported(tag) ?? LOCALES[language];
}

/** The clock is of the place where somebody lives, whichever language they read. */
function clockOf(tags: readonly string[], region: string): Intl.DateTimeFormatOptions["hourCycle"] {
  const home = supported(tags[0]) ?? region;
  return new Intl.DateTimeFormat(home, { hour: "numeric" }).resolvedOptions().hourCycle ?? "h23";
}

function supported(tag: string | undefined): string | undefined {
  try {
    return Intl.DateTimeFormat.supportedLocalesOf(tag ?? [])[0];
  } catch {
    // Browsers have told tags that are none, as "en_US" and "C".
    return undefined;
  }
}

/** Midnight before `at`, in the zone of the browser. */
export function startOfDay(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0);
}

function sameYear(a: number, b: number): boolean {
  return new Date(a).getFullYear() === new Date(b).getFullYear();
}
