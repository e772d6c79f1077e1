// A message in a list: who, when, its first words. It leads to its place.

import type { Message } from "../../engine/contract";
import { Avatar } from "../base/Avatar";
import { useEngine, useNow, useTranslator } from "../base/context";
import { Words } from "../base/words";
import { previewOf } from "./preview";
import "./FoundMessage.css";

export interface FoundMessageProps {
  readonly message: Message;
  readonly name: string;
  /** The chat it is in, where the list is of several. */
  readonly chat?: string;
  readonly onOpen: () => void;
}

export function FoundMessage({ message, name, chat, onOpen }: FoundMessageProps) {
  const engine = useEngine();
  const translator = useTranslator();
  const now = useNow();
  return (
    <button type="button" className="found-message" onClick={onOpen}>
      <Avatar name={name} address={engine.user(message.uid)?.avatar ?? ""} seed={message.uid} size={38} />
      <span className="lines">
        <span className="found-message__head">
          <span className="found-message__name ellipsis">
            <Words text={name} />
          </span>
          <time className="note" title={translator.full(message.at)}>
            {translator.brief(message.at, now)}
          </time>
        </span>
        {chat !== undefined && (
          <span className="note ellipsis">
            <Words text={chat} />
          </span>
        )}
        <span className="found-message__text">
          <Words text={previewOf(message, translator)} />
        </span>
      </span>
    </button>
  );
}
