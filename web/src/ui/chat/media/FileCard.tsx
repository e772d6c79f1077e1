// A file: its sign, its name and size. Where it may be had, the whole card is what saves it.

import type { ReactNode } from "react";

import type { Attached, Message } from "../../../engine/contract";
import { useEngine, useTranslator } from "../../base/context";
import { Icon } from "../../base/Icon";
import { Words } from "../../base/words";
import type { Content } from "../content";
import { signOf, sortOf } from "./fileKind";
import { usePicture, useTries } from "./source";

export function AttachedFile({ file, message }: { file: Attached; message: Message | null }) {
  const engine = useEngine();
  const translator = useTranslator();
  const name = file.name === "" ? translator.t("message.file") : file.name;
  const picture = file.sides.length > 0 ? <Picture file={file} message={message} /> : null;
  const parts = <Parts name={name} mime={file.mime} size={file.sizeBytes} picture={picture} saves={file.file !== null} />;
  if (file.file === null) return <div className="file-card">{parts}</div>;
  return (
    <a className="file-card" href={engine.downloadUrl(file.file)} download={file.name}>
      {parts}
    </a>
  );
}

/** At an address, which may be of any host: it is followed by a click, and nothing is loaded before that. */
export function UrlFile({ content }: { content: Content & { is: "file" } }) {
  const translator = useTranslator();
  const name = content.name === "" ? translator.t("message.file") : content.name;
  return (
    <a className="file-card" href={content.url} target="_blank" rel="noopener noreferrer nofollow" download>
      <Parts name={name} mime="" size={content.size} picture={null} saves />
    </a>
  );
}

function Parts({ name, mime, size, picture, saves }: { name: string; mime: string; size: number | null; picture: ReactNode; saves: boolean }) {
  const translator = useTranslator();
  const sign = signOf(name);
  return (
    <>
      <span className={`file-card__sign file-card__sign--${sortOf(name, mime)}`} aria-hidden="true">
        {picture ?? (sign === "" ? <Icon name="file" size={24} /> : sign)}
      </span>
      <span className="file-card__text">
        <span className="file-card__name">
          <Words text={name} />
        </span>
        {size !== null && <span className="file-card__note">{translator.bytes(size)}</span>}
      </span>
      {saves && (
        <span className="file-card__save">
          <span className="hidden">{translator.t("message.download")}</span>
          <Icon name="download" size={20} />
        </span>
      )}
    </>
  );
}

/** Of a picture that was sent as a file. */
function Picture({ file, message }: { file: Attached; message: Message | null }) {
  const src = usePicture(message, file, "Image", 88);
  const { attempt, failed, onError } = useTries();
  if (src === null || failed) return <Icon name="image" size={24} />;
  return <img key={attempt} className="file-card__picture" src={src} alt="" loading="lazy" decoding="async" draggable={false} onError={onError} />;
}
