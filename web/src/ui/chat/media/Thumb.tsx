// A small look at a picture, a film or a picture that was sent as a file, beside words that name it.

import type { Attached, Message } from "../../../engine/contract";
import { placeholderOf } from "./placeholder";
import { usePicture, useTries } from "./source";

/** In pixels of the page, and of most screens. */
const PIXELS = 72;

export function SmallLook({ file, message }: { file: Attached; message: Message }) {
  const src = usePicture(message, file, message.kind === "Video" ? "Video" : "Image", PIXELS);
  const { attempt, failed, onError } = useTries();
  const hash = file.thumbhash === null ? null : placeholderOf(file.thumbhash);
  return (
    <span className="thumb" style={hash === null ? undefined : { backgroundImage: `url("${hash}")` }}>
      {src !== null && !failed && <img key={attempt} src={src} alt="" loading="lazy" decoding="async" draggable={false} onError={onError} />}
    </span>
  );
}
