// Picks whom one names while one writes: the list of those who may be meant, and the keys that choose among them.

import { type KeyboardEvent, type ReactNode, type RefObject, useId, useState } from "react";

import { useEngine, useTranslator } from "../../base/context";
import { whichKey } from "../../base/keys";
import { searchAt } from "../mentions";
import type { Mentions } from "./mentioning";
import { MentionPicker } from "./MentionPicker";
import { type Candidate, type Nameable, useCandidates } from "./naming";

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
  /** Null while nobody is named. */
  readonly list: ReactNode;
  /** What the field says of the list. */
  readonly aria: object;
  /** The caret stands here; null: it is not in the field, or something is selected. */
  moved(caret: number | null): void;
  /** Whether the key was for the list. */
  press(event: KeyboardEvent): boolean;
}

export function usePicking({ gid, nameable, text, mentions, area, insert }: Written): Picking {
  const engine = useEngine();
  const translator = useTranslator();
  const id = useId();
  const [caret, setCaret] = useState<number | null>(null);
  const [selected, setSelected] = useState(0);
  /** Where the list was closed: it stays so until another "@". */
  const [closedAt, setClosedAt] = useState<number | null>(null);
  const nobody = nameable.people.length === 0 && !nameable.large;
  const searched = caret === null || nobody ? null : searchAt(text, caret, mentions.places);
  if (closedAt !== null && searched?.from !== closedAt) setClosedAt(null);
  const naming = searched !== null && searched.from !== closedAt ? searched : null;
  const candidates = useCandidates(engine, gid, nameable, naming?.search ?? null, translator);
  const [before, setBefore] = useState(candidates);
  if (candidates !== before) {
    setBefore(candidates);
    setSelected(0);
  }
  const offered = naming !== null && candidates.length > 0;
  const name = ({ user, name }: Candidate): void => {
    if (naming === null) return;
    area.current?.setSelectionRange(naming.from, naming.from + 1 + naming.search.length);
    insert(`@${name} `);
    mentions.add({ uid: user?.id ?? null, from: naming.from, to: naming.from + 1 + name.length });
    setCaret(null);
  };
  return {
    list: offered ? <MentionPicker id={id} candidates={candidates} selected={selected} onPick={name} /> : null,
    aria: {
      ...(!nobody && { "aria-autocomplete": "list" }),
      ...(offered && { "aria-controls": id, "aria-activedescendant": `${id}-${selected}` }),
    },
    moved: setCaret,
    press(event) {
      const key = !offered ? null : event.key === "Tab" && !event.shiftKey ? "pick" : whichKey(event.nativeEvent, ["up", "down", "pick", "close"]);
      if (key === null) return false;
      event.preventDefault();
      const candidate = candidates[selected];
      if (key === "close") setClosedAt(naming?.from ?? null);
      else if (key === "pick") {
        if (candidate !== undefined) name(candidate);
      } else setSelected((selected + (key === "up" ? -1 : 1) + candidates.length) % candidates.length);
      return true;
    },
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
