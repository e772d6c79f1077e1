// A film of this server: a still picture of it, and in its place the film itself as soon as one wants it. The browser's own player
// knows keys, captions, the language and the whole screen; it asks for the parts that it needs.

import { useEffect, useMemo, useRef, useState } from "react";

import { useEngine, useTranslator } from "../../base/context";
import { Icon } from "../../base/Icon";
import { type Box, pictureBox } from "./box";
import { type AttachedProps, Tile } from "./Picture";
import { useTries } from "./source";

export function AttachedFilm({ file, from, message }: AttachedProps) {
  const { t } = useTranslator();
  const [playing, setPlaying] = useState(false);
  const box = useMemo(() => pictureBox(file.width, file.height, false), [file]);
  if (playing && file.file !== null) return <Player id={file.file} name={file.name} style={box} />;
  const play = (): void => setPlaying(true);
  return <Tile as="Video" file={file} from={from} message={message} width={box.width} style={box} label={t("media.playFilm", { name: from })} onClick={play} />;
}

export function Player({ id, name, style, className = "body__video" }: { id: string; name: string; style?: Box; className?: string }) {
  const { t } = useTranslator();
  const engine = useEngine();
  const { attempt, failed, onError } = useTries();
  const video = useRef<HTMLVideoElement>(null);
  // Who has pressed the button at keys goes on with the player's.
  useEffect(() => video.current?.focus({ preventScroll: true }), []);
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
