// What narrows a search down, in words: who wrote it, in which chat, what it has and is, and when.

import type { Holding, SearchFilter, Trait } from "../../engine/contract";
import { useEngine, useLive, useMe, useTranslator } from "../base/context";
import type { IconName } from "../base/Icon";
import { daysText } from "./days";

export const OFFERS = { from: "person", in: "chats", has: "clip", date: "clock" } as const satisfies Record<string, IconName>;
export type Offer = keyof typeof OFFERS;
export const VALUE_ICONS = {
  link: "link",
  image: "image",
  video: "film",
  audio: "sound",
  file: "file",
  pinned: "pin",
  starred: "star",
  mention: "at",
  mine: "person",
  edited: "edit",
} as const satisfies Record<Holding | Trait, IconName>;

export interface Chip {
  readonly key: string;
  readonly icon: IconName;
  readonly text: string;
  /** What is left without it. */
  readonly left: SearchFilter;
}

/** In the order in which they stand. */
export function useChips(filter: SearchFilter): readonly Chip[] {
  const engine = useEngine();
  const me = useMe();
  const translator = useTranslator();
  const { t } = translator;
  const chats = useLive(engine.chats);
  const { gid, uid, has = [], is = [], after, before } = filter;
  const chips: Chip[] = [];
  const add = (key: string, icon: IconName, text: string, left: Change): void => void chips.push({ key, icon, text, left: changed(filter, left) });
  if (uid !== undefined) add("from", OFFERS.from, uid === me.id ? t("search.fromMe") : t("search.fromWho", { name: engine.user(uid)?.name ?? t("chat.someone") }), { uid: undefined });
  if (gid !== undefined) {
    const title = chats.find((row) => row.gid === gid)?.title ?? "";
    add("in", OFFERS.in, t("search.inChat", { name: title || t("chats.untitled") }), { gid: undefined });
  }
  for (const each of has) add(each, VALUE_ICONS[each], t(`search.${each}`), { has: has.filter((other) => other !== each) });
  for (const each of is) add(each, VALUE_ICONS[each], t(`search.${each}`), { is: is.filter((other) => other !== each) });
  if (after !== undefined || before !== undefined) add("date", OFFERS.date, daysText({ after, before }, translator), { after: undefined, before: undefined });
  return chips;
}

type Change = { readonly [K in keyof SearchFilter]?: SearchFilter[K] | undefined };

/** Without what asks for nothing: the same filter is written the same. */
export function changed(filter: SearchFilter, change: Change): SearchFilter {
  const { gid, uid, has = [], is = [], after, before } = { ...filter, ...change };
  return {
    ...(gid !== undefined && { gid }),
    ...(uid !== undefined && { uid }),
    ...(has.length > 0 && { has }),
    ...(is.length > 0 && { is }),
    ...(after !== undefined && { after }),
    ...(before !== undefined && { before }),
  };
}
