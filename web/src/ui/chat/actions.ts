// What one can do with a message, as the entries of its menu and by keys.

import type { Message } from "../../engine/contract";
import { addressOf } from "../../basePath";
import { copyText } from "../base/clipboard";
import { useConfirm } from "../base/confirm";
import { useEngine, useTranslator } from "../base/context";
import type { KeyName } from "../base/keys";
import type { MenuItem } from "../base/MenuItems";
import { hrefOf } from "../base/router";
import { realNameOf } from "../base/text";
import { captionOf } from "./caption";
import { copyOf, textOf } from "./copying";
import { useDesk } from "./desk";
import { type May, mayDo } from "./may";

export interface MessageActions {
  may(message: Message): May;
  itemsOf(message: Message): readonly MenuItem[];
  /** Does what a key means for a message; false where it means nothing. */
  byKey(key: MessageKey, message: Message): boolean;
  copy(messages: readonly Message[]): void;
  /** Each after a question; false where the answer was no. */
  recall(messages: readonly Message[]): Promise<boolean>;
  hide(messages: readonly Message[]): Promise<boolean>;
}

export const MESSAGE_KEYS = ["reply", "editMessage", "react", "forwardMessage", "choose", "recall"] as const satisfies readonly KeyName[];
type MessageKey = (typeof MESSAGE_KEYS)[number];

/** All of it looks at the chat as it is when it is asked for, so nothing of it changes while the chat does. */
export function useMessageActions(): MessageActions {
  const desk = useDesk();
  const engine = useEngine();
  const translator = useTranslator();
  const confirm = useConfirm();
  const { t } = translator;
  const { me } = desk;
  const now = (): number => Date.now() + engine.clockAhead.get();
  const may = (message: Message): May => mayDo(message, desk.view, me.id, now(), engine.limits.get());

  const copy = (messages: readonly Message[]): void => {
    const nameOf = (uid: number): string => (uid === me.id ? me.name : realNameOf(engine.user(uid))) || t("chat.someone");
    const [only, ...more] = messages;
    if (only === undefined) return;
    void copyText(more.length === 0 ? textOf(only, translator) : copyOf(messages, nameOf, translator).text, translator);
  };
  const recall = async (messages: readonly Message[]): Promise<boolean> => {
    const count = messages.length;
    const yes = await confirm({
      title: t("recall.title", { count }),
      text: t("recall.text"),
      action: t("recall.action"),
      danger: true,
    });
    if (yes) for (const { gid, key } of messages) engine.recall(gid, key);
    return yes;
  };
  const hide = async (messages: readonly Message[]): Promise<boolean> => {
    const count = messages.length;
    const yes = await confirm({
      title: t("hide.title", { count }),
      text: t("hide.text"),
      action: t("hide.action"),
      danger: true,
    });
    if (yes) engine.hide(desk.gid, messages.map(({ key }) => key));
    return yes;
  };

  const byKey = (key: MessageKey, message: Message): boolean => {
    const allowed = may(message);
    switch (key) {
      case "reply":
        if (allowed.reply) desk.reply(message);
        return allowed.reply;
      case "editMessage":
        if (allowed.edit) desk.edit(message);
        return allowed.edit;
      case "react":
        if (allowed.react) desk.openMenu(message, true);
        return allowed.react;
      case "forwardMessage":
        if (allowed.forward) desk.over.set({ is: "forward", keys: [message.key] });
        return allowed.forward;
      case "choose":
        desk.choose(message.key);
        return true;
      case "recall":
        if (allowed.recall) void recall([message]);
        else if (allowed.keep) void hide([message]);
        return allowed.recall || allowed.keep;
    }
  };

  const itemsOf = (message: Message): readonly MenuItem[] => {
    const allowed = may(message);
    const { gid, key, pinnedAt, starred, editedAt } = message;
    const items: (MenuItem | false)[] = [
      allowed.reply && { label: t("act.reply"), icon: "reply", shortcut: "reply", onSelect: () => desk.reply(message) },
      allowed.edit && { label: captionOf(message) === null ? t("act.edit") : t("act.editCaption"), icon: "edit", shortcut: "editMessage", onSelect: () => desk.edit(message) },
      allowed.copy && { label: t("message.copy"), icon: "copy", onSelect: () => copy([message]) },
      message.seq !== null &&
        message.recalled === null && {
          label: t("act.link"),
          icon: "link",
          onSelect: () => void copyText(addressOf("/").href + hrefOf({ page: "chat", gid, panel: false, seq: message.seq }), translator),
        },
      allowed.forward && {
        label: t("act.forward"),
        icon: "share",
        shortcut: "forwardMessage",
        onSelect: () => desk.over.set({ is: "forward", keys: [key] }),
      },
      allowed.pin && {
        label: pinnedAt === null ? t("act.pin") : t("act.unpin"),
        icon: "thumbtack",
        onSelect: () => engine.pin(gid, key, pinnedAt === null),
      },
      allowed.keep &&
        message.recalled === null && {
          label: starred ? t("act.unstar") : t("act.star"),
          icon: "star",
          onSelect: () => engine.star(gid, key, !starred),
        },
      allowed.reply && { label: t("act.replies"), icon: "chats", onSelect: () => desk.thread.set(message) },
      allowed.readers && { label: t("act.readers"), icon: "eye", onSelect: () => desk.over.set({ is: "readers", message }) },
      allowed.react &&
        message.reactions.length > 0 && {
          label: t("act.reactors"),
          icon: "emoji",
          onSelect: () => desk.over.set({ is: "reactors", message }),
        },
      editedAt !== null && { label: t("act.edits"), icon: "history", onSelect: () => desk.over.set({ is: "edits", message }) },
      { label: t("act.choose"), icon: "select", shortcut: "choose", onSelect: () => desk.choose(key) },
      allowed.keep && { label: t("act.hide"), icon: "eyeOff", danger: true, onSelect: () => void hide([message]) },
      allowed.recall && {
        label: t("act.recall"),
        icon: "trash",
        danger: true,
        shortcut: "recall",
        onSelect: () => void recall([message]),
      },
    ];
    return items.filter((item) => item !== false);
  };
  return { may, itemsOf, byKey, copy, recall, hide };
}
