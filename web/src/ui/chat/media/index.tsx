// All that messages are but words: pictures, films, sounds, files, links, cards. How large they are is known at once; what they look like is loaded when
// the first of them is shown.

import { attachedIn } from "../../../engine/attached";
import type { Attached, LinkCard, Message } from "../../../engine/contract";
import { chunk } from "../../base/chunk";
import { hostOf } from "../../base/remote";
import type { Content } from "../content";
import { filmBox, ownFilmBox, pictureBox } from "./box";
import "./media.css";

export type MediumContent = Exclude<Content, { readonly is: "text" | "rich" | "damaged" | "unreadable" }>;

export interface MediumProps {
  readonly content: MediumContent;
  /** Who sent it. */
  readonly from: string;
  /** The message that it is of; null in a card of several. */
  readonly message: Message | null;
  /** Opens a card of several messages. */
  readonly onMerged?: (() => void) | undefined;
}

export interface AlbumProps {
  /** In order. */
  readonly messages: readonly Message[];
  readonly from: string;
}

const load = () => import("./all");

/** Before there is one to be shown, so that it is there with its message. */
export function preloadMedia(): void {
  load().catch(() => {
    // It is asked for again by what needs it.
  });
}

export const Medium = chunk<MediumProps>(
  () => load().then((all) => all.Medium),
  ({ content }) => <Waiting content={content} />,
);

export const Album = chunk<AlbumProps>(
  () => load().then((all) => all.Album),
  <div className="album album--waiting" />,
);

export const Links = chunk<{ readonly links: readonly LinkCard[] }>(
  () => load().then((all) => all.Links),
  ({ links }) => links.map(({ url }) => <div key={url} className="link-card" />),
);

const SmallLook = chunk<{ readonly file: Attached; readonly message: Message }>(
  () => load().then((all) => all.SmallLook),
  <span className="thumb" />,
  () => null,
);

/** Beside words that name a message: how it looks, where it looks like something. */
export function Thumb({ message }: { message: Message }) {
  const file = message.recalled === null ? attachedIn(message.kind, message.content) : null;
  return file === null || file.sides.length === 0 ? null : <SmallLook file={file} message={message} />;
}

function Waiting({ content }: { content: MediumContent }) {
  switch (content.is) {
    case "image":
      return <div className="body__picture" style={pictureBox(content.width, content.height, hostOf(content.url) !== null)} />;
    case "video":
      return <div className="body__video" style={filmBox(content.ratio, hostOf(content.url) !== null)} />;
    case "audio":
      return <div className="body__audio" />;
    case "attached": {
      const { as, file } = content;
      if (as === "Image") return <div className="body__picture" style={pictureBox(file.width, file.height, false)} />;
      if (as === "Video") return <div className="body__picture" style={ownFilmBox(file.width, file.height)} />;
      return <div className={as === "Audio" ? "voice" : "file-card"} />;
    }
    default:
      return <div className="file-card" />;
  }
}
