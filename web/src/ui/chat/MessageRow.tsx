// One message: a bubble, with who, when and how far it has come.

import { memo, type MouseEvent, useId, useMemo, useState } from "react";

import { isAttachedKind } from "../../engine/attached";
import type { Message, User } from "../../engine/contract";
import { isolated } from "../../i18n/direction";
import type { Translator } from "../../i18n/translator";
import { Avatar } from "../base/Avatar";
import { chunk } from "../base/chunk";
import { useEngine, useTranslator } from "../base/context";
import { Icon } from "../base/Icon";
import { seedColour } from "../base/initials";
import { Words } from "../base/words";
import { UploadLine } from "./attach";
import { captionOf } from "./caption";
import { parseContent } from "./content";
import { emojiCount } from "./emoji";
import { PersonFace, PersonName } from "../contacts/person";
import { useDesk, useOf } from "./desk";
import { jumpTo } from "./jumping";
import { EVERYBODY, type Named, namesOf } from "./mentions";
import { AlbumBody, MessageBody } from "./MessageBody";
import { FailedChange, Unsent } from "./message/failed";
import { Forwarded, Marks } from "./message/marks";
import { Quote } from "./message/Quote";
import { Reactions } from "./message/Reactions";
import { Tombstone } from "./message/Tombstone";
import { StateIcon } from "./StateIcon";
import "./MessageRow.css";

const Toolbar = chunk<{ readonly message: Message }>(() => import("./message/Toolbar").then(({ Toolbar }) => Toolbar), null, () => null);

export interface MessageRowProps {
  /** Of an album, its first. */
  readonly message: Message;
  /** Pictures that are shown as one; null: it is a message of its own. */
  readonly album: readonly Message[] | null;
  readonly first: boolean;
  readonly last: boolean;
  readonly meta: boolean;
  readonly own: boolean;
  /** Null for somebody who is not known (any more). */
  readonly sender: User | null;
  readonly single: boolean;
  /** Whether one is still in the chat. */
  readonly member: boolean;
  /** What it answers, where it answers something; undefined: not known yet. */
  readonly quoted: Message | "gone" | undefined;
  readonly onResend: (key: string) => void;
  readonly onDiscard: (key: string) => void;
}

export const MessageRow = memo(function MessageRow(props: MessageRowProps) {
  const { message, album, first, last, meta, own, sender, single, member, quoted, onResend, onDiscard } = props;
  const translator = useTranslator();
  const { t } = translator;
  const desk = useDesk();
  const id = useId();
  const [told, tell] = useState(false);
  const has = (key: string | null): boolean => key === message.key || (key !== null && album?.some((each) => each.key === key) === true);
  const pointed = useOf(desk.pointed, has);
  const choosing = useOf(desk.chosen, (chosen) => chosen !== null);
  // Of an album, all.
  const chosen = useOf(desk.chosen, (keys) => keys !== null && (album ?? [message]).every(({ key }) => keys.has(key)));
  const found = useOf(desk.found, has);
  const { recalled, change } = message;
  const people = useMentioned(message);
  const name = own ? t("chat.you") : (sender?.name ?? t("chat.someone"));
  const plain = message.replyTo === null && message.forwarded === null && recalled === null;
  const big = message.kind === "Text" && plain ? emojiCount(message.content) : 0;
  const parts = album ?? [message];
  const picture = plain && parts.every(isBarePicture);
  // An album has come as far as the last of it.
  const slowest = parts.find(({ state }) => state.is === "sending") ?? parts.at(-1) ?? message;
  const bare = big > 0 || picture;
  const named = first && !own && !single;
  const failed = message.state.is === "failed";
  const stamp = (
    <span className="stamp">
      {recalled === null && <Marks message={message} />}
      <time dateTime={new Date(message.at).toISOString()} title={translator.full(message.at)}>
        {translator.time(message.at)}
      </time>
      {own && recalled === null && <StateIcon state={slowest.state} label={stateText(translator, slowest, single)} />}
    </span>
  );
  const nameLine = (
    <p className={`bubble__name name--${seedColour(message.uid)}`}>
      {sender === null ? <Words text={name} /> : <PersonName who={sender} />}
    </p>
  );
  // Where nothing hovers, a touch tells the time and takes it away.
  const onTouch = ({ target }: MouseEvent): void => {
    const control = target instanceof Element && target.closest("a, button, audio, video") !== null;
    if (!control && matchMedia("(hover: none)").matches) tell(!told);
  };
  const onChoose = (event: MouseEvent): void => {
    event.preventDefault();
    event.stopPropagation();
    // One of an album is chosen where it is hit, all of it beside them.
    const hit = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-of]")?.dataset["of"] : undefined;
    if (album === null || hit !== undefined) return desk.choose(hit ?? message.key, event.shiftKey);
    for (const each of album) if (desk.chosen.get()?.has(each.key) === chosen) desk.choose(each.key);
  };
  const classes = ["message", own ? "message--own" : "message--other"];
  if (first) classes.push("message--first");
  if (last) classes.push("message--last");
  if (!single && !own) classes.push("message--with-avatar");
  if (told) classes.push("message--told");
  if (recalled !== null) classes.push("message--recalled");
  // Also where the name in the text is one that nobody has any more.
  if (!own && (message.mentionAll || message.mentions.includes(desk.me.id))) classes.push("message--for-me");
  if (choosing) classes.push("message--choosing");
  if (chosen) classes.push("message--chosen");
  if (found) classes.push("message--found");
  const bubble = ["bubble", `bubble--${picture ? "image" : message.kind === "Image" || message.kind === "Video" ? "text" : message.kind.toLowerCase()}`];
  if (!picture && parts.every(isPicture)) bubble.push("bubble--framed");
  if (big > 0) bubble.push(`bubble--emoji bubble--emoji-${big}`);
  return (
    <article
      className={classes.join(" ")}
      aria-label={`${isolated(name)}, ${translator.time(message.at)}`}
      aria-describedby={id}
      data-key={message.key}
      data-state={change?.is === "waiting" ? "sending" : slowest.state.is}
      onClick={meta || choosing ? undefined : onTouch}
      onClickCapture={choosing ? onChoose : undefined}
    >
      {choosing && (
        <button
          type="button"
          role="checkbox"
          className="message__choice"
          aria-checked={chosen}
          aria-label={t("choose.one", { name: isolated(name), time: translator.time(message.at) })}
        >
          {chosen && <Icon name="check" size={16} />}
        </button>
      )}
      {!single && !own && (
        <span className="message__avatar">
          {last && (
            <PersonFace who={sender ?? message.uid}>
              <Avatar name={name} address={sender?.avatar ?? ""} seed={message.uid} size={34} />
            </PersonFace>
          )}
        </span>
      )}
      <div className="message__column">
        {named && bare && nameLine}
        <div id={id} className={bubble.join(" ")}>
          {named && !bare && nameLine}
          {message.forwarded !== null && recalled === null && <Forwarded origin={message.forwarded} />}
          {message.replyTo !== null && recalled === null && (
            <Quote quoted={quoted} onJump={() => void jumpTo(desk, { id: message.replyTo ?? 0 }, translator)} />
          )}
          {recalled === null && album !== null ? (
            <AlbumBody messages={album} from={name} people={people} />
          ) : recalled === null ? (
            <MessageBody
              kind={message.kind}
              content={message.content}
              from={name}
              id={`${message.gid}.${message.key}`}
              message={message}
              people={people}
              onMerged={() => desk.over.set({ is: "merged", message })}
            />
          ) : (
            <Tombstone message={message} recalled={recalled} />
          )}
          {meta ? (
            stamp
          ) : (
            <time className="message__when" dateTime={new Date(message.at).toISOString()}>
              {translator.time(message.at)}
            </time>
          )}
        </div>
        {/* In an album each says it itself. */}
        {own && album === null && message.id === null && message.state.is === "sending" && isAttachedKind(message.kind) && <UploadLine message={message} />}
        {parts.map((each) => each.reactions.length > 0 && <Reactions key={each.key} message={each} may={member} />)}
        {change?.is === "failed" && <FailedChange change={change} />}
        {message.state.is === "failed" && (
          <Unsent reason={message.state.reason} onResend={() => onResend(message.key)} onDiscard={() => onDiscard(message.key)} />
        )}
        {/* Where the stamp is left out, the state of one's own message can still be heard. */}
        {own && !meta && !failed && <span className="hidden">{stateText(translator, slowest, single)}</span>}
        {change?.is === "waiting" && <span className="hidden">{t("message.changing")}</span>}
        {pointed && !choosing && <Toolbar message={message} />}
      </div>
    </article>
  );
});

/** A picture that cannot be shown is told of in words, which need a bubble. */
function isPicture({ kind, content, recalled }: Message): boolean {
  if ((kind !== "Image" && kind !== "Video") || recalled !== null) return false;
  const { is } = parseContent(kind, content);
  return is === "attached" || is === "image";
}

/** So do the words below it. */
function isBarePicture(message: Message): boolean {
  return isPicture(message) && !captionOf(message);
}

const NOBODY: readonly Named[] = [];

/** Who is mentioned, by what may stand in the text for them. */
function useMentioned({ mentions, mentionAll }: Message): readonly Named[] {
  const engine = useEngine();
  const { me } = useDesk();
  return useMemo(() => {
    if (mentions.length === 0 && !mentionAll) return NOBODY;
    const people: Named[] = mentions.flatMap((uid) => {
      const user = uid === me.id ? me : engine.user(uid);
      return user === null ? [] : namesOf(user);
    });
    if (mentionAll) people.push(...EVERYBODY);
    return people;
  }, [mentions, mentionAll, engine, me]);
}

function stateText({ t }: Translator, message: Message, single: boolean): string {
  switch (message.state.is) {
    case "sending":
      return t("message.sending");
    case "failed":
      return t("message.failed");
    case "stored":
      return t("message.stored");
    case "delivered":
      return t("message.delivered");
    case "read":
      return single ? t("message.read") : t("message.readBy", { count: message.state.by });
  }
}
