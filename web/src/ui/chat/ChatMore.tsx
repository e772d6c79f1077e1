// In the panel of a chat: what is pinned, starred and scheduled in it, and clearing it.

import type { ChatView } from "../../engine/contract";
import { useConfirm } from "../base/confirm";
import { useEngine, useTranslator } from "../base/context";
import { Icon } from "../base/Icon";
import { navigate } from "../base/router";
import { useDesk } from "./desk";
import "./ChatMore.css";

export function ChatMore({ view }: { view: ChatView }) {
  const desk = useDesk();
  const engine = useEngine();
  const confirm = useConfirm();
  const { t } = useTranslator();
  const { gid } = view.group;
  const clear = async (): Promise<void> => {
    const yes = await confirm({
      title: t("panel.clearTitle", { name: view.title }),
      text: t("panel.clearText"),
      action: t("panel.clear"),
      danger: true,
    });
    if (yes) engine.clear(gid);
  };
  return (
    <section className="panel__section chat-more" aria-label={t("panel.more")}>
      {(view.pins ?? []).length > 0 && (
        <button type="button" className="chat-more__one" onClick={() => desk.over.set({ is: "pins" })}>
          <Icon name="thumbtack" size={20} />
          {t("pins.all")}
        </button>
      )}
      <button type="button" className="chat-more__one" onClick={() => navigate({ page: "chat", gid, panel: "media" })}>
        <Icon name="image" size={20} />
        {t("gallery.heading")}
      </button>
      {view.member && (
        <button type="button" className="chat-more__one" onClick={() => desk.over.set({ is: "scheduled" })}>
          <Icon name="clock" size={20} />
          {t("scheduled.title")}
        </button>
      )}
      <button type="button" className="chat-more__one chat-more__one--danger" onClick={() => void clear()}>
        <Icon name="trash" size={20} />
        {t("panel.clear")}
      </button>
    </section>
  );
}
