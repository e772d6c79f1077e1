// Pictures and films as large as the window: larger still by wheel, pinch and keys, the next by swipe and keys.

import { type KeyboardEvent, type ReactNode, useEffect, useLayoutEffect, useRef, useState } from "react";

import { useEngine, useMedia, useNow, useTranslator } from "../../base/context";
import { useModal } from "../../base/Dialog";
import { Icon, type IconName } from "../../base/Icon";
import { whichKey } from "../../base/keys";
import { Words } from "../../base/words";
import { captionOf } from "../caption";
import { Player } from "./Film";
import type { Pictured } from "./pictures";
import { placeholderOf } from "./placeholder";
import { sideFor, usePicture, useTries } from "./source";
import { Stage, type StageHandle } from "./Stage";
import "./Lightbox.css";

export interface LightboxProps {
  /** In their order. */
  readonly items: readonly Pictured[];
  readonly start: string;
  readonly onClose: () => void;
  /** The first of them is near: what is before it may be loaded. */
  readonly onBegin?: () => void;
  /** To the message of the one that is shown. */
  readonly onGo?: (key: string) => void;
}

/** So near the first one what is before it is asked for. */
const NEAR = 2;

export function Lightbox({ items, start, onClose, onBegin, onGo }: LightboxProps) {
  const { t } = useTranslator();
  const modal = useModal(onClose);
  const stage = useRef<StageHandle>(null);
  const [key, setKey] = useState(start);
  // What is shown may be taken away: then what has come in its place.
  const last = useRef(0);
  const found = items.findIndex((each) => each.key === key);
  const [zoomed, setZoomed] = useState(false);
  const at = found;
  const item = items[at];
  useEffect(() => {
    if (found >= 0) {
      last.current = found;
      return;
    }
    const other = items[Math.min(last.current, items.length - 1)];
    if (other === undefined) onClose();
    else queueMicrotask(() => setKey(other.key));
  }, [found, items, onClose]);
  const begins = at >= 0 && at < NEAR;
  useEffect(() => {
    if (begins) onBegin?.();
  }, [begins, onBegin, items]);

  const go = (by: number): void => {
    const to = items[at + by];
    if (to === undefined) return;
    setZoomed(false);
    setKey(to.key);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    // A player's own keys go through it.
    if (event.target instanceof HTMLVideoElement) return;
    const pressed = whichKey(event.nativeEvent, ["previousPicture", "nextPicture", "larger", "smaller", "fitting"]);
    if (pressed === null) return;
    event.preventDefault();
    const way = pressed === "previousPicture" ? -1 : 1;
    if (pressed === "previousPicture" || pressed === "nextPicture") {
      if (zoomed) stage.current?.move(-way);
      else go(way);
    } else if (pressed === "fitting") stage.current?.fit();
    else stage.current?.zoom(pressed === "larger" ? 1 : -1);
  };
  const film = item?.content.is === "attached" && item.content.as === "Video";
  const label = item === undefined ? undefined : t(film ? "media.filmFrom" : "message.imageFrom", { name: item.from });
  return (
    <dialog {...modal} className={zoomed ? "lightbox lightbox--zoomed" : "lightbox"} aria-label={label} onKeyDown={onKeyDown}>
      {item !== undefined && (
        <>
          <Bar item={item} at={at} of={items.length} onClose={onClose} onGo={onGo} />
          <Shown key={item.key} item={item} stage={stage} onZoomed={setZoomed} onSwipe={(way) => (way === "close" ? onClose() : go(way === "next" ? 1 : -1))} onClose={onClose} />
          <Beside items={items} at={at} />
          {!zoomed && <Caption item={item} />}
          <Way icon="back" label={t("media.previous")} hidden={at === 0 || zoomed} onClick={() => go(-1)} />
          <Way icon="forward" label={t("media.next")} hidden={at === items.length - 1 || zoomed} onClick={() => go(1)} />
        </>
      )}
    </dialog>
  );
}

function Way({ icon, label, hidden, onClick }: { icon: IconName; label: string; hidden: boolean; onClick: () => void }) {
  return (
    <button type="button" className={`lightbox__way lightbox__way--${icon}`} aria-label={label} hidden={hidden} onClick={onClick}>
      <Icon name={icon} size={28} />
    </button>
  );
}

function Bar({ item, at, of, onClose, onGo }: { item: Pictured; at: number; of: number; onClose: () => void; onGo: LightboxProps["onGo"] }) {
  const translator = useTranslator();
  const { t } = translator;
  const engine = useEngine();
  const now = useNow();
  const { content } = item;
  const file = content.is === "attached" ? content.file : null;
  return (
    <header className="lightbox__bar">
      <p className="lightbox__who">
        <span className="ellipsis">
          <Words text={item.from} />
        </span>
        <span className="lightbox__when" role="status">
          {item.at !== null && <time dateTime={new Date(item.at).toISOString()}>{`${translator.day(item.at, now)} ${translator.time(item.at)}`}</time>}
          {of > 1 && <span>{t("media.atOf", { at: at + 1, of })}</span>}
        </span>
      </p>
      {onGo !== undefined && (
        <button type="button" className="lightbox__act" aria-label={t("media.show")} title={t("media.show")} onClick={() => onGo(item.key)}>
          <Icon name="chats" size={22} />
        </button>
      )}
      {file !== null && file.file !== null && (
        <a className="lightbox__act" href={engine.downloadUrl(file.file)} download={file.name} aria-label={t("message.download")} title={t("message.download")}>
          <Icon name="download" size={22} />
        </a>
      )}
      {content.is === "image" && (
        <a className="lightbox__link" href={content.url} target="_blank" rel="noopener noreferrer nofollow">
          {t("message.openOriginal")}
        </a>
      )}
      <button type="button" className="lightbox__act" aria-label={t("action.close")} title={t("action.close")} data-begin onClick={onClose}>
        <Icon name="close" size={26} />
      </button>
    </header>
  );
}

function Caption({ item: { message } }: { item: Pictured }) {
  const caption = message === null ? "" : (captionOf(message) ?? "");
  if (caption === "") return null;
  return (
    <p className="lightbox__caption" dir="auto">
      <Words text={caption} />
    </p>
  );
}

interface ShownProps {
  readonly item: Pictured;
  readonly stage: React.RefObject<StageHandle | null>;
  readonly onZoomed: (zoomed: boolean) => void;
  readonly onSwipe: (way: "previous" | "next" | "close") => void;
  readonly onClose: () => void;
}

function Shown({ item, stage, onZoomed, onSwipe, onClose }: ShownProps): ReactNode {
  const { content, message } = item;
  if (content.is === "attached" && content.as === "Video" && content.file.file !== null) {
    return (
      <div className="lightbox__film">
        <Player id={content.file.file} name={content.file.name} className="lightbox__video" />
      </div>
    );
  }
  const props = { stage, onZoomed, onSwipe, onClose, alt: item.from };
  if (content.is === "attached") return <OwnPicture {...props} file={content.file} message={message} />;
  return content.is === "image" ? <UrlPicture {...props} content={content} /> : null;
}

type PictureProps = Omit<ShownProps, "item"> & { readonly alt: string };

function OwnPicture({ file, message, alt, ...props }: PictureProps & { file: (Pictured["content"] & { is: "attached" })["file"]; message: Pictured["message"] }) {
  const { t } = useTranslator();
  const engine = useEngine();
  // Smaller ones stand still.
  const [larger, setLarger] = useState(file.mime === "image/gif");
  const pixels = Math.max(innerWidth, innerHeight) * Math.min(2, devicePixelRatio);
  const fitting = usePicture(message, file, "Image", pixels);
  const whole = file.file !== null && larger ? engine.fileUrl(file.file) : null;
  const { attempt, failed, onError } = useTries();
  if (failed) return <Failed />;
  return (
    <Stage
      {...props}
      key={attempt}
      src={whole ?? fitting}
      size={file.width === null || file.height === null ? null : { width: file.width, height: file.height }}
      placeholder={file.thumbhash === null ? null : placeholderOf(file.thumbhash)}
      alt={t("message.imageFrom", { name: alt })}
      onError={onError}
      onZoomed={(zoomed) => {
        props.onZoomed(zoomed);
        // All of it as soon as somebody looks closely.
        if (zoomed && sideFor(file, pixels) !== null) setLarger(true);
      }}
    />
  );
}

function UrlPicture({ content, alt, ...props }: PictureProps & { content: Pictured["content"] & { is: "image" } }) {
  const { t } = useTranslator();
  const [failed, setFailed] = useState(false);
  if (failed) return <Failed />;
  const { width, height, url } = content;
  return (
    <Stage
      {...props}
      src={url}
      size={width === null || height === null ? null : { width, height }}
      placeholder={null}
      alt={t("message.imageFrom", { name: alt })}
      onError={() => setFailed(true)}
    />
  );
}

function Failed() {
  const { t } = useTranslator();
  return (
    <p className="lightbox__failed" role="alert">
      <Icon name="image" size={34} />
      {t("message.imageFailed")}
    </p>
  );
}

/** What is beside the one that is shown is loaded before somebody goes there. */
function Beside({ items, at }: { items: readonly Pictured[]; at: number }) {
  const engine = useEngine();
  const coarse = useMedia("(max-width: 759px)");
  useLayoutEffect(() => {
    for (const each of [items[at + 1], items[at - 1]]) {
      if (each?.content.is !== "attached" || each.content.as !== "Image" || each.content.file.file === null) continue;
      const { file } = each.content;
      const side = sideFor(file, Math.max(innerWidth, innerHeight) * Math.min(2, devicePixelRatio));
      // A whole picture may be large: on a phone it is waited for.
      if (side !== null || !coarse) new Image().src = engine.fileUrl(each.content.file.file, side ?? undefined);
    }
  }, [engine, items, at, coarse]);
  return null;
}
