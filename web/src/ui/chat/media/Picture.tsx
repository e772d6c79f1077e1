// A picture or film of this server: in its place from the first moment, as its thumbhash until it is there.

import { type CSSProperties, type ReactNode, useMemo, useState } from "react";

import type { Attached, Message } from "../../../engine/contract";
import { useTranslator } from "../../base/context";
import { Icon } from "../../base/Icon";
import { pictureBox } from "./box";
import { clockTime } from "./clock";
import { useOpener } from "./opener";
import { placeholderOf } from "./placeholder";
import { isAnimated, usePicture, useTries } from "./source";

export interface AttachedProps {
  readonly file: Attached;
  readonly from: string;
  readonly message: Message | null;
}

export function AttachedPicture({ file, from, message }: AttachedProps) {
  const { t } = useTranslator();
  const box = useMemo(() => pictureBox(file.width, file.height, false), [file]);
  const { open, opened } = useOpener({ is: "attached", as: "Image", file }, message, from);
  return (
    <>
      <Tile as="Image" file={file} from={from} message={message} width={box.width} style={box} label={t("message.openImage")} onClick={open} />
      {opened}
    </>
  );
}

export interface TileProps extends AttachedProps {
  readonly as: "Image" | "Video";
  /** Of the longer side, in pixels of the page. */
  readonly width: number;
  readonly style: CSSProperties;
  readonly label: string;
  readonly onClick: () => void;
  readonly className?: string;
  /** The key of its message, where that is not the one of the row. */
  readonly of?: string;
}

export function Tile({ as, file, from, message, width, style, label, onClick, className = "", of }: TileProps) {
  const { t } = useTranslator();
  const pixels = Math.round(width * Math.min(3, devicePixelRatio) * Math.max(1, (file.height ?? 1) / (file.width ?? 1)));
  const src = usePicture(message, file, as, pixels);
  const { attempt, failed, onError } = useTries();
  const [shown, setShown] = useState(false);
  const hash = file.thumbhash === null ? null : placeholderOf(file.thumbhash);
  const marks = marksOf(as, file);
  const state = failed ? "failed" : shown ? "shown" : "loading";
  return (
    <button
      type="button"
      className={`body__picture tile body__picture--${state} ${className}`}
      style={hash === null ? style : { ...style, backgroundImage: `url("${hash}")` }}
      aria-label={marks.length === 0 ? label : `${label}, ${marks.join(", ")}`}
      data-of={of}
      onClick={onClick}
    >
      {src !== null && !failed && (
        <img
          key={attempt}
          src={src}
          alt={as === "Image" ? t("message.imageFrom", { name: from }) : ""}
          loading="lazy"
          decoding="async"
          draggable={false}
          onLoad={() => setShown(true)}
          onError={onError}
        />
      )}
      {failed && as === "Image" && <Failed />}
      {as === "Video" && file.file !== null && (
        <span className="tile__play">
          <Icon name="play" size={30} />
        </span>
      )}
      {marks.map((mark) => (
        <span key={mark} className="tile__mark">
          {mark}
        </span>
      ))}
    </button>
  );
}

function Failed(): ReactNode {
  const { t } = useTranslator();
  return (
    <span className="tile__failed">
      <Icon name="image" size={26} />
      <span>{t("message.imageFailed")}</span>
    </span>
  );
}

/** What is written on it: how long it is, or that it would move. */
function marksOf(as: "Image" | "Video", file: Attached): readonly string[] {
  if (as === "Video") return file.durationMs === null ? [] : [clockTime(file.durationMs / 1000)];
  return file.mime === "image/gif" && !isAnimated(file) ? ["GIF"] : [];
}
