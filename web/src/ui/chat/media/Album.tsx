// Pictures and films that were sent together, beside each other.

import { type CSSProperties, Fragment, useMemo } from "react";

import type { Attached, Message } from "../../../engine/contract";
import { attachedIn } from "../../../engine/attached";
import { useEngine, useLive, useTranslator } from "../../base/context";
import { Icon } from "../../base/Icon";
import { useDesk } from "../desk";
import { layOut } from "./album";
import type { AlbumProps } from "./index";
import { Tile } from "./Picture";

/** As wide as an album is where there is room. */
const WIDTH = 420;

interface Member {
  readonly message: Message;
  readonly file: Attached;
}

export function Album({ messages, from }: AlbumProps) {
  const { t } = useTranslator();
  const desk = useDesk();
  const chosen = useLive(desk.chosen);
  const members = useMemo(
    () =>
      messages.flatMap((message): Member[] => {
        const file = attachedIn(message.kind, message.content);
        return file === null ? [] : [{ message, file }];
      }),
    [messages],
  );
  const { ratio, tiles } = useMemo(() => layOut(members.map(({ file }) => (file.width ?? 4) / (file.height ?? 3))), [members]);
  return (
    <div className="album" style={{ width: WIDTH, aspectRatio: ratio }} role="group" aria-label={t("media.album", { count: members.length, name: from })}>
      {members.map(({ message, file }, at) => {
        const tile = tiles[at];
        if (tile === undefined) return null;
        const film = message.kind === "Video";
        const style = { left: percent(tile.left), top: percent(tile.top), width: percent(tile.width), height: percent(tile.height) };
        return (
          <Fragment key={message.key}>
            <Tile
              as={film ? "Video" : "Image"}
              file={file}
              from={from}
              message={message}
              width={tile.width * WIDTH}
              className={chosen?.has(message.key) === true ? "album__tile album__tile--chosen" : "album__tile"}
              style={style}
              label={t(film ? "media.filmOf" : "media.pictureOf", { at: at + 1, of: members.length })}
              of={message.key}
              onClick={() => desk.over.set({ is: "pictures", key: message.key, among: null })}
            />
            {message.id === null && <Uploading message={message} style={style} />}
            {chosen?.has(message.key) === true && (
              <span className="album__chosen" style={style}>
                <Icon name="check" size={22} />
              </span>
            )}
          </Fragment>
        );
      })}
    </div>
  );
}

/** Over a picture that is on its way: how far it is, and the way to stop it. */
function Uploading({ message: { gid, key }, style }: { message: Message; style: CSSProperties }) {
  const { t } = useTranslator();
  const engine = useEngine();
  const upload = useLive(useMemo(() => engine.upload(gid, key), [engine, gid, key]));
  if (upload === null) return null;
  const done = upload.sizeBytes === 0 ? 0 : upload.sentBytes / upload.sizeBytes;
  return (
    <div className="album__upload" style={style}>
      <progress className="hidden" max={1} value={done} aria-label={t("upload.label")} />
      <button type="button" className="album__stop" style={{ "--done": percent(done) } as CSSProperties} aria-label={t("upload.stop")} title={t("upload.stop")} onClick={() => engine.recall(gid, key)}>
        <Icon name="close" size={18} />
      </button>
    </div>
  );
}

function percent(part: number): string {
  return `${part * 100}%`;
}
