// What is looked for among chats, people and messages.

import type { SearchFilter } from "../../engine/contract";

export interface Search {
  readonly text: string;
  /** What it must be beside that. */
  readonly filter: SearchFilter;
}

export const NO_SEARCH: Search = { text: "", filter: {} };

/** The list of what is found. */
export const FOUND = "found";

export type FieldKey = "up" | "down" | "pick";

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
