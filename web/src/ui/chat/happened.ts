// What happened in a group, in words: "Priya added you", "Bob and Carl left".

import type { Happening, User } from "../../engine/contract";
import type { Translator } from "../../i18n/translator";

/** So many are named in a line; the others are counted. */
const NAMED = 3;

/** Happenings that one line tells: by the same people, of the same kind, right after each other. */
export function joinsOnto(line: readonly Happening[], next: Happening): boolean {
  const last = line.at(-1);
  if (last === undefined || last.kind !== next.kind || last.seq !== next.seq) return false;
  if (isLeaving(last) && isLeaving(next)) return true;
  if (last.actor.id !== next.actor.id || isLeaving(last) !== isLeaving(next)) return false;
  switch (next.kind) {
    case "MembersAdded":
    case "MembersRemoved":
      return true;
    case "RoleChanged":
      return last.admin === next.admin;
    case "GroupUpdated":
      return (last.name === null) === (next.name === null);
    default:
      return false;
  }
}

/** Of a kind that is not known yet there is nothing to say. */
export function happenedText(line: readonly Happening[], meId: number, translator: Translator): string | null {
  const last = line.at(-1);
  if (last === undefined) return null;
  const { t } = translator;
  const actor = last.actor.id === meId ? t("happened.You") : nameOf(last.actor, translator);
  const names = namesOf(line, meId, translator);
  switch (last.kind) {
    case "GroupCreated":
      return t("happened.created", { actor });
    case "GroupUpdated":
      return last.name === null ? t("happened.picture", { actor }) : t("happened.renamed", { actor, name: last.name });
    case "MembersAdded":
      return t("happened.added", { actor, names });
    case "MembersRemoved":
      return isLeaving(last) ? t("happened.left", { names: begun(names, line, meId, t("happened.You")) }) : t("happened.removed", { actor, names });
    case "RoleChanged":
      return last.admin ? t("happened.promoted", { actor, names }) : t("happened.demoted", { actor, names });
    case "OwnerChanged":
      return t("happened.handedOver", { actor, names });
    case "GroupDissolved":
      return t("happened.dissolved", { actor });
    default:
      return null;
  }
}

function isLeaving({ kind, actor, users, count }: Happening): boolean {
  return kind === "MembersRemoved" && count === 1 && users[0]?.id === actor.id;
}

/** A line that begins with oneself alone begins with a capital letter. */
function begun(names: string, line: readonly Happening[], meId: number, you: string): string {
  return line.length === 1 && line[0]?.actor.id === meId ? you : names;
}

/** Each once, oneself first. */
function namesOf(line: readonly Happening[], meId: number, translator: Translator): string {
  const people = new Map<number, User>();
  for (const { users } of line) for (const user of users) people.set(user.id, user);
  const told = line.reduce((sum, { count, users }) => sum + Math.max(count, users.length), 0);
  const all = [...people.values()].sort((a, b) => Number(b.id === meId) - Number(a.id === meId));
  const count = Math.max(told - (line.length > 1 ? told - all.length : 0), all.length);
  const named = all.slice(0, count > NAMED + 1 ? NAMED : NAMED + 1);
  const words = named.map((user) => (user.id === meId ? translator.t("happened.you") : nameOf(user, translator)));
  if (count > named.length) words.push(translator.t("happened.others", { count: count - named.length }));
  return new Intl.ListFormat(translator.locale, { type: "conjunction" }).format(words);
}

function nameOf(user: User, { t }: Translator): string {
  return user.name === "" ? t("chat.someone") : user.name;
}
