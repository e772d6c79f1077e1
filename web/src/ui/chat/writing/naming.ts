// Naming somebody while one writes: who may be meant by what stands behind the "@".

import { useEffect, useMemo, useState } from "react";

import type { Engine, User } from "../../../engine/contract";
import type { Translator } from "../../../i18n/translator";
import { rankOf } from "../../base/names";
import { useReadings } from "../../base/readings";
import { matches } from "../../base/text";
import type { Candidate, Nameable } from "./nameable";

const MOST = 8;
const PAUSE_MS = 200;
const LETTERS = /[a-z]/i;
const HAN = /\p{Script=Han}/u;

/** Those who may be meant, the likeliest first; nobody while `search` is null. */
export function useCandidates(
  engine: Engine,
  gid: number,
  { people, large, all }: Nameable,
  search: string | null,
  translator: Translator,
): readonly Candidate[] {
  const letters = search !== null && LETTERS.test(search) && people.some(({ name, realName = "" }) => HAN.test(name + realName));
  const byReading = useReadings(letters);
  const found = useFound(engine, gid, large ? search : null);
  return useMemo(() => {
    if (search === null) return [];
    const known = new Map([...people, ...found].map((user) => [user.id, user]));
    const ranked = [...known.values()].flatMap((user) => {
      const rank = search === "" ? 0 : rankOf(user, search, byReading);
      return rank === null ? [] : [{ user, name: user.realName ?? user.name, rank }];
    });
    const candidates: Candidate[] = ranked.sort((a, b) => a.rank - b.rank || translator.compare(a.user.name, b.user.name));
    const everybody = translator.t("mentions.all");
    if (all && matches(`${everybody} all everyone`, search)) candidates.push({ user: null, name: everybody });
    return candidates.slice(0, MOST);
  }, [search, people, found, all, byReading, translator]);
}

const NOBODY: readonly User[] = [];

/** Of a large group, whom the server finds. */
function useFound(engine: Engine, gid: number, search: string | null): readonly User[] {
  const [found, setFound] = useState<{ readonly search: string; readonly users: readonly User[] } | null>(null);
  useEffect(() => {
    if (search === null) return undefined;
    let wanted = true;
    const timer = setTimeout(() => {
      void engine.listMembers(gid, { search, after: null }).then((outcome) => {
        if (wanted && outcome.ok) setFound({ search, users: outcome.value.members.map(({ user }) => user) });
      });
    }, PAUSE_MS);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [engine, gid, search]);
  return search === null ? NOBODY : (found?.users ?? NOBODY);
}
