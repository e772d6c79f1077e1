// An open chat: header, log, composer, and the panel beside it.

import { memo, useEffect, useMemo, useRef } from "react";

import type { ChatView } from "../../engine/contract";
import { isolated } from "../../i18n/direction";
import type { Translator } from "../../i18n/translator";
import { Face } from "../base/Avatar";
import { Boundary, Fault } from "../base/Boundary";
import { NARROW, useEngine, useLive, useMedia, useOnline, useTranslator } from "../base/context";
import { Icon } from "../base/Icon";
import { useLayer } from "../base/layers";
import { ChatContext, chatName } from "../base/remote";
import { hrefOf, navigate, navigateBack, navigateUp } from "../base/router";
import { Empty, Loading } from "../base/small";
import { Words } from "../base/words";
import { Composer } from "./Composer";
import { ChatPanel } from "./ChatPanel";
import { MessageList } from "./MessageList";
import { messageLeftAt } from "./leftAt";
import "./ChatPage.css";

/** Mounted anew for each chat. */
export function ChatPage({ gid, panel }: { gid: number; panel: boolean }) {
  const engine = useEngine();
  const { t } = useTranslator();
  const live = useMemo(() => engine.chat(gid), [engine, gid]);
  const view = useLive(live);
  const narrow = useMedia(NARROW);

  // In development, React unmounts and mounts everything once more at once: that is not leaving.
  const open = useRef(false);
  useEffect(() => {
    open.current = true;
    return () => {
      open.current = false;
      queueMicrotask(() => {
        if (!open.current) engine.closed(gid, messageLeftAt(gid));
      });
    };
  }, [engine, gid]);

  // The composer takes the focus where there is one; on leaving, it goes back to the row of the list.
  const chat = useRef<HTMLElement>(null);
  useLayer(chat, view !== null, { onClose: null, floats: false, begins: "itself" });

  if (view === null) {
    return (
      <Empty icon="chats" title={t("chat.missing")} text={t("chat.missingHint")}>
        <a className="button" href={hrefOf({ page: "chats" })}>
          {t("nav.back")}
        </a>
      </Empty>
    );
  }
  // Under the number of a chat of another history stands another chat: nothing half done goes over to it.
  const history = view.to.store === null ? "" : `${view.to.store.id}.${view.to.store.epoch}`;
  const close = (): void => navigateUp({ page: "chat", gid, panel: false });
  const ready = view.messages.length > 0 || view.older === "none" || view.older === "failed";
  return (
    <>
      <section ref={chat} className="chat" aria-label={isolated(view.title)} inert={panel && narrow}>
        <Boundary of={view}>
          <ChatHeader view={view} panel={panel} />
        </Boundary>
        {ready ? (
          <Boundary of={view}>
            <ChatContext value={chatName(view.to.store, gid)}>
              <MessageList view={view} active={!(panel && narrow)} />
            </ChatContext>
          </Boundary>
        ) : (
          <div className="chat__loading">
            <LoadOlder view={view} />
            <Loading text={t("chat.loading")} />
          </div>
        )}
        {view.member ? (
          <Boundary>
            <Composer key={history} gid={gid} title={view.title} draft={view.draft} to={view.to} />
          </Boundary>
        ) : (
          <p className="composer__left">{t("chat.left")}</p>
        )}
      </section>
      {panel && (
        <Boundary fallback={(retry) => <PanelFault onRetry={retry} onClose={close} />}>
          <ChatPanel key={history} view={view} onClose={close} />
        </Boundary>
      )}
    </>
  );
}

function PanelFault({ onRetry, onClose }: { onRetry: () => void; onClose: () => void }) {
  const { t } = useTranslator();
  return (
    <aside className="panel" aria-label={t("panel.title")}>
      <header className="panel__header">
        <button type="button" className="icon-button" aria-label={t("action.close")} onClick={onClose}>
          <Icon name="close" size={24} />
        </button>
      </header>
      <Fault onRetry={onRetry} />
    </aside>
  );
}

/** A chat of which nothing is here yet asks for its newest messages. */
function LoadOlder({ view }: { view: ChatView }) {
  const engine = useEngine();
  const { gid } = view.group;
  const wanted = view.older === "some";
  useEffect(() => {
    if (wanted) engine.loadOlder(gid);
  }, [engine, gid, wanted]);
  return null;
}

interface HeaderProps {
  readonly view: ChatView;
  readonly panel: boolean;
}

const ChatHeader = memo(
  function ChatHeader({ view, panel }: HeaderProps) {
    const { t } = useTranslator();
    const online = useOnline(view.partner);
    const { gid } = view.group;
    const toggle = (): void => {
      if (panel) navigateUp({ page: "chat", gid, panel: false });
      else navigate({ page: "chat", gid, panel: true });
    };
    return (
      <header className="chat__header">
        <button
          type="button"
          className="icon-button chat__back"
          aria-label={t("nav.back")}
          onClick={() => navigateBack({ page: "chats" })}
        >
          <Icon name="back" size={26} />
        </button>
        <h1 className="hidden">
          <Words text={view.title || t("chats.untitled")} />
        </h1>
        <button type="button" className="chat__about" aria-expanded={panel} onClick={toggle}>
          <Face name={view.title} address={view.avatar} seed={view.avatarSeed} size={40} online={online} />
          <span className="chat__names">
            <span className="chat__title ellipsis">
              <Words text={view.title || t("chats.untitled")} />
            </span>
            <span className="chat__subtitle ellipsis">
              {online ? <span className="online">{t("presence.online")}</span> : subtitleOf(view, t)}
            </span>
          </span>
        </button>
        <button
          type="button"
          className="icon-button"
          aria-label={t("chat.info")}
          title={t("chat.info")}
          aria-pressed={panel}
          onClick={toggle}
        >
          <Icon name="info" size={24} />
        </button>
      </header>
    );
  },
  (before, after) =>
    before.panel === after.panel &&
    before.view.group === after.view.group &&
    before.view.title === after.view.title &&
    before.view.avatar === after.view.avatar &&
    before.view.members === after.view.members &&
    before.view.count === after.view.count,
);

/** Who it is, or how many. */
function subtitleOf({ members, count, partner, group }: ChatView, t: Translator["t"]): string {
  if (!group.single) return count === null ? "" : t("chat.members", { count });
  const account = members.find(({ user }) => user.id === partner)?.user.account;
  return account === undefined ? "" : isolated(`@${account}`);
}
