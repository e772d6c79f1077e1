// Where one is, as the part of the address after "#". Every place has an address, so that links, history and reloads
// work as in any page.

import { useSyncExternalStore } from "react";

export const SETTINGS_SECTIONS = ["profile", "security", "look", "notifications"] as const;
export type SettingsSection = (typeof SETTINGS_SECTIONS)[number];

export type Route =
  | { readonly page: "sign-in" }
  | { readonly page: "register" }
  | { readonly page: "chats" }
  | { readonly page: "chat"; readonly gid: number; readonly panel: boolean }
  | { readonly page: "contacts"; readonly uid: number | null }
  | { readonly page: "settings"; readonly section: SettingsSection | null };

export function parseRoute(hash: string): Route {
  const [page, argument, rest] = hash.replace(/^#?\/?/, "").split("/");
  const id = argument !== undefined && /^\d{1,16}$/.test(argument) ? Number(argument) : null;
  switch (page) {
    case "sign-in":
    case "register":
      return { page };
    case "chat":
      return id === null ? { page: "chats" } : { page: "chat", gid: id, panel: rest === "info" };
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
      return `#/chat/${route.gid}${route.panel ? "/info" : ""}`;
    case "contacts":
      return route.uid === null ? "#/contacts" : `#/contacts/${route.uid}`;
    case "settings":
      return route.section === null ? "#/settings" : `#/settings/${route.section}`;
    default:
      return `#/${route.page}`;
  }
}

export const chatHref = (gid: number): string => hrefOf({ page: "chat", gid, panel: false });

let current = parseRoute(location.hash);
let depth = 0;
const listeners = new Set<() => void>();

// An entry of the history knows how many of ours are below it, so that "back" never leads out of the page.
history.replaceState({ depth }, "");
addEventListener("popstate", () => {
  const state: unknown = history.state;
  if (typeof state === "object" && state !== null && "depth" in state && typeof state.depth === "number") {
    depth = state.depth;
  } else {
    // A link was followed or the address was typed: a new entry.
    depth += 1;
    history.replaceState({ depth }, "");
  }
  settle();
});

function settle(): void {
  current = parseRoute(location.hash);
  for (const changed of listeners) changed();
}

export function navigate(route: Route, how: "push" | "replace" = "push"): void {
  if (hrefOf(route) === location.hash) return;
  if (how === "push") history.pushState({ depth: ++depth }, "", hrefOf(route));
  else history.replaceState({ depth }, "", hrefOf(route));
  settle();
}

/** Back to where one came from, or to `otherwise` if that was not in this page. */
export function navigateBack(otherwise: Route): void {
  if (depth > 0) history.back();
  else navigate(otherwise, "replace");
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
