// What is at hand for the message under the mouse, or the one that has the focus: some emoji, reply, and all the rest.

import type { Message } from "../../../engine/contract";
import { useEngine, useTranslator } from "../../base/context";
import { Icon } from "../../base/Icon";
import { useMessageActions } from "../actions";
import { useDesk } from "../desk";
import { quickReactions, toggleReaction } from "../reacting";
import "./Toolbar.css";

const QUICK = 3;

export function Toolbar({ message }: { message: Message }) {
  const desk = useDesk();
  const engine = useEngine();
  const { t } = useTranslator();
  const { may: mayDo } = useMessageActions();
  const may = mayDo(message);
  return (
    <div className="toolbar" role="group" aria-label={t("act.label")}>
      {may.react &&
        quickReactions()
          .slice(0, QUICK)
          .map((emoji) => (
            <button
              key={emoji}
              type="button"
              className="toolbar__button toolbar__button--emoji"
              aria-label={t("reactions.with", { emoji })}
              onClick={() => toggleReaction(engine, message, emoji)}
            >
              {emoji}
            </button>
          ))}
      {may.react && (
        <button
          type="button"
          className="toolbar__button"
          aria-label={t("reactions.add")}
          title={t("reactions.add")}
          aria-haspopup="menu"
          onClick={(event) => desk.menu.set({ message, at: event.currentTarget.getBoundingClientRect(), emoji: true })}
        >
          <Icon name="react" size={18} />
        </button>
      )}
      {may.reply && (
        <button type="button" className="toolbar__button" aria-label={t("act.reply")} title={t("act.reply")} onClick={() => desk.reply(message)}>
          <Icon name="reply" size={18} />
        </button>
      )}
      <button
        type="button"
        className="toolbar__button"
        aria-label={t("act.more")}
        title={t("act.more")}
        aria-haspopup="menu"
        onClick={(event) => desk.menu.set({ message, at: event.currentTarget.getBoundingClientRect(), emoji: false })}
      >
        <Icon name="more" size={18} />
      </button>
    </div>
  );
}
