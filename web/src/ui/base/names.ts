// Which chats and people a search finds by their names, the best first. Pure.

import type { ChatRow, User } from "../../engine/contract";
import type { FindByReading } from "../base/readings";
import { fold, matches } from "../base/text";

/** From a name that begins so, to one that only has it somewhere; null: not at all. */
export function rankOf(name: string, account: string, search: string, byReading: FindByReading | null): number | null {
  const wanted = fold(search).trim();
  if (wanted === "") return null;
  const folded = fold(name);
  if (folded.startsWith(wanted)) return 0;
  const read = byReading?.(name, wanted) ?? null;
  if (read === 0) return 1;
  const bare = wanted.replace(/^@/, "");
  const owned = fold(account);
  if (bare !== "" && owned.startsWith(bare)) return 2;
  if (folded.split(/[\s\p{P}]+/u).some((word) => word.startsWith(wanted))) return 3;
  if (matches(name, search)) return 4;
  if (read !== null) return 5;
  return matches(`${name} ${account}`, search) ? 6 : null;
}

/** Of those that are equally good the one in which something has happened last. */
export function chatsFound(rows: readonly ChatRow[], accountOf: (uid: number) => string, search: string, byReading: FindByReading | null): readonly ChatRow[] {
  return ranked(rows, (row) => rankOf(row.title, row.partner === null ? "" : accountOf(row.partner), search, byReading));
}

export function peopleFound(people: readonly User[], search: string, byReading: FindByReading | null): readonly User[] {
  return ranked(people, ({ name, account }) => rankOf(name, account, search, byReading));
}

function ranked<T>(all: readonly T[], rank: (one: T) => number | null): readonly T[] {
  const found = all.flatMap((one) => {
    const its = rank(one);
    return its === null ? [] : [{ one, its }];
  });
  return found.sort((a, b) => a.its - b.its).map(({ one }) => one);
}
