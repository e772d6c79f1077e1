// Pictures, sound and films that a message names by their address, as clients of before and of others do. What lies on another
// host is loaded where that is allowed.

import { type RefCallback, useContext, useMemo, useState } from "react";

import type { Message } from "../../../engine/contract";
import { useTranslator } from "../../base/context";
import { Icon } from "../../base/Icon";
import { ChatContext, hostOf, useVerdict } from "../../base/remote";
import type { Content } from "../content";
import { type Box, filmBox, pictureBox } from "./box";
import { useOpener } from "./opener";
import { RemoteMedia } from "./RemoteMedia";

export function UrlSound({ content: { url, size }, from }: { content: Content & { is: "audio" }; from: string }) {
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

export function UrlFilm({ content: { url, poster, ratio, size }, from }: { content: Content & { is: "video" }; from: string }) {
  const translator = useTranslator();
  const chat = useContext(ChatContext);
  const host = hostOf(url);
  const verdict = useVerdict(poster, chat);
  // Whoever allows a film has allowed its host, and no other.
  const shown = poster !== null && (verdict === "own" || verdict === "allowed" || hostOf(poster) === host);
  const style = useMemo(() => filmBox(ratio, host !== null), [ratio, host]);
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

export function UrlPicture({ content, from, message }: { content: Content & { is: "image" }; from: string; message: Message | null }) {
  const translator = useTranslator();
  const { width, height, size } = content;
  const remote = hostOf(content.url) !== null;
  const style = useMemo(() => pictureBox(width, height, remote), [width, height, remote]);
  const facts: string[] = [];
  if (width !== null && height !== null) facts.push(`${translator.number(width)} × ${translator.number(height)}`);
  if (size !== null) facts.push(translator.bytes(size));
  return (
    <RemoteMedia what="picture" url={content.url} from={from} facts={facts.join(" · ")} className="body__picture" style={style}>
      {(focus) => <Loaded content={content} from={from} message={message} style={style} whole={remote} focus={focus} />}
    </RemoteMedia>
  );
}

interface LoadedProps {
  readonly content: Content & { is: "image" };
  readonly from: string;
  readonly message: Message | null;
  readonly style: Box;
  /** In a box that is not of its shape it is not cut. */
  readonly whole: boolean;
  readonly focus: RefCallback<HTMLElement>;
}

function Loaded({ content, from, message, style, whole, focus }: LoadedProps) {
  const { t } = useTranslator();
  const [state, setState] = useState<"loading" | "shown" | "failed">("loading");
  const { open, opened } = useOpener(content, message, from);
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
        onClick={open}
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
      {opened}
    </>
  );
}
