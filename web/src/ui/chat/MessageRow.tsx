// One message: a bubble, with who, when and how far it has come.

import { memo, type MouseEvent, useState } from "react";

import type { Message, User } from "../../engine/contract";
import { isolated } from "../../i18n/direction";
import type { Translator } from "../../i18n/translator";
import { Avatar } from "../base/Avatar";
import { useTranslator } from "../base/context";
import { Icon } from "../base/Icon";
import { seedColour } from "../base/initials";
import { refusalText } from "../base/problems";
import { Words } from "../base/words";
import { parseContent } from "./content";
import { emojiCount } from "./emoji";
import { PersonFace, PersonName } from "../contacts/person";
import { MessageBody } from "./MessageBody";
import { StateIcon } from "./StateIcon";
import "./MessageRow.css";

export interface MessageRowProps {
  readonly message: Message;
  readonly first: boolean;
  readonly last: boolean;
  readonly meta: boolean;
  readonly own: boolean;
  /** Null for somebody who is not known (any more). */
  readonly sender: User | null;
  readonly single: boolean;
  readonly onResend: (key: string) => void;
  readonly onDiscard: (key: string) => void;
}

export const MessageRow = memo(function MessageRow(props: MessageRowProps) {
  const { message, first, last, meta, own, sender, single, onResend, onDiscard } = props;
  const translator = useTranslator();
  const { t } = translator;
  const [told, tell] = useState(false);
  const name = own ? t("chat.you") : (sender?.name ?? t("chat.someone"));
  const big = message.kind === "Text" ? emojiCount(message.content) : 0;
  // A picture that cannot be shown is told of in words, which need a bubble.
  const picture = message.kind === "Image" && parseContent("Image", message.content).is === "image";
  const bare = big > 0 || picture;
  const named = first && !own && !single;
  const failed = message.state.is === "failed";
  const stamp = (
    <span className="stamp">
      <time dateTime={new Date(message.at).toISOString()} title={translator.full(message.at)}>
        {translator.time(message.at)}
      </time>
      {own && <StateIcon state={message.state} label={stateText(translator, message, single)} />}
    </span>
  );
  const nameLine = (
    <p className={`bubble__name bubble__name--${seedColour(message.uid)}`}>
      {sender === null ? <Words text={name} /> : <PersonName who={sender} />}
    </p>
  );
  // Where nothing hovers, a touch tells the time and takes it away.
  const onTouch = ({ target }: MouseEvent): void => {
    const control = target instanceof Element && target.closest("a, button, audio, video") !== null;
    if (!control && matchMedia("(hover: none)").matches) tell(!told);
  };
  const classes = ["message", own ? "message--own" : "message--other"];
  if (first) classes.push("message--first");
  if (last) classes.push("message--last");
  if (!single && !own) classes.push("message--with-avatar");
  if (told) classes.push("message--told");
  const bubble = ["bubble", `bubble--${message.kind === "Image" && !picture ? "text" : message.kind.toLowerCase()}`];
  if (big > 0) bubble.push(`bubble--emoji bubble--emoji-${big}`);
  return (
    <article
      className={classes.join(" ")}
      aria-label={`${isolated(name)}, ${translator.time(message.at)}`}
      data-key={message.key}
      data-state={message.state.is}
      onClick={meta ? undefined : onTouch}
    >
      {!single && !own && (
        <span className="message__avatar">
          {last && (
            <PersonFace who={sender ?? message.uid}>
              <Avatar name={name} address={sender?.avatar ?? ""} seed={message.uid} size={34} />
            </PersonFace>
          )}
        </span>
      )}
      <div className="message__column">
        {named && bare && nameLine}
        <div className={bubble.join(" ")}>
          {named && !bare && nameLine}
          <MessageBody kind={message.kind} content={message.content} from={name} id={`${message.gid}.${message.key}`} />
          {meta ? (
            stamp
          ) : (
            <time className="message__when" dateTime={new Date(message.at).toISOString()}>
              {translator.time(message.at)}
            </time>
          )}
        </div>
        {message.state.is === "failed" && (
          <p className="message__failed">
            <Icon name="alert" size={16} />
            <span>
              {message.state.reason === ""
                ? t("message.failed")
                : t("message.failedWhy", { reason: refusalText(translator, message.state.reason) })}
            </span>
            <button type="button" className="message__act" onClick={() => onResend(message.key)}>
              {t("message.resend")}
            </button>
            <button type="button" className="message__act" onClick={() => onDiscard(message.key)}>
              {t("message.discard")}
            </button>
          </p>
        )}
        {/* Where the stamp is left out, the state of one's own message can still be heard. */}
        {own && !meta && !failed && <span className="hidden">{stateText(translator, message, single)}</span>}
      </div>
    </article>
  );
});

function stateText({ t }: Translator, message: Message, single: boolean): string {
  switch (message.state.is) {
    case "sending":
      return t("message.sending");
    case "failed":
      return t("message.failed");
    case "stored":
      return t("message.stored");
    case "delivered":
      return t("message.delivered");
    case "read":
      return single ? t("message.read") : t("message.readBy", { count: message.state.by });
  }
}
