// Where one is, as the part of the address after "#". Every place has an address, so that links, history and reloads
// work as in any page.

import { useSyncExternalStore } from "react";

export const SETTINGS_SECTIONS = ["profile", "security", "look", "notifications", "privacy"] as const;
export type SettingsSection = (typeof SETTINGS_SECTIONS)[number];

export type Route =
  | { readonly page: "sign-in" }
  | { readonly page: "register" }
  | { readonly page: "chats" }
  | { readonly page: "chat"; readonly gid: number; readonly panel: boolean | "media" }
  | { readonly page: "stars" }
  | { readonly page: "mentions" }
  | { readonly page: "contacts"; readonly uid: number | null }
  | { readonly page: "settings"; readonly section: SettingsSection | null };

export function parseRoute(hash: string): Route {
  const [page, argument, rest] = hash.replace(/^#?\/?/, "").split("/");
  const id = argument !== undefined && /^\d{1,16}$/.test(argument) ? Number(argument) : null;
  switch (page) {
    case "sign-in":
    case "register":
    case "stars":
    case "mentions":
      return { page };
    case "chat":
      return id === null ? { page: "chats" } : { page: "chat", gid: id, panel: rest === "media" ? rest : rest === "info" };
    case "contacts":
      return { page: "contacts", uid: id };
    case "settings":
      return { page: "settings", section: SETTINGS_SECTIONS.find((section) => section === argument) ?? null };
    default:
      return { page: "chats" };
  }
}

export function hrefOf(route: Route): string {
  switch (route.page) {
    case "chat":
      return `#/chat/${route.gid}${route.panel === "media" ? "/media" : route.panel ? "/info" : ""}`;
    case "contacts":
      return route.uid === null ? "#/contacts" : `#/contacts/${route.uid}`;
    case "settings":
      return route.section === null ? "#/settings" : `#/settings/${route.section}`;
    default:
      return `#/${route.page}`;
  }
}

export const chatHref = (gid: number): string => hrefOf({ page: "chat", gid, panel: false });

const isDoor = ({ page }: Route): boolean => page === "sign-in" || page === "register";

/** What an entry of the history knows, reloads included. */
interface Entry {
  /** How many of ours are below it, so that "back" never leads out of the page. */
  readonly depth: number;
  /** The address of the one below. */
  readonly below: string | null;
  /** Where somebody wanted to go who had to sign in first. */
  readonly wanted: string;
}

let current = parseRoute(location.hash);
let entry: Entry = readEntry() ?? { depth: 0, below: null, wanted: wantedBy(current, "#/chats") };
const listeners = new Set<() => void>();

history.replaceState(entry, "");
addEventListener("popstate", () => {
  const known = readEntry();
  // None: a link was followed or the address was typed. That is a new entry.
  if (known === null) history.replaceState(above(parseRoute(location.hash)), "");
  entry = readEntry() ?? entry;
  settle();
});

function readEntry(): Entry | null {
  const state: unknown = history.state;
  if (typeof state !== "object" || state === null || !("depth" in state) || typeof state.depth !== "number") return null;
  const text = (key: "below" | "wanted"): string | null => {
    const value = (state as Record<string, unknown>)[key];
    return typeof value === "string" ? value : null;
  };
  return { depth: state.depth, below: text("below"), wanted: text("wanted") ?? "#/chats" };
}

function wantedBy(route: Route, before: string): string {
  return isDoor(route) ? before : hrefOf(route);
}

/** The entry of what is opened from where one is. */
function above(route: Route): Entry {
  return { depth: entry.depth + 1, below: hrefOf(current), wanted: wantedBy(route, entry.wanted) };
}

function settle(): void {
  current = parseRoute(location.hash);
  for (const changed of listeners) changed();
}

export function navigate(route: Route, how: "push" | "replace" = "push"): void {
  if (hrefOf(route) === location.hash) return;
  entry = how === "push" ? above(route) : { ...entry, wanted: wantedBy(route, entry.wanted) };
  if (how === "push") history.pushState(entry, "", hrefOf(route));
  else history.replaceState(entry, "", hrefOf(route));
  settle();
}

/** Back to where one came from, or to `otherwise` if that was not in this page. */
export function navigateBack(otherwise: Route): void {
  if (entry.depth > 0) history.back();
  else navigate(otherwise, "replace");
}

/** Closes what lies over `under`, wherever one came from. */
export function navigateUp(under: Route): void {
  if (entry.depth > 0 && entry.below === hrefOf(under)) history.back();
  else navigate(under, "replace");
}

/** After signing in: to where one wanted to go. */
export function enter(): void {
  if (isDoor(current)) navigate(parseRoute(entry.wanted), "replace");
}

/** After signing out: whoever signs in next begins anew. */
export function exit(): void {
  entry = { ...entry, wanted: "#/chats" };
  navigate({ page: "sign-in" }, "replace");
}

export function useRoute(): Route {
  return useSyncExternalStore(
    (changed) => {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
    () => current,
  );
}
