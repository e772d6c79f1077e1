// An open chat: header, log, composer, and the panel beside it.

import { memo, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";

import type { ChatView, Engine, Message, User } from "../../engine/contract";
import { isolated } from "../../i18n/direction";
import type { Translator } from "../../i18n/translator";
import { Face } from "../base/Avatar";
import { Boundary, Fault } from "../base/Boundary";
import { chunk } from "../base/chunk";
import { NARROW, useEngine, useLive, useMe, useMedia, useOnline, useTranslator } from "../base/context";
import { Icon } from "../base/Icon";
import { useLayer } from "../base/layers";
import { ChatContext, chatName } from "../base/remote";
import { hrefOf, navigate, navigateBack, navigateUp } from "../base/router";
import { Empty, Loading } from "../base/small";
import { Words } from "../base/words";
import { Attaching } from "./attach";
import { Composer } from "./Composer";
import { Desk, DeskContext, useDesk, useOf } from "./desk";
import { DeskDialogs, Thread } from "./dialogs";
import { MessageList } from "./MessageList";
import { jumpTo } from "./jumping";
import { messageLeftAt } from "./leftAt";
import { ScheduledBar } from "./ScheduledBar";
import { typingText } from "./typing";
import { useNameable } from "./writing/nameable";
import "./ChatPage.css";

// Not needed for the first sight of a chat.
const PinBar = chunk<{ readonly pins: readonly Message[] }>(() => import("./PinBar").then(({ PinBar }) => PinBar), <div className="chat-bar" />, () => null);
const ChosenBar = chunk(() => import("./ChosenBar").then(({ ChosenBar }) => ChosenBar));
const ChatPanel = chunk(
  () => import("./ChatPanel").then(({ ChatPanel }) => ChatPanel),
  null,
  (retry, { onClose }) => <PanelFault onRetry={retry} onClose={onClose} />,
);

const loadFindBar = async () => (await import("./FindBar")).FindBar;
const FindBar = chunk(loadFindBar);

const Gallery = chunk(
  () => import("./media/Gallery").then(({ Gallery }) => Gallery),
  null,
  (retry, { onClose }) => <PanelFault onRetry={retry} onClose={onClose} />,
);

export interface ChatPageProps {
  readonly gid: number;
  readonly panel: boolean | "media";
  /** The message to go to; once, as the address is that of the chat from then on. */
  readonly seq?: number | null;
  /** It was opened from what was found: Esc leads back there. */
  readonly found?: boolean;
}

/** Mounted anew for each chat. */
export function ChatPage({ gid, panel, seq = null, found = false }: ChatPageProps) {
  const engine = useEngine();
  const { t } = useTranslator();
  const live = useMemo(() => engine.chat(gid), [engine, gid]);
  const view = useLive(live);

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

  if (view === null) {
    return (
      <Empty icon="chats" title={t("chat.missing")} text={t("chat.missingHint")}>
        <a className="button button--outline" href={hrefOf({ page: "chats" })}>
          {t("nav.back")}
        </a>
      </Empty>
    );
  }
  return <OpenChat view={view} panel={panel} seq={seq} found={found} />;
}

function OpenChat({ view, panel, seq, found }: Required<Omit<ChatPageProps, "gid">> & { readonly view: ChatView }) {
  const engine = useEngine();
  const me = useMe();
  const translator = useTranslator();
  const { t } = translator;
  const narrow = useMedia(NARROW);
  const { gid } = view.group;
  // The composer takes the focus where there is one; on leaving, it goes back to the row of the list.
  const chat = useRef<HTMLElement>(null);
  useLayer(chat, true, { onClose: found ? () => navigateUp({ page: "search" }) : null, floats: false, begins: "itself" });
  // Under the number of a chat of another history stands another chat: nothing half done goes over to it.
  const history = view.to.store === null ? "" : `${view.to.store.id}.${view.to.store.epoch}`;
  const desk = useDeskOf(engine, me, view, history);
  useEffect(() => {
    if (seq === null) return;
    void jumpTo(desk, { seq }, translator);
    navigate({ page: "chat", gid, panel: false }, "replace");
  }, [desk, gid, seq, translator]);
  // What was recalled is not shown any longer, wherever it was opened.
  const { messages } = view;
  useEffect(() => desk.forgetRecalled(messages), [desk, messages]);
  const thread = useLive(desk.thread);
  const finding = useLive(desk.finding);
  const searches = useLive(engine.searches);
  // What is typed right behind its key is for it.
  useEffect(() => {
    if (searches) loadFindBar().catch(() => undefined);
  }, [searches]);
  const covered = narrow && (panel !== false || thread !== null);
  const close = (): void => navigateUp({ page: "chat", gid, panel: false });
  const ready = view.messages.length > 0 || view.older === "none" || view.older === "failed";
  return (
    <DeskContext value={desk}>
      <section ref={chat} className="chat" aria-label={isolated(view.title)} inert={covered}>
        <Boundary of={view}>
          <ChatHeader view={view} panel={panel !== false} />
          {finding && <FindBar view={view} />}
          {view.pins !== null && view.pins.length > 0 && <PinBar pins={view.pins} />}
        </Boundary>
        {ready ? (
          <Boundary of={view}>
            <ChatContext value={chatName(view.to.store, gid)}>
              <MessageList view={view} active={!covered} />
            </ChatContext>
          </Boundary>
        ) : (
          <div className="chat__loading">
            <LoadOlder view={view} />
            <Loading text={t("chat.loading")} />
          </div>
        )}
        <Boundary>
          <Writing key={history} view={view} />
        </Boundary>
      </section>
      {thread !== null ? (
        <Boundary fallback={(retry) => <PanelFault onRetry={retry} onClose={() => desk.thread.set(null)} />}>
          <Thread key={thread.key} message={thread} view={view} onClose={() => desk.thread.set(null)} />
        </Boundary>
      ) : panel === "media" ? (
        <Gallery key={history} view={view} onClose={close} />
      ) : (
        panel && <ChatPanel key={history} view={view} onClose={close} />
      )}
      <DeskDialogs view={view} />
      <Attaching view={view} />
    </DeskContext>
  );
}

/** One for each history of the chat, which knows the chat as it is drawn. */
function useDeskOf(engine: Engine, me: User, view: ChatView, history: string): Desk {
  const [made, make] = useState(() => ({ desk: new Desk(engine, me, view), history }));
  let { desk } = made;
  if (made.history !== history) {
    desk = new Desk(engine, me, view);
    make({ desk, history });
  }
  useLayoutEffect(() => desk.draws(view), [desk, view]);
  return desk;
}

/** Below the messages: where one writes, or what can be done with those that are chosen. */
function Writing({ view }: { view: ChatView }) {
  const desk = useDesk();
  const { t } = useTranslator();
  const choosing = useOf(desk.chosen, (chosen) => chosen !== null);
  if (choosing) return <ChosenBar view={view} />;
  return (
    <>
      <ScheduledBar gid={view.group.gid} />
      {view.member ? <Written view={view} /> : <p className="composer__left">{t("chat.left")}</p>}
    </>
  );
}

function Written({ view }: { view: ChatView }) {
  const { group, title, draft, to, draftReply, messages, quotes } = view;
  const nameable = useNameable(view);
  const answered = useMemo(
    () => (draftReply === null ? undefined : (messages.find(({ id }) => id === draftReply) ?? quotes.get(draftReply))),
    [draftReply, messages, quotes],
  );
  return <Composer gid={group.gid} title={title} draft={draft} to={to} replyTo={draftReply} answered={answered} nameable={nameable} />;
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
    const translator = useTranslator();
    const { t } = translator;
    const online = useOnline(view.partner);
    const desk = useDesk();
    const searches = useLive(useEngine().searches);
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
              {view.typing.length > 0 ? (
                <span className="chat__typing">{typingText(view.typing, view.group.single, translator)}</span>
              ) : online ? (
                <span className="online">{t("presence.online")}</span>
              ) : (
                subtitleOf(view, t)
              )}
            </span>
          </span>
        </button>
        {searches && (
          <button type="button" className="icon-button chat__find" aria-label={t("find.open")} title={t("find.open")} onClick={() => desk.finding.set(true)}>
            <Icon name="search" />
          </button>
        )}
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
    before.view.typing === after.view.typing &&
    before.view.count === after.view.count,
);

/** Who it is, or how many. */
function subtitleOf({ members, count, partner, group }: ChatView, t: Translator["t"]): string {
  if (!group.single) return count === null ? "" : t("chat.members", { count });
  const account = members.find(({ user }) => user.id === partner)?.user.account;
  return account === undefined ? "" : isolated(`@${account}`);
}
