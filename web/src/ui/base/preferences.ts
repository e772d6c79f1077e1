// What somebody chose for this browser: language, look, notifications. Kept in localStorage, shared by all tabs.

import { useSyncExternalStore } from "react";

import { LANGUAGES, type Language, preferredLanguage } from "../../i18n/translator";

export interface Preferences {
  readonly language: Language | "auto";
  readonly theme: "system" | "light" | "dark";
  readonly notify: boolean;
  /** Whether notifications tell what was written. */
  readonly notifyPreview: boolean;
  /** Whether the composer shows its buttons for formatting. */
  readonly rich: boolean;
  readonly recentEmoji: readonly string[];
  /** What one reacted with, the last first. */
  readonly recentReactions: readonly string[];
}

const KEY = "rim.preferences";
const INITIAL: Preferences = {
  language: "auto",
  theme: "system",
  notify: false,
  notifyPreview: true,
  rich: false,
  recentEmoji: [],
  recentReactions: [],
};

const listeners = new Set<() => void>();
let current = read();

addEventListener("storage", (event) => {
  if (event.key !== KEY) return;
  current = read();
  for (const changed of listeners) changed();
});

export function preferences(): Preferences {
  return current;
}

export function chosenLanguage({ language }: Preferences): Language {
  return language === "auto" ? preferredLanguage(navigator.languages) : language;
}

export function setPreferences(change: Partial<Preferences>): void {
  current = { ...current, ...change };
  try {
    localStorage.setItem(KEY, JSON.stringify(current));
  } catch {
    // Storage is full or forbidden: the choice lasts as long as the page.
  }
  for (const changed of listeners) changed();
}

export function onPreferences(changed: () => void): () => void {
  listeners.add(changed);
  return () => listeners.delete(changed);
}

export function usePreferences(): Preferences {
  return useSyncExternalStore(onPreferences, preferences);
}

/** Anything may be in the storage: a field of a wrong shape is as good as none. */
function read(): Preferences {
  let stored: Partial<Record<keyof Preferences, unknown>> = {};
  try {
    const parsed: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    if (typeof parsed === "object" && parsed !== null) stored = parsed;
  } catch {
    // Not readable: the initial ones.
  }
  const oneOf = <T extends string>(value: unknown, choices: readonly T[], otherwise: T): T =>
    choices.find((choice) => choice === value) ?? otherwise;
  const flag = (value: unknown, otherwise: boolean): boolean => (typeof value === "boolean" ? value : otherwise);
  const emoji = (value: unknown): readonly string[] =>
    Array.isArray(value) ? value.filter((each) => typeof each === "string").slice(0, 24) : [];
  return {
    language: oneOf(stored.language, ["auto", ...LANGUAGES], INITIAL.language),
    theme: oneOf(stored.theme, ["system", "light", "dark"], INITIAL.theme),
    notify: flag(stored.notify, INITIAL.notify),
    notifyPreview: flag(stored.notifyPreview, INITIAL.notifyPreview),
    rich: flag(stored.rich, INITIAL.rich),
    recentEmoji: emoji(stored.recentEmoji),
    recentReactions: emoji(stored.recentReactions),
  };
}
