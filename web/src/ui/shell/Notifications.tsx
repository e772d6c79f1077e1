// What reaches somebody who is not looking: desktop notifications. Nobody needs them at the first sight, so they are loaded later.

import { useEffect } from "react";

import { isolated } from "../../i18n/direction";
import { pictureAddress } from "../base/address";
import { isAttentive, useAttention } from "../base/attention";
import { useEngine, useTranslator } from "../base/context";
import { preferences } from "../base/preferences";
import { useRemote } from "../base/remote";
import { navigate } from "../base/router";
import { previewOf } from "../chat/preview";

const ICON = "icons/icon-192.png";

export function Notifications(): null {
  const engine = useEngine();
  const translator = useTranslator();
  const attentive = useAttention();
  const remote = useRemote();

  useEffect(() => {
    /** What the page would not load by itself, the system does not either. */
    const shown = (avatar: string): string | null => {
      const picture = pictureAddress(avatar);
      return picture !== null && ["own", "allowed"].includes(remote.verdict(picture)) ? picture : null;
    };
    const notified = new Map<number, { readonly notification: Notification; readonly key: string }>();
    const stop = engine.onArrival(({ row, message, mention }) => {
      const { notify, notifyPreview } = preferences();
      if (!notify || isAttentive() || !("Notification" in window) || Notification.permission !== "granted") return;
      const { t } = translator;
      const news = mention ? t("notification.mention") : t("notification.newMessage");
      const text = notifyPreview ? previewOf(message, translator) : news;
      const who = row.single || row.lastSender === null ? "" : t("chats.sender", { name: isolated(row.lastSender.name) });
      const options: NotificationOptions = {
        body: notifyPreview ? `${mention ? `${news}\n` : ""}${who}${isolated(text)}` : text,
        // A group without a picture shows who writes.
        icon: shown(row.avatar) ?? shown(row.lastSender?.avatar ?? "") ?? ICON,
        // One a chat: the next takes its place.
        tag: `rim-${row.gid}`,
      };
      try {
        const notification = new Notification(isolated(row.title) || t("chats.untitled"), options);
        notified.set(row.gid, { notification, key: message.key });
        notification.addEventListener("click", () => {
          window.focus();
          navigate({ page: "chat", gid: row.gid, panel: false });
          notification.close();
        });
      } catch {
        // Browsers of Android allow it to service workers only: the title still counts.
      }
    });
    // What is taken back is not told any longer.
    const unheard = engine.chats.subscribe(() => {
      if (notified.size === 0) return;
      for (const { gid, last } of engine.chats.get())
        if (last !== null && last.recalled !== null && notified.get(gid)?.key === last.key) notified.get(gid)?.notification.close();
    });
    return () => {
      stop();
      unheard();
      for (const { notification } of notified.values()) notification.close();
    };
    // `attentive` is here so that what was shown is taken away when somebody comes back.
  }, [engine, translator, attentive, remote]);
  return null;
}
