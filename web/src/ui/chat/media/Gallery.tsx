// Beside the chat: its pictures and films, its files, its links and its voice messages, from the newest on.

import { type KeyboardEvent, type ReactNode, useEffect, useMemo, useRef, useState } from "react";

import type { ChatView, GalleryPart, Message } from "../../../engine/contract";
import { attachedIn } from "../../../engine/attached";
import { useEngine, useMe, useNow, useTranslator } from "../../base/context";
import { Icon, type IconName } from "../../base/Icon";
import { whichKey } from "../../base/keys";
import { useLayer } from "../../base/layers";
import { problemText } from "../../base/problems";
import { ChatContext, chatName, hostOf, useVerdict } from "../../base/remote";
import { navigateUp } from "../../base/router";
import { Empty, Loading } from "../../base/small";
import { Words } from "../../base/words";
import { parseContent } from "../content";
import { useDesk } from "../desk";
import { jumpTo } from "../jumping";
import { previewOf } from "../preview";
import { Medium } from "./all";
import { Links } from "./Links";
import { Tile } from "./Picture";
import { addressesIn, PARTS } from "./shared";
import { useGallery } from "./useGallery";
import "../ChatPanel.css";
import "./Gallery.css";

const ICONS = { picture: "image", file: "file", link: "link", voice: "sound" } as const satisfies Record<GalleryPart, IconName>;
const TILE_PX = 108;

export function Gallery({ view, onClose }: { view: ChatView; onClose: () => void }) {
  const { t } = useTranslator();
  const panel = useRef<HTMLElement>(null);
  useLayer(panel, true, { onClose, floats: false, begins: "whole" });
  const [part, setPart] = useState<GalleryPart>("picture");
  const { gid } = view.group;
  return (
    <aside ref={panel} className="panel gallery" aria-label={t("gallery.heading")} tabIndex={-1} data-layer data-scroller>
      <header className="panel__header">
        <button type="button" className="icon-button" aria-label={t("nav.back")} onClick={() => navigateUp({ page: "chat", gid, panel: true })}>
          <Icon name="back" size={24} />
        </button>
        <h2 className="panel__heading gallery__heading">{t("gallery.heading")}</h2>
        <button type="button" className="icon-button" aria-label={t("action.close")} onClick={onClose}>
          <Icon name="close" size={24} />
        </button>
      </header>
      <Tabs part={part} onPart={setPart} />
      <ChatContext value={chatName(view.to.store, gid)}>
        <div id="gallery-part" className="gallery__part" role="tabpanel" aria-labelledby={`gallery-${part}`}>
          <Part key={part} view={view} part={part} onClose={onClose} />
        </div>
      </ChatContext>
    </aside>
  );
}

function Tabs({ part, onPart }: { part: GalleryPart; onPart: (part: GalleryPart) => void }) {
  const { t } = useTranslator();
  const onKeyDown = (event: KeyboardEvent<HTMLElement>): void => {
    const pressed = whichKey(event.nativeEvent, ["left", "right", "first", "last"]);
    if (pressed === null) return;
    event.preventDefault();
    const at = PARTS.indexOf(part);
    const to = pressed === "first" ? 0 : pressed === "last" ? PARTS.length - 1 : (at + (pressed === "left" ? -1 : 1) + PARTS.length) % PARTS.length;
    const next = PARTS[to] ?? part;
    onPart(next);
    event.currentTarget.querySelector<HTMLElement>(`#gallery-${next}`)?.focus();
  };
  return (
    <div className="gallery__tabs" role="tablist" aria-label={t("gallery.heading")} onKeyDown={onKeyDown}>
      {PARTS.map((each) => (
        <button
          key={each}
          id={`gallery-${each}`}
          type="button"
          role="tab"
          className="gallery__tab"
          aria-selected={each === part}
          aria-controls="gallery-part"
          tabIndex={each === part ? 0 : -1}
          onClick={() => onPart(each)}
        >
          {t(`gallery.${each}`)}
        </button>
      ))}
    </div>
  );
}

interface PartProps {
  readonly view: ChatView;
  readonly part: GalleryPart;
  readonly onClose: () => void;
}

function Part({ view, part, onClose }: PartProps) {
  const translator = useTranslator();
  const { t } = translator;
  const { messages, pages, more, problem, load } = useGallery(view, part);
  const months = useMemo(() => (messages === null ? [] : monthsOf(messages, translator.locale)), [messages, translator]);
  if (messages === null && problem === null) return <Loading text={t("app.wait")} />;
  return (
    <>
      {messages?.length === 0 && !more && <Empty icon={ICONS[part]} title={t(`gallery.none.${part}`)} />}
      {months.map(({ name, of }) => (
        <section key={name} className="gallery__month" aria-label={name}>
          <h3 className="gallery__name">{name}</h3>
          {part === "picture" ? <Grid messages={of} all={messages ?? []} /> : <Rows messages={of} part={part} onClose={onClose} />}
        </section>
      ))}
      {problem !== null ? (
        <div className="fault" role="alert">
          <p>{problemText(translator, problem)}</p>
          <button type="button" className="button button--small" onClick={load}>
            {t("action.retry")}
          </button>
        </div>
      ) : (
        more && <End key={pages} onSeen={load} />
      )}
    </>
  );
}

/** What is loaded next as soon as the end is near. */
function End({ onSeen }: { onSeen: () => void }) {
  const { t } = useTranslator();
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (place.current === null) return undefined;
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting === true) onSeen();
      },
      { rootMargin: "600px" },
    );
    observer.observe(place.current);
    return () => observer.disconnect();
  }, [onSeen]);
  return (
    <div ref={place}>
      <Loading text={t("app.wait")} />
    </div>
  );
}

interface Month {
  readonly name: string;
  readonly of: readonly Message[];
}

function monthsOf(messages: readonly Message[], locale: string): readonly Month[] {
  const format = new Intl.DateTimeFormat(locale, { month: "long", year: "numeric" });
  const months = new Map<string, Message[]>();
  for (const message of messages) {
    const name = format.format(message.at);
    const month = months.get(name);
    if (month === undefined) months.set(name, [message]);
    else month.push(message);
  }
  return [...months].map(([name, of]) => ({ name, of }));
}

function Grid({ messages, all }: { messages: readonly Message[]; all: readonly Message[] }) {
  return (
    <ul className="plain gallery__grid">
      {messages.map((message) => (
        <li key={message.key} className="gallery__cell">
          <Cell message={message} all={all} />
        </li>
      ))}
    </ul>
  );
}

function Cell({ message, all }: { message: Message; all: readonly Message[] }) {
  const { t } = useTranslator();
  const translator = useTranslator();
  const desk = useDesk();
  const name = useNameOf(message.uid);
  const file = attachedIn(message.kind, message.content);
  const open = (): void => desk.over.set({ is: "pictures", key: message.key, among: [...all].reverse() });
  const film = message.kind === "Video";
  const label = t(film ? "gallery.filmFrom" : "gallery.pictureFrom", { name, when: translator.date(message.at) });
  if (file === null) return <Elsewhere message={message} label={label} onOpen={open} />;
  return <Tile as={film ? "Video" : "Image"} file={file} from={name} message={message} width={TILE_PX} style={NO_STYLE} className="gallery__tile" label={label} onClick={open} />;
}

const NO_STYLE = {};

/** At an address: of another host it is shown where that is allowed, else it leads to its message, where one may ask for it. */
function Elsewhere({ message, label, onOpen }: { message: Message; label: string; onOpen: () => void }) {
  const translator = useTranslator();
  const desk = useDesk();
  const content = useMemo(() => parseContent(message.kind, message.content), [message]);
  const url = content.is === "image" ? content.url : null;
  const verdict = useVerdict(url, chatName(desk.view.to.store, message.gid));
  const may = verdict === "own" || verdict === "allowed";
  const go = (): void => {
    if (message.seq !== null) void jumpTo(desk, { seq: message.seq }, translator);
  };
  return (
    <button type="button" className="body__picture tile gallery__tile" aria-label={label} onClick={may ? onOpen : go}>
      {may && url !== null ? (
        <img src={url} alt="" loading="lazy" decoding="async" referrerPolicy="no-referrer" draggable={false} />
      ) : (
        <span className="gallery__elsewhere">
          <Icon name={message.kind === "Video" ? "film" : "image"} size={26} />
          {url !== null && <span className="ellipsis">{hostOf(url)}</span>}
        </span>
      )}
    </button>
  );
}

function Rows({ messages, part, onClose }: { messages: readonly Message[]; part: GalleryPart; onClose: () => void }) {
  return (
    <ul className="plain gallery__rows">
      {messages.map((message) => (
        <li key={message.key} className="gallery__row">
          <Row message={message} part={part} onClose={onClose} />
        </li>
      ))}
    </ul>
  );
}

function Row({ message, part, onClose }: { message: Message; part: GalleryPart; onClose: () => void }): ReactNode {
  const translator = useTranslator();
  const { t } = translator;
  const desk = useDesk();
  const now = useNow();
  const name = useNameOf(message.uid);
  const go = (): void => {
    // Between wide and narrow it lies over the chat.
    if (matchMedia("(max-width: 1119px)").matches) onClose();
    if (message.seq !== null) void jumpTo(desk, { seq: message.seq }, translator);
  };
  return (
    <>
      {part === "link" ? <Addresses message={message} /> : <Attachment message={message} name={name} />}
      <button type="button" className="gallery__from" title={t("media.show")} onClick={go}>
        <span className="ellipsis">
          <Words text={name} />
        </span>
        <time dateTime={new Date(message.at).toISOString()}>{translator.brief(message.at, now)}</time>
        <span className="hidden">{t("media.show")}</span>
      </button>
    </>
  );
}

function Attachment({ message, name }: { message: Message; name: string }) {
  const content = useMemo(() => parseContent(message.kind, message.content), [message]);
  if (content.is === "attached" || content.is === "audio" || content.is === "file") return <Medium content={content} from={name} message={message} />;
  return null;
}

function Addresses({ message }: { message: Message }) {
  const translator = useTranslator();
  const known = new Set(message.links.map(({ url }) => url));
  const others = useMemo(() => addressesIn(message), [message]).filter((each) => !known.has(each));
  // In code, say, an address leads nowhere.
  if (message.links.length === 0 && others.length === 0) return <p className="gallery__words">{previewOf(message, translator)}</p>;
  return (
    <>
      <Links links={message.links} />
      {others.map((url) => (
        <a key={url} className="gallery__link" href={url} target="_blank" rel="noopener noreferrer nofollow">
          <Icon name="link" size={18} />
          <span className="ellipsis">{url.replace(/^https?:\/\//, "")}</span>
        </a>
      ))}
    </>
  );
}

function useNameOf(uid: number): string {
  const { t } = useTranslator();
  const engine = useEngine();
  const me = useMe();
  return uid === me.id ? t("chat.you") : (engine.user(uid)?.name ?? t("chat.someone"));
}
