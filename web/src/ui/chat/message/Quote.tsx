// What a message answers: taken from the message itself, as it is now. It leads there.

import type { Message } from "../../../engine/contract";
import { useEngine, useMe, useTranslator } from "../../base/context";
import { seedColour } from "../../base/initials";
import { Words } from "../../base/words";
import { Thumb } from "../media";
import { previewOf } from "../preview";
import "./Quote.css";

export interface QuoteProps {
  /** Undefined: it is being asked for. */
  readonly quoted: Message | "gone" | undefined;
  readonly onJump: () => void;
}

export function Quote({ quoted, onJump }: QuoteProps) {
  const { t } = useTranslator();
  if (quoted === undefined || quoted === "gone") {
    return <p className="quote quote--gone">{quoted === undefined ? t("reply.loading") : t("reply.gone")}</p>;
  }
  return (
    <button type="button" className={`quote quote--${seedColour(quoted.uid)}`} onClick={onJump}>
      <QuotedWords message={quoted} />
    </button>
  );
}

/** Who and what, in two lines. */
export function QuotedWords({ message }: { message: Message }) {
  const engine = useEngine();
  const me = useMe();
  const translator = useTranslator();
  const { t } = translator;
  const name = message.uid === me.id ? t("chat.you") : (engine.user(message.uid)?.name ?? t("chat.someone"));
  return (
    <>
      <Thumb message={message} />
      <span className="quote__name ellipsis">
        <Words text={name} />
      </span>
      <span className={message.recalled === null ? "quote__text" : "quote__text quote__text--recalled"}>
        <Words text={previewOf(message, translator)} />
      </span>
    </>
  );
}
