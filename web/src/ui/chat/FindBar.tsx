// Looking for messages in the open chat: from one that was found to the next, with how many there are.

import { type KeyboardEvent, type ReactNode, useEffect, useEffectEvent, useMemo, useRef, useState } from "react";

import type { ChatView } from "../../engine/contract";
import { useTranslator } from "../base/context";
import { SearchField } from "../base/fields";
import { Icon } from "../base/Icon";
import { isKey } from "../base/keys";
import { goHome, useLayer } from "../base/layers";
import { problemText } from "../base/problems";
import { mark, reveal } from "../search/marking";
import { type Seeker, useSeeking } from "../search/seeking";
import { useDesk } from "./desk";
import { jumpTo } from "./jumping";
import "./FindBar.css";

/** So many further pages are read at once to know how many there are. */
const COUNTED_PAGES = 3;
/** And others once one is so near to the last that is here; so many pages in all, until one asks oneself. */
const NEAR = 10;
const MOST_PAGES = 20;

export function FindBar({ view }: { view: ChatView }) {
  const desk = useDesk();
  const translator = useTranslator();
  const { t } = translator;
  const { gid } = view.group;
  const [text, setText] = useState("");
  const filter = useMemo(() => ({ gid }), [gid]);
  const sought = useSeeking(text.trim() === "" ? null : text.trimStart(), filter);
  const { hits, words, asking, more, problem, load } = sought;
  const of = hits?.length ?? 0;
  const [at, setAt] = useState(0);
  const bar = useRef<HTMLDivElement>(null);
  const close = (): void => {
    desk.finding.set(false);
    goHome();
  };
  useLayer(bar, true, { onClose: close, floats: false });

  /** Whether one went on from the last that is here. */
  const waiting = useRef(false);
  const show = (to: number): void => {
    waiting.current = false;
    setAt(to);
    const seq = hits?.[to]?.message.seq ?? null;
    if (seq !== null) void jumpTo(desk, { seq }, translator);
  };
  /** Where one typed: the button that was pressed goes away. */
  const further = (): void => {
    load();
    bar.current?.querySelector("input")?.focus();
  };
  /** Towards what is older counts up. */
  const step = (by: 1 | -1): void => {
    if (at + by < of) show(Math.max(0, at + by));
    else if (more) {
      waiting.current = true;
      load();
    }
  };

  // What was found for other words is shown from the newest on; of the same, the next one where it was waited for.
  const shown = useRef({ words: "", of: 0 });
  const arrived = useEffectEvent(() => {
    const before = shown.current;
    shown.current = { words, of };
    if (of === 0) return;
    if (before.words !== words) show(0);
    else if (of > before.of && waiting.current) show(before.of);
  });
  useEffect(() => {
    if (hits !== null && !asking) arrived();
  }, [hits, asking]);

  // How many there are is known as far as that is soon told, and what comes next before it is asked for.
  const counted = useRef({ words: "", pages: 0 });
  useEffect(() => {
    if (counted.current.words !== words) counted.current = { words, pages: 0 };
    if (!more || asking || problem !== null || of === 0) return;
    const isNear = at + NEAR >= of;
    if (!isNear && counted.current.pages >= COUNTED_PAGES) return;
    if (counted.current.pages >= MOST_PAGES) return;
    counted.current.pages += 1;
    load();
  }, [words, more, asking, problem, of, at, load]);

  const now = hits?.[at] ?? null;
  const nowKey = now?.message.key ?? null;
  // Each is gone to once, whatever else comes.
  const coming = useRef({ nowKey, come: reveal() });
  useEffect(() => {
    if (coming.current.nowKey !== nowKey) coming.current = { nowKey, come: reveal() };
    return hits === null ? undefined : mark(hits, now, coming.current.come);
  }, [hits, now, nowKey]);

  /** At once, as a browser's own search is closed: the field would be emptied first. */
  const onEscape = (event: KeyboardEvent): void => {
    if (!isKey(event.nativeEvent, "close")) return;
    event.preventDefault();
    event.stopPropagation();
    close();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (!(event.target instanceof HTMLInputElement)) return;
    const older = isKey(event.nativeEvent, "pick") || isKey(event.nativeEvent, "up");
    if (!older && !isKey(event.nativeEvent, "pickMore") && !isKey(event.nativeEvent, "down")) return;
    event.preventDefault();
    step(older ? 1 : -1);
  };
  return (
    <div ref={bar} className="find" role="search" aria-label={t("find.open")} data-layer onKeyDown={onKeyDown} onKeyDownCapture={onEscape}>
      <div className="find__field">
        <SearchField label={t("find.open")} value={text} onValue={setText} />
      </div>
      <p className="find__count note" role="status">
        {text.trim() === "" ? "" : <Count sought={sought} at={Math.min(at, of - 1)} onFurther={further} />}
      </p>
      <button type="button" className="icon-button find__older" aria-label={t("find.older")} title={t("find.older")} aria-disabled={at + 1 >= of && !more} onClick={() => step(1)}>
        <Icon name="down" size={22} />
      </button>
      <button type="button" className="icon-button" aria-label={t("find.newer")} title={t("find.newer")} aria-disabled={of === 0 || at === 0} onClick={() => step(-1)}>
        <Icon name="down" size={22} />
      </button>
      <button type="button" className="icon-button" aria-label={t("action.close")} data-close onClick={close}>
        <Icon name="close" size={22} />
      </button>
    </div>
  );
}

function Count({ sought: { hits, asking, more, partial, problem }, at, onFurther }: { sought: Seeker; at: number; onFurther: () => void }) {
  const translator = useTranslator();
  const { t } = translator;
  const of = hits?.length ?? 0;
  const button = (text: string, title: string): ReactNode => (
    <button type="button" className="button button--small button--quiet" title={title} onClick={onFurther}>
      {text}
    </button>
  );
  if (problem !== null) return button(t("find.failed"), problemText(translator, problem));
  if (of > 0) return t(more || partial ? "find.ofMore" : "find.of", { at: at + 1, of });
  if (asking || hits === null) return t("find.asking");
  if (more) return button(t("search.further"), t("search.partial"));
  return partial ? button(t("find.failed"), t("search.partial")) : t("search.none");
}
