// What a message says, by its kind.

import { memo, useLayoutEffect, useMemo, useRef, useState } from "react";

import type { Message, MessageKind } from "../../engine/contract";
import { plainly } from "../../i18n/direction";
import { Boundary } from "../base/Boundary";
import { NARROW, useMedia, useTranslator } from "../base/context";
import { Icon } from "../base/Icon";
import { captionOf } from "./caption";
import { parseContent } from "./content";
import { FOLDED_LINES, lineWidth, unfolded } from "./folding";
import { Markup } from "./Markup";
import { type Tree, treeOf } from "./markup";
import { cut } from "./markup/cut";
import { type Named, withMentions } from "./mentions";
import { Album, Links, Medium } from "./media";
import "./MessageBody.css";

export interface MessageBodyProps {
  readonly kind: MessageKind;
  readonly content: string;
  readonly from: string;
  /** Of the message, for what is remembered of it: whether it was unfolded. */
  readonly id: string;
  /** The message itself; null where there is none, as in a card of several. */
  readonly message?: Message | null;
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
  const links = props.message?.links ?? [];
  if (caption === "" && links.length === 0) return <Bare {...props} />;
  return (
    <>
      <Bare {...props} />
      {caption !== "" && (
        <div className="body__caption">
          <TextBody tree={treeOf("Text", caption)} id={id} people={people} />
        </div>
      )}
      {links.length > 0 && <Links links={links} />}
    </>
  );
}

/** Pictures that were sent together, with what is written below them. */
export function AlbumBody({ messages, from, people }: { messages: readonly Message[]; from: string; people: readonly Named[] }) {
  const captions = messages.flatMap((message) => {
    const caption = captionOf(message) ?? "";
    return caption === "" ? [] : [{ key: message.key, id: `${message.gid}.${message.key}`, caption }];
  });
  return (
    <>
      <Album messages={messages} from={from} />
      {captions.map(({ key, id, caption }) => (
        <div key={key} className="body__caption">
          <TextBody tree={treeOf("Text", caption)} id={id} people={people} />
        </div>
      ))}
    </>
  );
}

const Bare = memo(function Bare({ kind, content: source, from, id, message = null, people = NOBODY, onMerged }: MessageBodyProps) {
  const { t } = useTranslator();
  const content = useMemo(() => parseContent(kind, source), [kind, source]);
  switch (content.is) {
    case "text":
      return <TextBody tree={treeOf("Text", content.text)} id={id} people={people} />;
    case "rich":
      return <TextBody tree={treeOf("RichText", content.source)} id={id} people={people} />;
    case "damaged":
    case "unreadable":
      return (
        <p className="body__unreadable">
          <Icon name="alert" size={18} />
          {t(`message.${content.is}`)}
        </p>
      );
    default:
      return <Medium content={content} from={from} message={message} onMerged={onMerged} />;
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
