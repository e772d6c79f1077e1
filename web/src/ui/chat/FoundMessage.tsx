// A message in a list: who, when, its first words. It leads to its place.

import type { Message } from "../../engine/contract";
import { Avatar } from "../base/Avatar";
import { useEngine, useTranslator } from "../base/context";
import { FoundLines } from "../base/FoundLines";
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
  return (
    <button type="button" className="found-message" onClick={onOpen}>
      <Avatar name={name} address={engine.user(message.uid)?.avatar ?? ""} seed={message.uid} size={38} />
      <FoundLines title={name} note={chat} at={message.at}>
        <Words text={previewOf(message, translator)} />
      </FoundLines>
    </button>
  );
}
