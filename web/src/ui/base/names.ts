// Which chats and people a search finds by their names, the best first. Pure.

import type { ChatRow, User } from "../../engine/contract";
import type { FindByReading } from "./readings";
import { fold, matches } from "./text";

/** What somebody, or a chat, is known by: `realName` is what everybody calls whom one calls `name` oneself. */
type Names = Pick<User, "name" | "realName" | "account">;

/** From a name that begins so, to one that only has it somewhere; null: not at all. */
export function rankOf(names: Names, search: string, byReading: FindByReading | null): number | null {
  const { name, realName = name, account } = names;
  const wanted = fold(search).trim();
  if (wanted === "") return null;
  const both = realName === name ? [name] : [name, realName];
  const folded = both.map(fold);
  if (folded.some((each) => each.startsWith(wanted))) return 0;
  const reads = both.map((each) => byReading?.(each, wanted) ?? null);
  if (reads.includes(0)) return 1;
  const bare = wanted.replace(/^@/, "");
  const owned = fold(account);
  if (bare !== "" && owned.startsWith(bare)) return 2;
  if (folded.some((each) => each.split(/[\s\p{P}]+/u).some((word) => word.startsWith(wanted)))) return 3;
  if (both.some((each) => matches(each, search))) return 4;
  if (reads.some((read) => read !== null)) return 5;
  return matches(`${both.join(" ")} ${account}`, search) ? 6 : null;
}

/** Of those that are equally good the one in which something has happened last. */
export function chatsFound(rows: readonly ChatRow[], userOf: (uid: number) => User | null, search: string, byReading: FindByReading | null): readonly ChatRow[] {
  return ranked(rows, ({ title, partner }) => {
    const user = partner === null ? null : userOf(partner);
    return rankOf(user ?? { name: title, account: "" }, search, byReading);
  });
}

export function peopleFound(people: readonly User[], search: string, byReading: FindByReading | null): readonly User[] {
  return ranked(people, (user) => rankOf(user, search, byReading));
}

function ranked<T>(all: readonly T[], rank: (one: T) => number | null): readonly T[] {
  const found = all.flatMap((one) => {
    const its = rank(one);
    return its === null ? [] : [{ one, its }];
  });
  return found.sort((a, b) => a.its - b.its).map(({ one }) => one);
}
