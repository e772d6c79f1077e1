// Where one is, as the part of the address after "#". Every place has an address, so that links, history and reloads
// work as in any page.

import { useSyncExternalStore } from "react";

export const SETTINGS_SECTIONS = ["profile", "security", "look", "notifications", "privacy"] as const;
export type SettingsSection = (typeof SETTINGS_SECTIONS)[number];

export type Route =
  | { readonly page: "sign-in" }
  | { readonly page: "register" }
  | { readonly page: "chats" }
  /** `seq`: at that message, once; from then on the address is that of the chat. */
  | { readonly page: "chat"; readonly gid: number; readonly panel: boolean | "media"; readonly seq?: number | null }
  | { readonly page: "search" }
  | { readonly page: "stars" }
  | { readonly page: "mentions" }
  | { readonly page: "contacts"; readonly uid: number | null }
  | { readonly page: "settings"; readonly section: SettingsSection | null };

export function parseRoute(hash: string): Route {
  const [page, argument, rest] = hash.replace(/^#?\/?/, "").split("/");
  const number = (text: string | undefined): number | null => (text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : null);
  const id = number(argument);
  switch (page) {
    case "sign-in":
    case "register":
    case "stars":
    case "mentions":
    case "search":
      return { page };
    case "chat":
      return id === null
        ? { page: "chats" }
        : { page: "chat", gid: id, panel: rest === "media" ? rest : rest === "info", seq: number(rest) };
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
      return `#/chat/${route.gid}${route.panel === "media" ? "/media" : route.panel ? "/info" : route.seq ? `/${route.seq}` : ""}`;
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
  /** The list beside it is that of what was found: it was opened from there. */
  readonly searching: boolean;
}

let current = parseRoute(location.hash);
let entry: Entry = readEntry() ?? { depth: 0, below: null, wanted: wantedBy(current, "#/chats"), searching: current.page === "search" };
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
  const searching = "searching" in state && state.searching === true;
  return { depth: state.depth, below: text("below"), wanted: text("wanted") ?? "#/chats", searching };
}

function wantedBy(route: Route, before: string): string {
  return isDoor(route) ? before : hrefOf(route);
}

/** The entry of what is opened from where one is. */
function above(route: Route): Entry {
  return { depth: entry.depth + 1, below: hrefOf(current), ...sameFor(route) };
}

/** What goes on from one entry to the next. */
function sameFor(route: Route): Pick<Entry, "wanted" | "searching"> {
  const searching = route.page === "search" || (route.page === "chat" && entry.searching);
  return { wanted: wantedBy(route, entry.wanted), searching };
}

function settle(): void {
  current = parseRoute(location.hash);
  for (const changed of listeners) changed();
}

export function navigate(route: Route, how: "push" | "replace" = "push"): void {
  if (hrefOf(route) === location.hash) return;
  entry = how === "push" ? above(route) : { ...entry, ...sameFor(route) };
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

/** The list is that of all chats again, whatever is open beside it. */
export function endSearch(): void {
  if (current.page === "search") {
    navigateBack({ page: "chats" });
    return;
  }
  entry = { ...entry, searching: false };
  history.replaceState(entry, "", location.hash);
  settle();
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

export interface Where {
  readonly route: Route;
  /** What is open beside the list: a search leaves there what was. */
  readonly beside: Route;
  readonly searching: boolean;
}

export function useWhere(): Where {
  const route = useRoute();
  const beside = route.page === "search" ? parseRoute(entry.below ?? "") : route;
  return { route, beside, searching: entry.searching };
}

/** Whether one is in the search: what is open beside it does not take the focus. */
export function isInSearch(): boolean {
  return current.page === "search";
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
