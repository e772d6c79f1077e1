// A film of this server: a still picture of it, and in its place the film itself as soon as one wants it. The browser's own player
// knows keys, captions, the language and the whole screen; it asks for the parts that it needs.

import { useEffect, useMemo, useRef, useState } from "react";

import { useEngine, useTranslator } from "../../base/context";
import { Icon } from "../../base/Icon";
import { type Box, ownFilmBox } from "./box";
import { type AttachedProps, Tile } from "./Picture";
import { useTries } from "./source";

export function AttachedFilm({ file, from, message }: AttachedProps) {
  const { t } = useTranslator();
  const [playing, setPlaying] = useState(false);
  const box = useMemo(() => ownFilmBox(file.width, file.height), [file]);
  // Who has pressed the button at keys goes on with those of the player.
  if (playing && file.file !== null) return <Player id={file.file} name={file.name} style={box} focused />;
  const play = (): void => setPlaying(true);
  return <Tile as="Video" file={file} from={from} message={message} width={box.width} style={box} label={t("media.playFilm", { name: from })} onClick={play} />;
}

interface PlayerProps {
  readonly id: string;
  readonly name: string;
  readonly style?: Box;
  readonly className?: string;
  /** Whether it takes the focus, and with it the arrow keys. */
  readonly focused?: boolean;
}

export function Player({ id, name, style, className = "body__video", focused = false }: PlayerProps) {
  const { t } = useTranslator();
  const engine = useEngine();
  const { attempt, failed, onError } = useTries();
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (focused) video.current?.focus({ preventScroll: true });
  }, [focused]);
  if (failed) return <Unplayable id={id} name={name} style={style} />;
  return (
    <video
      ref={video}
      key={attempt}
      className={className}
      style={style}
      controls
      autoPlay
      playsInline
      src={engine.fileUrl(id)}
      aria-label={t("message.video")}
      onError={onError}
    />
  );
}

/** It is another device's format, say. */
function Unplayable({ id, name, style }: { id: string; name: string; style: Box | undefined }) {
  const { t } = useTranslator();
  const engine = useEngine();
  return (
    <div className="body__picture body__picture--failed" style={style} role="alert">
      <Icon name="film" size={30} />
      <span>{t("media.filmFailed")}</span>
      <a href={engine.downloadUrl(id)} download={name}>
        {t("message.download")}
      </a>
    </div>
  );
}
