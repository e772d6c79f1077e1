// Somebody is being named while one writes: where, and by which letters. Who may be meant is listed by NamePicker.tsx.

import { type KeyboardEvent, type ReactNode, type RefObject, useEffect, useId, useRef, useState } from "react";

import { searchAt } from "../mentions";
import { NamePicker, preloadNames } from "./index";
import type { Mentions } from "./mentioning";
import type { Candidate, Nameable } from "./nameable";

export interface Written {
  readonly gid: number;
  readonly nameable: Nameable;
  readonly text: string;
  readonly mentions: Mentions;
  readonly area: RefObject<HTMLTextAreaElement | null>;
  /** Puts a text in the place of what is selected, as if it was typed. */
  readonly insert: (what: string) => void;
}

export interface Picking {
  /** False while nobody is named. */
  readonly list: ReactNode;
  /** What the field says of the list. */
  readonly aria: object;
  /** The caret stands here; null: it is not in the field, or something is selected. */
  moved(caret: number | null): void;
  /** Whether the key was for the list. */
  press(event: KeyboardEvent): boolean;
}

/** Whether the list takes a key. */
export type Press = (event: KeyboardEvent) => boolean;

export function usePicking({ gid, nameable, text, mentions, area, insert }: Written): Picking {
  const id = useId();
  const [caret, setCaret] = useState<number | null>(null);
  /** Where the list was closed: it stays so until another "@". */
  const [closedAt, setClosedAt] = useState<number | null>(null);
  /** Of those that are listed, the one that is chosen; null: nobody is listed. */
  const [at, setAt] = useState<number | null>(null);
  const press = useRef<Press | null>(null);
  const nobody = nameable.people.length === 0 && !nameable.large;
  useEffect(() => {
    if (!nobody) preloadNames();
  }, [nobody]);
  const searched = caret === null || nobody ? null : searchAt(text, caret, mentions.places);
  if (closedAt !== null && searched?.from !== closedAt) setClosedAt(null);
  const naming = searched !== null && searched.from !== closedAt ? searched : null;
  const name = ({ user, name }: Candidate): void => {
    if (naming === null) return;
    area.current?.setSelectionRange(naming.from, naming.from + 1 + naming.search.length);
    insert(`@${name} `);
    mentions.add({ uid: user?.id ?? null, from: naming.from, to: naming.from + 1 + name.length });
    setCaret(null);
  };
  return {
    list: naming !== null && (
      <NamePicker
        id={id}
        gid={gid}
        nameable={nameable}
        search={naming.search}
        pressRef={press}
        onAt={setAt}
        onPick={name}
        onClose={() => setClosedAt(naming.from)}
      />
    ),
    aria: {
      ...(!nobody && { "aria-autocomplete": "list" }),
      ...(naming !== null && at !== null && { "aria-controls": id, "aria-activedescendant": `${id}-${at}` }),
    },
    moved: setCaret,
    press: (event) => press.current?.(event) === true,
  };
}

/** As if it was typed, so that undo takes it back. */
export function typeInto(element: HTMLTextAreaElement, what: string, changed: (text: string) => void): void {
  element.focus();
  if (document.execCommand("insertText", false, what)) return;
  element.setRangeText(what, element.selectionStart, element.selectionEnd, "end");
  changed(element.value);
}

/** Null where something is selected. */
export function caretIn({ selectionStart, selectionEnd }: HTMLTextAreaElement): number | null {
  return selectionStart === selectionEnd ? selectionStart : null;
}
