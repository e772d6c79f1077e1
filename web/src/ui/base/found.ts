// What a search above a list finds in it.

import { useMemo } from "react";

import type { ChatRow, User } from "../../engine/contract";
import { useEngine, useLive, useTranslator } from "./context";
import { chatsFound, peopleFound } from "./names";
import { useReadings } from "./readings";

const LETTERS = /[a-z]/i;

/** Those whom a search finds; by name where nothing is looked for. */
export function usePeopleFound(people: readonly User[], search: string): readonly User[] {
  const translator = useTranslator();
  const byReading = useReadings(LETTERS.test(search));
  const sorted = useMemo(() => [...people].sort((a, b) => translator.compare(a.name, b.name)), [people, translator]);
  return useMemo(() => (search.trim() === "" ? sorted : peopleFound(sorted, search, byReading)), [sorted, search, byReading]);
}

/** Those of one's chats that a search finds; all of them where nothing is looked for. */
export function useChatsFound(search: string): readonly ChatRow[] {
  const engine = useEngine();
  const chats = useLive(engine.chats);
  const byReading = useReadings(LETTERS.test(search));
  return useMemo(
    () => (search.trim() === "" ? chats : chatsFound(chats, (uid) => engine.user(uid), search, byReading)),
    [chats, engine, search, byReading],
  );
}
