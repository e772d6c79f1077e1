// Above what is being written: the message that it answers, or whose words it changes.

import type { Message } from "../../../engine/contract";
import { useTranslator } from "../../base/context";
import { Icon } from "../../base/Icon";
import { QuotedWords } from "../message/Quote";
import "./AnswerBar.css";

export interface AnswerBarProps {
  readonly does: "reply" | "edit";
  readonly message: Message | "gone" | undefined;
  readonly onShow: () => void;
  readonly onLeave: () => void;
}

export function AnswerBar({ does, message, onShow, onLeave }: AnswerBarProps) {
  const { t } = useTranslator();
  const leave = does === "reply" ? t("reply.leave") : t("edit.leave");
  return (
    <div className="answer-bar">
      <Icon name={does} size={20} />
      {message === undefined || message === "gone" ? (
        <p className="answer-bar__gone">{message === undefined ? t("reply.loading") : t("reply.gone")}</p>
      ) : (
        <button type="button" className="answer-bar__words" onClick={onShow}>
          <span className="hidden">{does === "reply" ? t("reply.to") : t("edit.of")}</span>
          <QuotedWords message={message} />
        </button>
      )}
      <button type="button" className="icon-button" aria-label={leave} title={leave} onClick={onLeave}>
        <Icon name="close" size={20} />
      </button>
    </div>
  );
}
