// What is looked for among chats, people and messages.

import type { SearchFilter } from "../../engine/contract";

export interface Search {
  readonly text: string;
  /** What it must be beside that. */
  readonly filter: SearchFilter;
}

export const NO_SEARCH: Search = { text: "", filter: {} };

/** How far one has come in what was found. */
export interface Place {
  /** So many messages were there. */
  readonly hits: number;
  readonly top: number;
  readonly chosen: string | null;
}

interface Kept {
  readonly uid: number;
  readonly search: Search;
  readonly place: Place | null;
}

/** What one looks for outlives a reload of this tab, and neither the tab nor who is signed in. */
const KEPT = "rim.search";

function read(uid: number): Kept | null {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null") as Kept | null;
    return kept?.uid === uid && typeof kept.search.text === "string" && typeof kept.search.filter === "object" ? kept : null;
  } catch {
    return null;
  }
}

function write(kept: Kept | null): void {
  try {
    if (kept === null || kept.search === NO_SEARCH) sessionStorage.removeItem(KEPT);
    else sessionStorage.setItem(KEPT, JSON.stringify(kept));
  } catch {
    // Then a reload begins anew.
  }
}

export const keptSearch = (uid: number): Search => read(uid)?.search ?? NO_SEARCH;
export const keptPlace = (uid: number): Place | null => read(uid)?.place ?? null;
export const keepSearch = (uid: number, search: Search): void => write({ uid, search, place: null });
/** Of what one still looks for. */
export function keepPlace(uid: number, search: Search, place: Place): void {
  const kept = read(uid);
  if (JSON.stringify(kept?.search) === JSON.stringify(search)) write({ uid, search, place });
}
export const forgetSearch = (): void => write(null);

/** The list of what is found. */
export const FOUND = "found";

export type FieldKey = "up" | "down" | "pick" | "unfilter";

/** Keys of the field that are for what is found. */
export class FieldKeys {
  private on: ((key: FieldKey) => void) | null = null;
  /** The one that came before there was somebody to take it. */
  private early: FieldKey | null = null;

  press(key: FieldKey): void {
    if (this.on === null) this.early = key;
    else this.on(key);
  }

  listen(on: (key: FieldKey) => void): () => void {
    this.on = on;
    if (this.early !== null) on(this.early);
    this.early = null;
    return () => {
      this.on = null;
    };
  }
}
