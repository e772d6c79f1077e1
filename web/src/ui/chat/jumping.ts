// Going to a message, wherever in the chat it is.

import type { Outcome } from "../../engine/contract";
import type { Translator } from "../../i18n/translator";
import { showToast } from "../base/toasts";
import { told } from "../base/told";
import type { Desk } from "./desk";

/** So long a message that was looked for stands out. */
export const FOUND_MS = 1_800;

export async function jumpTo(desk: Desk, to: { readonly id: number } | { readonly seq: number }, translator: Translator): Promise<void> {
  const here = desk.view.messages.find((each) => ("id" in to ? each.id === to.id : each.seq === to.seq));
  if (here !== undefined) desk.wanted.set(here.key);
  else await go(desk, () => desk.engine.jump(desk.gid, to), translator);
}

/** To the oldest message that mentions oneself and was not read. */
export async function jumpToMention(desk: Desk, translator: Translator): Promise<void> {
  await go(desk, () => desk.engine.nextMention(desk.gid), translator);
}

async function go(desk: Desk, ask: () => Promise<Outcome<string | null>>, translator: Translator): Promise<void> {
  const outcome = await ask();
  if (outcome.ok) {
    if (outcome.value !== null) desk.wanted.set(outcome.value);
    return;
  }
  const { problem } = outcome;
  showToast("problem", problem.is === "refused" ? translator.t("reply.gone") : await told(translator, problem));
}
