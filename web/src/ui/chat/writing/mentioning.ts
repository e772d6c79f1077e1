// Who is mentioned in what is being written: those who were picked, wherever their names move, and those whose whole names or
// accounts were typed.

import { useCallback, useMemo, useState } from "react";

import { useEngine } from "../../base/context";
import { EVERYBODY, follow, meantBy, type Mentioning, type Named, namesOf, type Place, placesIn } from "../mentions";
import type { Nameable } from "./nameable";

export interface Mentions {
  readonly places: readonly Place[];
  /** The text is about to become this. */
  changed(next: string): void;
  /** Somebody was picked, and stands there already. */
  add(place: Place): void;
  /** Who is meant. */
  meant(): { readonly uids: readonly number[]; readonly all: boolean };
}

/** `begun`: who stands already in what is written first. */
export function useMentions(text: string, { people, all }: Nameable, editing: Mentioning | null, begun: readonly Place[] = []): Mentions {
  const engine = useEngine();
  const named = useMemo((): readonly Named[] => {
    const known = people.flatMap(namesOf);
    // Whom a message mentions already may have left since.
    for (const uid of editing?.mentions ?? []) {
      const user = people.some(({ id }) => id === uid) ? null : engine.user(uid);
      if (user !== null) known.push(...namesOf(user));
    }
    // Who could mention everybody may leave it so.
    return all || editing?.mentionAll === true ? [...known, ...EVERYBODY] : known;
  }, [engine, people, all, editing]);
  const [picked, setPicked] = useState<{ readonly text: string; readonly of: Mentioning | null; readonly places: readonly Place[] }>({
    text: begun.length === 0 ? "" : text,
    of: null,
    places: begun,
  });
  let { places } = picked;
  if (picked.text !== text || picked.of !== editing) {
    // Not typed here: a draft of before, or the words of a message.
    places = picked.of === editing ? follow(places, picked.text, text) : placesIn(text, named.filter((one) => isMentioned(editing, one)));
    setPicked({ text, of: editing, places });
  }
  const changed = useCallback(
    (next: string) => setPicked((old) => ({ ...old, text: next, places: follow(old.places, old.text, next) })),
    [],
  );
  const add = useCallback((place: Place) => setPicked((old) => ({ ...old, places: [...old.places, place] })), []);
  return useMemo(() => {
    return { places, changed, add, meant: () => meantBy(text, named, places, editing) };
  }, [text, named, places, changed, add, editing]);
}

function isMentioned(message: Mentioning | null, { uid }: Named): boolean {
  if (message === null) return false;
  return uid === null ? message.mentionAll : message.mentions.includes(uid);
}
