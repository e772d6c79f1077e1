// What a message says, by its kind.

import { memo, type ReactNode, type RefCallback, useContext, useLayoutEffect, useMemo, useRef, useState } from "react";

import type { MessageKind } from "../../engine/contract";
import { plainly } from "../../i18n/direction";
import { useDo } from "../base/actions";
import { Avatar } from "../base/Avatar";
import { Boundary, Fault } from "../base/Boundary";
import { chunk } from "../base/chunk";
import { NARROW, useEngine, useMedia, useTranslator } from "../base/context";
import { Dialog } from "../base/Dialog";
import { Icon, type IconName } from "../base/Icon";
import { ChatContext, hostOf, useVerdict } from "../base/remote";
import { navigate } from "../base/router";
import { Words } from "../base/words";
import { captionOf } from "./caption";
import { ATTACHED, type Content, parseContent } from "./content";
import { FOLDED_LINES, lineWidth, unfolded } from "./folding";
import { Markup } from "./Markup";
import { type Tree, treeOf } from "./markup";
import { cut } from "./markup/cut";
import { type Named, withMentions } from "./mentions";
import { MergedCard } from "./message/Merged";
import { RemoteMedia } from "./RemoteMedia";
import "./MessageBody.css";

// Not needed for the first sight of a chat.
const Lightbox = chunk(
  () => import("./Lightbox").then(({ Lightbox }) => Lightbox),
  null,
  (retry, { alt, onClose }) => (
    <Dialog title={alt} onClose={onClose}>
      <Fault onRetry={retry} />
    </Dialog>
  ),
);

export interface MessageBodyProps {
  readonly kind: MessageKind;
  readonly content: string;
  readonly from: string;
  /** Of the message, for what is remembered of it: whether it was unfolded. */
  readonly id: string;
  /** Who is mentioned in it. */
  readonly people?: readonly Named[];
  /** Opens a card of several messages. */
  readonly onMerged?: () => void;
}

const NOBODY: readonly Named[] = [];

/** What cannot be shown as it was meant is shown as it was written. */
export function MessageBody(props: MessageBodyProps) {
  return (
    <Boundary of={props.content} fallback={() => <Source content={props.content} />}>
      <Meant {...props} />
    </Boundary>
  );
}

const MOST_OF_SOURCE = 2000;

export function Source({ content }: { content: string }) {
  const { t } = useTranslator();
  return (
    <div className="body__source">
      <p className="body__unreadable">
        <Icon name="alert" size={18} />
        {t("fault.message")}
      </p>
      <p className="body__text" dir="auto">
        {plainly(content.slice(0, MOST_OF_SOURCE))}
        {content.length > MOST_OF_SOURCE && "…"}
      </p>
    </div>
  );
}

/** Media, with what is written below them. */
function Meant(props: MessageBodyProps) {
  const { kind, content, id, people = NOBODY } = props;
  const caption = useMemo(() => captionOf({ kind, content }) ?? "", [kind, content]);
  if (caption === "") return <Bare {...props} />;
  return (
    <>
      <Bare {...props} />
      <div className="body__caption">
        <TextBody tree={treeOf("Text", caption)} id={id} people={people} />
      </div>
    </>
  );
}

const Bare = memo(function Bare({ kind, content: source, from, id, people = NOBODY, onMerged }: MessageBodyProps) {
  const { t } = useTranslator();
  const content = useMemo(() => parseContent(kind, source), [kind, source]);
  switch (content.is) {
    case "text":
      return <TextBody tree={treeOf("Text", content.text)} id={id} people={people} />;
    case "rich":
      return <TextBody tree={treeOf("RichText", content.source)} id={id} people={people} />;
    case "attached":
      return <AttachedCard content={content} />;
    case "image":
      return <Picture content={content} from={from} />;
    case "audio":
      return <Sound content={content} from={from} />;
    case "video":
      return <Film content={content} from={from} />;
    case "file":
      return <FileCard content={content} />;
    case "location":
      return <LocationCard content={content} />;
    case "card":
      return <PersonCard content={content} />;
    case "custom":
      return <CustomCard source={content.source} />;
    case "merged":
      return <MergedCard content={content} onOpen={onMerged} />;
    case "damaged":
    case "unreadable":
      return (
        <p className="body__unreadable">
          <Icon name="alert" size={18} />
          {t(`message.${content.is}`)}
        </p>
      );
  }
});

/** What was written; of much, the beginning, until one asks for the rest. */
function TextBody({ tree: bare, id, people }: { tree: Tree; id: string; people: readonly Named[] }) {
  const tree = useMemo(() => withMentions(bare, people), [bare, people]);
  const { t } = useTranslator();
  const narrow = useMedia(NARROW);
  const beginning = useMemo(() => cut(tree, FOLDED_LINES, lineWidth(narrow)), [tree, narrow]);
  const [open, setOpen] = useState(() => unfolded.has(id));
  const button = useRef<HTMLButtonElement>(null);
  const clicked = useRef(false);
  useLayoutEffect(() => {
    if (!clicked.current) return;
    clicked.current = false;
    // Folded again, the message is where it was read to its end, not screens above.
    if (!open) button.current?.closest("article")?.scrollIntoView({ block: "nearest" });
  }, [open]);
  if (beginning === null) return <Markup tree={tree} />;
  const toggle = (): void => {
    if (open) unfolded.delete(id);
    else unfolded.add(id);
    clicked.current = true;
    setOpen(!open);
  };
  return (
    <div className="body__folding">
      <Markup tree={open ? tree : beginning} />
      <button ref={button} type="button" className="body__fold" aria-expanded={open} onClick={toggle}>
        {open ? t("message.showLess") : t("message.showMore")}
      </button>
    </div>
  );
}

// The box is as high before the picture is there as with it: nothing jumps.
const BOX = { width: 320, height: 240, tallest: 380 } as const;
/** So large at least is the box of what lies on another host: it has room for the question whether to load it. */
const REMOTE_BOX = { width: 236, height: 164 } as const;

function Sound({ content: { url, size }, from }: { content: Content & { is: "audio" }; from: string }) {
  const translator = useTranslator();
  const remote = hostOf(url) !== null;
  const facts = size === null ? "" : translator.bytes(size);
  return (
    <RemoteMedia what="audio" url={url} from={from} facts={facts} className="remote--audio">
      {(focus) => (
        <div className={remote ? "body__remote-audio" : undefined}>
          <audio
            ref={focus}
            className="body__audio"
            controls
            preload={remote ? "metadata" : "none"}
            src={url}
            aria-label={translator.t("message.audio")}
          />
        </div>
      )}
    </RemoteMedia>
  );
}

function Film({ content: { url, poster, ratio, size }, from }: { content: Content & { is: "video" }; from: string }) {
  const translator = useTranslator();
  const chat = useContext(ChatContext);
  const host = hostOf(url);
  const verdict = useVerdict(poster, chat);
  // Whoever allows a film has allowed its host, and no other.
  const shown = poster !== null && (verdict === "own" || verdict === "allowed" || hostOf(poster) === host);
  const style = useMemo(() => {
    const height = Math.min(BOX.tallest, BOX.width / ratio);
    return { width: BOX.width, aspectRatio: BOX.width / (host === null ? height : Math.max(REMOTE_BOX.height, height)) };
  }, [ratio, host]);
  return (
    <RemoteMedia
      what="video"
      url={url}
      from={from}
      facts={size === null ? "" : translator.bytes(size)}
      className="body__video"
      style={style}
    >
      {(focus) => (
        <video
          ref={focus}
          className="body__video"
          style={style}
          controls
          preload={host === null ? "none" : "metadata"}
          playsInline
          src={url}
          poster={shown ? poster : undefined}
          aria-label={translator.t("message.video")}
        />
      )}
    </RemoteMedia>
  );
}

function Picture({ content, from }: { content: Content & { is: "image" }; from: string }) {
  const translator = useTranslator();
  const { width, height, size } = content;
  const remote = hostOf(content.url) !== null;
  const style = useMemo(() => boxOf(content, remote), [content, remote]);
  const facts: string[] = [];
  if (width !== null && height !== null) facts.push(`${translator.number(width)} × ${translator.number(height)}`);
  if (size !== null) facts.push(translator.bytes(size));
  return (
    <RemoteMedia what="picture" url={content.url} from={from} facts={facts.join(" · ")} className="body__picture" style={style}>
      {(focus) => <Loaded content={content} from={from} style={style} whole={remote} focus={focus} />}
    </RemoteMedia>
  );
}

interface LoadedProps {
  readonly content: Content & { is: "image" };
  readonly from: string;
  readonly style: { readonly width: number; readonly aspectRatio: number };
  /** In a box that is not of its shape it is not cut. */
  readonly whole: boolean;
  readonly focus: RefCallback<HTMLElement>;
}

function Loaded({ content, from, style, whole, focus }: LoadedProps) {
  const { t } = useTranslator();
  const [state, setState] = useState<"loading" | "shown" | "failed">("loading");
  const [open, setOpen] = useState(false);
  if (state === "failed") {
    return (
      <div className="body__picture body__picture--failed" style={style}>
        <Icon name="image" size={30} />
        <span>{t("message.imageFailed")}</span>
        <a href={content.url} target="_blank" rel="noopener noreferrer nofollow">
          {t("message.openOriginal")}
        </a>
      </div>
    );
  }
  return (
    <>
      <button
        ref={focus}
        type="button"
        className={`body__picture body__picture--${state}${whole ? " body__picture--whole" : ""}`}
        style={style}
        aria-label={t("message.openImage")}
        onClick={() => setOpen(true)}
      >
        <img
          src={content.url}
          alt={t("message.imageFrom", { name: from })}
          loading="lazy"
          decoding="async"
          referrerPolicy="no-referrer"
          onLoad={() => setState("shown")}
          onError={() => setState("failed")}
        />
      </button>
      {open && (
        <Lightbox url={content.url} alt={t("message.imageFrom", { name: from })} onClose={() => setOpen(false)} />
      )}
    </>
  );
}

function boxOf(content: Content & { is: "image" }, remote: boolean): { width: number; aspectRatio: number } {
  const box = boxOfPicture(content);
  if (!remote) return box;
  const width = Math.max(REMOTE_BOX.width, box.width);
  return { width, aspectRatio: width / Math.max(REMOTE_BOX.height, box.width / box.aspectRatio) };
}

function boxOfPicture({ width, height }: Content & { is: "image" }): { width: number; aspectRatio: number } {
  if (width === null || height === null || width < 1 || height < 1) {
    return { width: BOX.width, aspectRatio: BOX.width / BOX.height };
  }
  // Very wide and very high ones are cut; the light box shows them whole.
  const ratio = Math.min(3, Math.max(0.5, width / height));
  return { width: Math.max(120, Math.min(BOX.width, width, BOX.tallest * ratio)), aspectRatio: ratio };
}

function Card({ icon, title, note, children }: { icon: IconName; title: string; note?: string; children?: ReactNode }) {
  return (
    <div className="card">
      <span className="card__icon">
        <Icon name={icon} size={24} />
      </span>
      <div className="card__text">
        <p className="card__title">
          <Words text={title} />
        </p>
        {note !== undefined && note !== "" && (
          <p className="card__note">
            <Words text={note} />
          </p>
        )}
        {children}
      </div>
    </div>
  );
}

function FileCard({ content }: { content: Content & { is: "file" } }) {
  const translator = useTranslator();
  const { t } = translator;
  return (
    <Card
      icon="file"
      title={content.name === "" ? t("message.file") : content.name}
      note={content.size === null ? "" : translator.bytes(content.size)}
    >
      <a className="card__link" href={content.url} target="_blank" rel="noopener noreferrer nofollow" download>
        {t("message.download")}
      </a>
    </Card>
  );
}

function AttachedCard({ content: { as, file } }: { content: Content & { is: "attached" } }) {
  const engine = useEngine();
  const translator = useTranslator();
  const { t } = translator;
  return (
    <Card
      icon="file"
      title={file.name === "" ? t(`message.${ATTACHED[as]}`) : file.name}
      note={file.sizeBytes === null ? "" : translator.bytes(file.sizeBytes)}
    >
      {file.file !== null && (
        <a className="card__link" href={engine.downloadUrl(file.file)} target="_blank" rel="noopener" download={file.name}>
          {t("message.download")}
        </a>
      )}
    </Card>
  );
}

function LocationCard({ content }: { content: Content & { is: "location" } }) {
  const { t } = useTranslator();
  const { latitude, longitude } = content;
  const coordinates = `${latitude.toFixed(5)}, ${longitude.toFixed(5)}`;
  const title = content.name === "" ? t("message.location") : content.name;
  return (
    <Card icon="pin" title={title} note={content.address === "" ? coordinates : content.address}>
      <a
        className="card__link"
        href={`https://www.openstreetmap.org/?mlat=${latitude}&mlon=${longitude}#map=16/${latitude}/${longitude}`}
        target="_blank"
        rel="noopener noreferrer nofollow"
      >
        {t("message.openMap")}
      </a>
    </Card>
  );
}

function PersonCard({ content }: { content: Content & { is: "card" } }) {
  const { t } = useTranslator();
  const chat = useContext(ChatContext);
  const engine = useEngine();
  const run = useDo();
  const name = content.name === "" ? t("chat.someone") : content.name;
  const write = async (): Promise<void> => {
    const outcome = await run(() => engine.openSingle(content.uid));
    if (outcome?.ok === true) navigate({ page: "chat", gid: outcome.value, panel: false });
  };
  return (
    <div className="card">
      <Avatar name={name} address={content.avatar} seed={content.uid} size={44} chat={chat} />
      <div className="card__text">
        <p className="card__title">
          <Words text={name} />
        </p>
        <p className="card__note">{t("message.card")}</p>
        {engine.relation(content.uid) !== "self" && (
          <button type="button" className="card__link" onClick={() => void write()}>
            {t("message.writeTo")}
          </button>
        )}
      </div>
    </div>
  );
}

function CustomCard({ source }: { source: string }) {
  const { t } = useTranslator();
  return (
    <Card icon="puzzle" title={t("message.custom")}>
      <code className="card__source">{plainly(source.slice(0, 400))}</code>
    </Card>
  );
}
