// Beside the chat: a message and all that answers it, directly or not. They are in the chat as well; nothing is counted here.

import { useCallback, useEffect, useMemo, useRef } from "react";

import type { ChatView, Message } from "../../../engine/contract";
import { useAsked } from "../../base/asked";
import { NARROW, useEngine, useLive, useMe, useTranslator } from "../../base/context";
import { Icon } from "../../base/Icon";
import { useLayer } from "../../base/layers";
import { Loading } from "../../base/small";
import { useDesk } from "../desk";
import { jumpTo } from "../jumping";
import { FoundMessage } from "../FoundMessage";
import "./dialogs.css";

export function Thread({ message, view, onClose }: { message: Message; view: ChatView; onClose: () => void }) {
  const desk = useDesk();
  const engine = useEngine();
  const me = useMe();
  const translator = useTranslator();
  const { t } = translator;
  const { gid, key } = message;
  const panel = useRef<HTMLElement>(null);
  useLayer(panel, true, { onClose, floats: false, begins: "whole" });
  const asked = useAsked(useCallback(() => engine.replies(gid, key), [engine, gid, key]));

  // What is answered meanwhile is in the chat: it is asked for again when there is something new of it.
  const { messages } = view;
  const known = useMemo(() => asked.value?.map(({ message: each }) => each) ?? [], [asked.value]);
  const ids = new Set([message, ...known].map(({ id }) => id));
  const missing = messages.findLast((each) => each.id !== null && each.replyTo !== null && ids.has(each.replyTo) && !ids.has(each.id))?.id ?? null;
  const { ask } = asked;
  useEffect(() => {
    if (missing !== null) ask();
  }, [missing, ask]);

  const nameOf = (uid: number): string => (uid === me.id ? me.name : (engine.user(uid)?.name ?? t("chat.someone")));
  const listed = useLive(engine.listed);
  const now = (each: Message): Message => messages.find(({ key: name }) => name === each.key) ?? listed(gid, each.key) ?? each;
  /** On a narrow screen it lies over the chat. */
  const leave = (): void => {
    if (matchMedia(NARROW).matches) onClose();
  };
  const open = (each: Message): void => {
    leave();
    if (each.id !== null) void jumpTo(desk, { id: each.id }, translator);
  };
  return (
    <aside ref={panel} className="panel" aria-label={t("thread.title")} tabIndex={-1} data-layer data-scroller>
      <header className="panel__header">
        <button type="button" className="icon-button" aria-label={t("action.close")} onClick={onClose}>
          <Icon name="close" size={24} />
        </button>
        <h2 className="panel__heading">{t("thread.title")}</h2>
      </header>
      <div className="thread">
        <FoundMessage message={now(message)} name={nameOf(message.uid)} onOpen={() => open(message)} />
        {asked.problem !== null && (
          <div className="fault" role="alert">
            <p>{asked.problem}</p>
            <button type="button" className="button button--small" onClick={ask}>
              {t("action.retry")}
            </button>
          </div>
        )}
        {asked.value === null && asked.problem === null && <Loading text={t("app.wait")} />}
        {asked.value !== null && <p className="thread__count">{t("thread.count", { count: known.length })}</p>}
        <ul className="plain found-list">
          {known.map((each) => (
            <li key={each.key} className="found-list__one">
              <FoundMessage message={now(each)} name={nameOf(each.uid)} onOpen={() => open(each)} />
            </li>
          ))}
        </ul>
        {view.member && now(message).recalled === null && (
          <button
            type="button"
            className="button button--small button--outline"
            onClick={() => {
              leave();
              desk.reply(message);
            }}
          >
            <Icon name="reply" size={18} />
            {t("act.reply")}
          </button>
        )}
      </div>
    </aside>
  );
}
