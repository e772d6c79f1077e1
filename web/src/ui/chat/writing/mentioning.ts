// Who is mentioned in what is being written: those who were picked, wherever their names move, and those whose whole names
// were typed.

import { useCallback, useMemo, useState } from "react";

import type { Message } from "../../../engine/contract";
import { useEngine } from "../../base/context";
import { EVERYBODY, follow, type Named, type Place, placesIn } from "../mentions";
import type { Nameable } from "./naming";

/** The server takes no more. */
const MOST = 50;

export interface Mentions {
  readonly places: readonly Place[];
  /** The text is about to become this. */
  changed(next: string): void;
  /** Somebody was picked, and stands there already. */
  add(place: Place): void;
  /** Who is meant. */
  meant(): { readonly uids: readonly number[]; readonly all: boolean };
}

export function useMentions(text: string, { people, all }: Nameable, editing: Message | null): Mentions {
  const engine = useEngine();
  const named = useMemo((): readonly Named[] => {
    const everybody = people.map(({ id, name }) => ({ uid: id, name }));
    // Whom a message mentions already may have left since.
    for (const uid of editing?.mentions ?? []) {
      const name = people.some(({ id }) => id === uid) ? undefined : engine.user(uid)?.name;
      if (name !== undefined) everybody.push({ uid, name });
    }
    return all ? [...everybody, ...EVERYBODY] : everybody;
  }, [engine, people, all, editing]);
  const [picked, setPicked] = useState<{ readonly text: string; readonly of: Message | null; readonly places: readonly Place[] }>({
    text: "",
    of: null,
    places: [],
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
    const meant = () => {
      const typed = placesIn(text, named).filter(({ from }) => !places.some((place) => place.from === from));
      const uids = new Set([...places, ...typed].map(({ uid }) => uid));
      // Who has another name by now stands in the text by the old one, and stays mentioned.
      const before = placesIn(editing?.content ?? "", named);
      for (const uid of editing?.mentions ?? []) if (!before.some((place) => place.uid === uid)) uids.add(uid);
      return { uids: [...uids].filter((uid) => uid !== null).slice(0, MOST), all: uids.has(null) };
    };
    return { places, changed, add, meant };
  }, [text, named, places, changed, add, editing]);
}

function isMentioned(message: Message | null, { uid }: Named): boolean {
  if (message === null) return false;
  return uid === null ? message.mentionAll : message.mentions.includes(uid);
}
