// Who is writing, in words.

import type { User } from "../../engine/contract";
import { isolated } from "../../i18n/direction";
import type { Translator } from "../../i18n/translator";

const NAMED = 2;

/** In a single chat it is clear who. */
export function typingText(people: readonly User[], single: boolean, { t, locale }: Translator): string {
  if (single) return t("typing.one");
  const names = people.slice(0, NAMED).map(({ name }) => isolated(name.trim().split(/\s+/)[0] ?? "") || t("chat.someone"));
  if (people.length > names.length) names.push(t("happened.others", { count: people.length - names.length }));
  const [only = "", ...more] = names;
  if (more.length === 0) return t("typing.named", { name: only });
  return t("typing.some", { names: new Intl.ListFormat(locale, { type: "conjunction" }).format(names) });
}
