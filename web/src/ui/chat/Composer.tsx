// Where a message is written. Enter sends and Shift+Enter begins a line, unless the keyboard is one on glass.

import {
  type KeyboardEvent,
  memo,
  useDeferredValue,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";

import type { ChatView } from "../../engine/contract";
import { MAX_CONTENT_BYTES } from "../../engine/limits.gen";
import { Fault } from "../base/Boundary";
import { chunk } from "../base/chunk";
import { useEngine, useMedia, useTranslator } from "../base/context";
import { Icon, type IconName } from "../base/Icon";
import { isKey, type KeyName, keyWords } from "../base/keys";
import { setPreferences, usePreferences } from "../base/preferences";
import { byteLength } from "../base/text";
import { code, type Edit, prefix, surround } from "./composing";
import { useDraft } from "./draft";
import { parseRich } from "./markup";
import "./Composer.css";

const EmojiPicker = chunk(
  () => import("./EmojiPicker").then(({ EmojiPicker }) => EmojiPicker),
  <div className="composer__picking" />,
  (retry) => (
    <div className="composer__picking">
      <Fault onRetry={retry} />
    </div>
  ),
);

const TALLEST_PX = 220;

export interface ComposerProps {
  readonly gid: number;
  readonly title: string;
  readonly draft: string;
  readonly to: ChatView["to"];
}

/** Mounted anew for each chat, and for each history. */
export const Composer = memo(function Composer({ gid, title, draft, to }: ComposerProps) {
  const engine = useEngine();
  const translator = useTranslator();
  const { t } = translator;
  const { rich } = usePreferences();
  const glass = useMedia("(hover: none) and (pointer: coarse)");
  const { text, setText, keep } = useDraft(engine, gid, draft, to);
  const [picking, setPicking] = useState(false);
  /** Whether this one message is sent with its marks as they were typed. */
  const [asTyped, setAsTyped] = useState(false);
  // A long text is looked at when there is time; what is sent is looked at anew.
  const looked = useDeferredValue(text);
  const formatted = useMemo(() => isFormatted(looked), [looked]);
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
    if (!glass) area.current?.focus({ preventScroll: true });
  }, [glass]);

  const size = text.length * 3 > MAX_CONTENT_BYTES ? byteLength(text) : 0;
  const tooLong = size > MAX_CONTENT_BYTES;
  const empty = text.trim() === "";

  const send = (): void => {
    if (empty || tooLong) return;
    const content = text.replace(/^(?:[^\S\n]*\n)+/, "").trimEnd();
    engine.send(gid, !asTyped && isFormatted(content) ? "RichText" : "Text", content, to);
    setAsTyped(false);
    setText("");
    area.current?.focus();
  };

  const edit = (make: (text: string, from: number, to: number) => Edit): void => {
    const element = area.current;
    if (element === null) return;
    const made = make(text, element.selectionStart, element.selectionEnd);
    element.setSelectionRange(made.from, made.to);
    insert(made.text);
    element.setSelectionRange(made.selectFrom, made.selectTo);
  };
  /** As if it was typed, so that undo takes it back. */
  const insert = (what: string): void => {
    const element = area.current;
    if (element === null) return;
    element.focus();
    if (!document.execCommand("insertText", false, what)) {
      element.setRangeText(what, element.selectionStart, element.selectionEnd, "end");
      setText(element.value);
    }
  };

  const marks: readonly { label: string; icon: IconName; key?: KeyName; run: () => void }[] = [
    { label: t("composer.bold"), icon: "bold", key: "bold", run: () => edit((...at) => surround(...at, "**", "**")) },
    { label: t("composer.italic"), icon: "italic", key: "italic", run: () => edit((...at) => surround(...at, "*", "*")) },
    { label: t("composer.code"), icon: "code", key: "code", run: () => edit(code) },
    {
      label: t("composer.link"),
      icon: "link",
      run: () => edit((...at) => surround(...at, "[", "](https://)", t("composer.linkText"))),
    },
    { label: t("composer.list"), icon: "list", run: () => edit((...at) => prefix(...at, "- ")) },
    { label: t("composer.quote"), icon: "quote", run: () => edit((...at) => prefix(...at, "> ")) },
  ];

  const onKeyDown = (event: KeyboardEvent): void => {
    // On glass Enter begins a line: there is no Shift at hand.
    if (isKey(event.nativeEvent, "send") && (!glass || event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      send();
    } else {
      const chosen = marks.find(({ key }) => key !== undefined && isKey(event.nativeEvent, key));
      if (chosen === undefined) return;
      event.preventDefault();
      chosen.run();
    }
  };

  return (
    <div className="composer">
      {picking && (
        <div className="composer__picker">
          <EmojiPicker
            onPick={(emoji, stay) => {
              if (!stay) setPicking(false);
              insert(emoji);
            }}
            onClose={() => {
              setPicking(false);
              if (!glass) area.current?.focus();
            }}
          />
        </div>
      )}
      {tooLong && (
        <p className="composer__problem" role="alert">
          {t("composer.tooLong", { size: Math.ceil(size / 1024), limit: MAX_CONTENT_BYTES / 1024 })}
        </p>
      )}
      <div className="composer__frame">
        {rich && (
          <div className="composer__marks" role="toolbar" aria-label={t("composer.rich")}>
            {marks.map(({ label, icon, key, run }) => (
              <button
                key={icon}
                type="button"
                className="composer__mark"
                aria-label={label}
                title={key === undefined ? label : `${label} (${keyWords(key)})`}
                onMouseDown={(event) => event.preventDefault()}
                onClick={run}
              >
                <Icon name={icon} size={18} />
              </button>
            ))}
          </div>
        )}
        {formatted && (
          <p className="composer__kind">
            <span>{asTyped ? t("composer.asTyped") : t("composer.formatted")}</span>
            <button
              type="button"
              className="composer__switch"
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => setAsTyped(!asTyped)}
            >
              {asTyped ? t("composer.doFormat") : t("composer.sendAsTyped")}
            </button>
          </p>
        )}
        <div className="composer__row">
          <button
            type="button"
            className="icon-button"
            aria-label={t("composer.emoji")}
            title={t("composer.emoji")}
            aria-expanded={picking}
            onClick={() => setPicking(!picking)}
          >
            <Icon name="emoji" size={24} />
          </button>
          <textarea
            ref={area}
            className="composer__text"
            rows={1}
            dir="auto"
            value={text}
            placeholder={t("composer.placeholder")}
            aria-label={t("composer.label", { title })}
            title={glass ? undefined : t("composer.hint")}
            enterKeyHint={glass ? "enter" : "send"}
            aria-invalid={tooLong}
            onChange={(event) => setText(event.target.value)}
            onKeyDown={onKeyDown}
            onBlur={keep}
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
          <button
            type="button"
            className="composer__send"
            aria-label={t("composer.send")}
            title={t("composer.send")}
            disabled={empty || tooLong}
            // The keyboard on glass stays.
            onMouseDown={(event) => event.preventDefault()}
            onClick={send}
          >
            <Icon name="send" size={22} />
          </button>
        </div>
      </div>
    </div>
  );
});

/** Whether somebody typed marks: what is written in any chat is formatted without asking. */
function isFormatted(text: string): boolean {
  return /[*_~`[#>|&-]|\d[.)]/.test(text) && parseRich(text).tree.formatted;
}
