// The pictures and films of a chat, from the one that was opened to all others: those that are loaded, and before these the older
// ones as the server has them.

import { useCallback, useContext, useMemo, useRef, useState } from "react";

import type { ChatView, Message } from "../../../engine/contract";
import { useEngine, useMe, useTranslator } from "../../base/context";
import { ChatContext, chatName, useRemote } from "../../base/remote";
import { useDesk } from "../desk";
import { jumpTo } from "../jumping";
import { Lightbox } from "./Lightbox";
import { picturesIn } from "./pictures";

export interface ChatPicturesProps {
  readonly view: ChatView;
  readonly start: string;
  /** Others than those of the chat as it is loaded: in their order. */
  readonly among: readonly Message[] | null;
  readonly onClose: () => void;
}

export function ChatPictures({ view, start, among, onClose }: ChatPicturesProps) {
  const desk = useDesk();
  const engine = useEngine();
  const me = useMe();
  const remote = useRemote();
  const translator = useTranslator();
  const { gid } = view.group;
  const chat = useContext(ChatContext) ?? chatName(view.to.store, gid);
  const [older, setOlder] = useState<readonly Message[]>([]);
  /** Whether there may be more before these. */
  const more = useRef(true);
  const asking = useRef(false);
  const known = among ?? view.messages;
  const messages = useMemo(() => {
    const first = known.find(({ seq }) => seq !== null)?.seq ?? Infinity;
    return [...older.filter(({ seq }) => seq !== null && seq < first), ...known];
  }, [older, known]);
  const items = useMemo(() => {
    const nameOf = (uid: number): string => (uid === me.id ? translator.t("chat.you") : (engine.user(uid)?.name ?? translator.t("chat.someone")));
    return picturesIn(messages, nameOf, (url) => remote.verdict(url, chat));
  }, [messages, me.id, engine, remote, chat, translator]);

  // Also past those that are not shown.
  const firstSeq = older[0]?.seq ?? items[0]?.message?.seq ?? null;
  const onBegin = useCallback(() => {
    if (asking.current || !more.current || firstSeq === null) return;
    asking.current = true;
    void engine.gallery(gid, "picture", firstSeq).then((outcome) => {
      asking.current = false;
      if (!outcome.ok) return;
      more.current = outcome.value.more;
      const found = outcome.value.found.map(({ message }) => message).reverse();
      if (found.length === 0) more.current = false;
      else setOlder((before) => [...found, ...before]);
    });
  }, [engine, gid, firstSeq]);
  const onGo = (key: string): void => {
    onClose();
    const seq = messages.find((each) => each.key === key)?.seq ?? null;
    if (seq !== null) void jumpTo(desk, { seq }, translator);
  };
  return <Lightbox items={items} start={start} onClose={onClose} onBegin={onBegin} onGo={onGo} />;
}
