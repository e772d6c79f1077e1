// Where a message is written, or changed. Enter sends and Shift+Enter begins a line, unless the keyboard is one on glass.

import { type KeyboardEvent, memo, useCallback, useDeferredValue, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";

import type { ChatView, Message } from "../../engine/contract";
import { MAX_CONTENT_BYTES } from "../../engine/limits.gen";
import { COARSE, useEngine, useLive, useMedia, useTranslator } from "../base/context";
import { Icon } from "../base/Icon";
import { isKey } from "../base/keys";
import { setPreferences, usePreferences } from "../base/preferences";
import { isInSearch } from "../base/router";
import { byteLength } from "../base/text";
import { useMessageActions } from "./actions";
import { AttachButton, Dropping, RECORDS, Voice } from "./attach";
import { captionOf, withCaption, wordsOf } from "./caption";
import type { Edit } from "./composing";
import { useDesk } from "./desk";
import { useDraft } from "./draft";
import { jumpTo } from "./jumping";
import { LazyEmojiPicker } from "./LazyEmojiPicker";
import { parseRich } from "./markup";
import { AnswerBar } from "./writing/AnswerBar";
import { FormatBar } from "./writing";
import type { Mark } from "./writing/FormatBar";
import { useMentions } from "./writing/mentioning";
import type { Nameable } from "./writing/nameable";
import { caretIn, typeInto, usePicking } from "./writing/picking";
import { useRewriting } from "./writing/rewriting";
import "./Composer.css";

const TALLEST_PX = 220;

export interface ComposerProps {
  readonly gid: number;
  readonly title: string;
  readonly draft: string;
  readonly to: ChatView["to"];
  /** The id of the message that is answered, and the message. */
  readonly replyTo: number | null;
  readonly answered: Message | "gone" | undefined;
  readonly nameable: Nameable;
}

/** Mounted anew for each chat, and for each history. */
export const Composer = memo(function Composer({ gid, title, draft, to, replyTo, answered, nameable }: ComposerProps) {
  const engine = useEngine();
  const desk = useDesk();
  const translator = useTranslator();
  const { t } = translator;
  const { rich } = usePreferences();
  const glass = useMedia(COARSE);
  const actions = useMessageActions();
  const written = useDraft(engine, gid, draft, to, replyTo);
  const editing = useLive(desk.editing);
  const rewriting = useRewriting(editing);
  // One field for both: what one was writing is there again when one has changed the other.
  const { text, setText } = rewriting ?? written;
  /** Of a picture or a file only the caption is written here, as plain text; it may be empty. */
  const captions = editing !== null && captionOf(editing) !== null;
  const before = useMemo(
    () => editing && { content: wordsOf(editing) ?? "", mentions: editing.mentions, mentionAll: editing.mentionAll },
    [editing],
  );
  const mentions = useMentions(text, nameable, before);
  const files = useLive(engine.files) !== null;
  const [smiling, setSmiling] = useState(false);
  const [voicing, setVoicing] = useState(false);
  /** Whether this one message is sent with its marks as they were typed; null: as what is changed was. */
  const [asTypedChoice, setAsTyped] = useState<{ readonly of: Message | null; readonly is: boolean }>({ of: null, is: false });
  // A long text is looked at when there is time; what is sent is looked at anew.
  const looked = useDeferredValue(text);
  const formatted = useMemo(() => !captions && isFormatted(looked), [looked, captions]);
  const asTyped = asTypedChoice.of === editing ? asTypedChoice.is : editing?.kind === "Text" && isFormatted(editing.content);
  const area = useRef<HTMLTextAreaElement>(null);

  useLayoutEffect(() => {
    const element = area.current;
    if (element === null) return;
    element.style.height = "auto";
    element.style.height = `${Math.min(TALLEST_PX, element.scrollHeight)}px`;
    element.style.overflowY = element.scrollHeight > TALLEST_PX ? "auto" : "hidden";
  }, [text]);

  useEffect(() => {
    // On glass the focus would bring up the keyboard.
    if (!glass && !voicing && !isInSearch()) area.current?.focus({ preventScroll: true });
  }, [glass, voicing]);

  const whole = captions ? withCaption(editing.content, text) : text;
  const size = whole.length * 3 > MAX_CONTENT_BYTES ? byteLength(whole) : 0;
  const tooLong = size > MAX_CONTENT_BYTES;
  const empty = !captions && text.trim() === "";

  const change = useCallback(
    (next: string): void => {
      mentions.changed(next);
      setText(next);
      if (editing === null && next !== "") engine.typing(gid);
    },
    [mentions, setText, editing, engine, gid],
  );
  const leaveEdit = (): void => {
    rewriting?.forget();
    desk.editing.set(null);
    area.current?.focus();
  };
  /** What is sent of what was typed. */
  const ready = () => {
    const content = text.replace(/^(?:[^\S\n]*\n)+/, "").trimEnd();
    const { uids, all } = mentions.meant();
    const extras = { ...(uids.length > 0 && { mentions: uids }), ...(all && { mentionAll: true }) };
    return { kind: !asTyped && isFormatted(content) ? ("RichText" as const) : ("Text" as const), content, extras };
  };
  const done = (): void => {
    setAsTyped({ of: null, is: false });
    setText("");
    area.current?.focus();
  };
  const send = (): void => {
    if (empty || tooLong) return;
    const { kind, content, extras } = ready();
    if (captions) {
      // Where it stays the same the JSON does, too, however it is written.
      const { kind, content: json, key } = editing;
      if (kind !== "Merged" && content !== captionOf(editing)) engine.edit(gid, key, { kind, content: withCaption(json, content), ...extras });
      leaveEdit();
      return;
    }
    if (editing !== null) {
      if (content !== editing.content || kind !== editing.kind) engine.edit(gid, editing.key, { kind, content, ...extras });
      leaveEdit();
      return;
    }
    // Who writes from a part in the middle of the chat is to see what they have written.
    if (desk.view.newer !== "none") engine.toNewest(gid);
    engine.send(gid, kind, content, to, { ...extras, ...(replyTo !== null && { replyTo }) });
    done();
  };
  const sendLater = (): void => {
    const { kind, content, extras } = ready();
    const message = { kind, content, ...extras, ...(replyTo !== null && { replyTo }) };
    desk.over.set({
      is: "schedule",
      message,
      done: () => {
        if (replyTo !== null) written.answer(null);
        done();
      },
    });
  };

  const insert = useCallback(
    (what: string): void => {
      if (area.current !== null) typeInto(area.current, what, change);
    },
    [change],
  );
  const edit = useCallback(
    (make: (text: string, from: number, to: number) => Edit): void => {
      const element = area.current;
      if (element === null) return;
      const made = make(element.value, element.selectionStart, element.selectionEnd);
      element.setSelectionRange(made.from, made.to);
      insert(made.text);
      element.setSelectionRange(made.selectFrom, made.selectTo);
    },
    [insert],
  );
  const marks = useRef<readonly Mark[]>([]);

  const picking = usePicking({ gid, nameable, text, mentions, area, insert });

  // Others have something written here: what is answered, changed, or written once more.
  const { answer, text: drafted, setText: setDrafted } = written;
  useEffect(() => {
    desk.writer = {
      focus: () => area.current?.focus(),
      answer,
      draft: () => ({ text: drafted, places: editing === null ? mentions.places : [] }),
      redraft: (text, isOver) => {
        setDrafted(text);
        if (isOver) answer(null);
      },
      put: (words) => {
        desk.editing.set(null);
        area.current?.focus();
        const element = area.current;
        if (element === null) return;
        element.setSelectionRange(element.value.length, element.value.length);
        insert(element.value.trim() === "" ? words.content : `\n${words.content}`);
        if (words.replyTo !== null) answer(words.replyTo);
      },
    };
    return () => {
      desk.writer = null;
    };
  }, [desk, answer, insert, drafted, setDrafted, editing, mentions]);
  useEffect(() => {
    const element = area.current;
    if (editing !== null) element?.setSelectionRange(element.value.length, element.value.length);
  }, [editing]);

  const onKeyDown = (event: KeyboardEvent): void => {
    const { nativeEvent } = event;
    if (picking.press(event)) return;
    if (isKey(nativeEvent, "close") && (editing !== null || replyTo !== null)) {
      event.preventDefault();
      if (editing !== null) leaveEdit();
      else answer(null);
    } else if (isKey(nativeEvent, "editLast") && text === "" && editing === null) {
      const last = desk.view.messages.findLast((message) => message.uid === desk.me.id && actions.may(message).edit);
      if (last === undefined) return;
      event.preventDefault();
      desk.edit(last);
    } else if (isKey(nativeEvent, "send") && (!glass || event.ctrlKey || event.metaKey)) {
      // On glass Enter begins a line: there is no Shift at hand.
      event.preventDefault();
      send();
    } else {
      const chosen = marks.current.find(({ key }) => key !== undefined && isKey(nativeEvent, key));
      if (chosen === undefined) return;
      event.preventDefault();
      chosen.run();
    }
  };

  return (
    <div className="composer">
      {files && <Dropping title={title} />}
      {smiling && (
        <div className="composer__picker">
          <LazyEmojiPicker
            home=".composer"
            onPick={(emoji, stay) => {
              if (!stay) setSmiling(false);
              insert(emoji);
            }}
            onClose={() => {
              setSmiling(false);
              if (!glass) area.current?.focus();
            }}
          />
        </div>
      )}
      {picking.list}
      {tooLong && (
        <p className="composer__problem" role="alert">
          {t("composer.tooLong", { size: Math.ceil(size / 1024), limit: MAX_CONTENT_BYTES / 1024 })}
        </p>
      )}
      <div className="composer__frame">
        {editing !== null ? (
          <AnswerBar does="edit" message={editing} onShow={() => desk.wanted.set(editing.key)} onLeave={leaveEdit} />
        ) : (
          replyTo !== null && (
            <AnswerBar
              does="reply"
              message={answered}
              onShow={() => void jumpTo(desk, { id: replyTo }, translator)}
              onLeave={() => {
                answer(null);
                area.current?.focus();
              }}
            />
          )
        )}
        <FormatBar edit={edit} marksRef={marks} shown={rich && !captions} />
        {formatted && (
          <p className="composer__kind">
            <span>{asTyped ? t("composer.asTyped") : t("composer.formatted")}</span>
            <button
              type="button"
              className="composer__switch"
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => setAsTyped({ of: editing, is: !asTyped })}
            >
              {asTyped ? t("composer.doFormat") : t("composer.sendAsTyped")}
            </button>
          </p>
        )}
        <div className={voicing ? "composer__row composer__row--voice" : "composer__row"}>
          {files && editing === null && <AttachButton />}
          <button
            type="button"
            className="icon-button"
            aria-label={t("composer.emoji")}
            title={t("composer.emoji")}
            aria-expanded={smiling}
            onClick={() => setSmiling(!smiling)}
          >
            <Icon name="emoji" size={24} />
          </button>
          <textarea
            ref={area}
            className="composer__text"
            rows={1}
            dir="auto"
            value={text}
            placeholder={captions ? t("edit.caption") : t("composer.placeholder")}
            aria-label={captions ? t("edit.caption") : t("composer.label", { title })}
            {...picking.aria}
            title={glass ? undefined : t("composer.hint")}
            enterKeyHint={glass ? "enter" : "send"}
            aria-invalid={tooLong}
            onChange={(event) => {
              change(event.target.value);
              picking.moved(event.target.selectionStart);
            }}
            onSelect={({ currentTarget }) => picking.moved(caretIn(currentTarget))}
            onKeyDown={onKeyDown}
            onBlur={() => {
              picking.moved(null);
              written.keep();
            }}
          />
          <button
            type="button"
            className="icon-button"
            aria-label={t("composer.rich")}
            title={t("composer.rich")}
            aria-pressed={rich}
            onClick={() => {
              setPreferences({ rich: !rich });
              area.current?.focus();
            }}
          >
            <Icon name="format" size={24} />
          </button>
          {!empty && editing === null && (
            <button type="button" className="icon-button" aria-label={t("schedule.open")} title={t("schedule.open")} onClick={sendLater}>
              <Icon name="clock" size={22} />
            </button>
          )}
          {files && RECORDS && empty && editing === null ? (
            <Voice gid={gid} to={to} replyTo={replyTo} onActive={setVoicing} />
          ) : (
            <button
              type="button"
              className="composer__send"
              aria-label={editing === null ? t("composer.send") : t("action.save")}
              title={editing === null ? t("composer.send") : t("action.save")}
              disabled={empty || tooLong}
              // The keyboard on glass stays.
              onMouseDown={(event) => event.preventDefault()}
              onClick={send}
            >
              <Icon name={editing === null ? "send" : "check"} size={22} />
            </button>
          )}
        </div>
      </div>
    </div>
  );
});

/** Whether somebody typed marks: what is written in any chat is formatted without asking. */
function isFormatted(text: string): boolean {
  return /[*_~`[#>|&-]|\d[.)]/.test(text) && parseRich(text).tree.formatted;
}
