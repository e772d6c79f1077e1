// All emoji in a grid, by category or by a word of English or Chinese. Loaded when it is first opened.
//
// The focus stays in the search. Arrows move what is selected in the grid, and Enter takes that.

import { type KeyboardEvent, useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "react";

import type { Key } from "../../i18n/catalogue";
import { useTranslator } from "../base/context";
import { SearchField } from "../base/fields";
import { whichKey } from "../base/keys";
import { useLayer } from "../base/layers";
import { preferences, setPreferences } from "../base/preferences";
import { byCategory, byEmoji, type Emoji, findEmoji } from "./emojis";
import "./EmojiPicker.css";

const CATEGORIES = [
  "smileys",
  "people",
  "nature",
  "food",
  "travel",
  "activities",
  "objects",
  "symbols",
  "flags",
] as const;
type Category = (typeof CATEGORIES)[number];
const SIGNS: Record<Category | "recent", string> = {
  recent: "🕘",
  smileys: "😀",
  people: "👋",
  nature: "🐻",
  food: "🍎",
  travel: "✈️",
  activities: "⚽",
  objects: "💡",
  symbols: "❤️",
  flags: "🏁",
};
const RECENT = 24;
const FOUND = 160;

export interface EmojiPickerProps {
  /** `stay` where more may follow: of a mouse that has the grid before it. */
  readonly onPick: (emoji: string, stay: boolean) => void;
  readonly onClose: () => void;
  /** What it belongs to, as a selector: a click elsewhere closes it. */
  readonly home: string;
}

export function EmojiPicker({ onPick, onClose, home }: EmojiPickerProps) {
  const { t, language } = useTranslator();
  const id = useId();
  const [search, setSearch] = useState("");
  const [recent] = useState(() =>
    preferences().recentEmoji.flatMap((emoji) => {
      const entry = byEmoji.get(emoji);
      return entry === undefined ? [] : [entry];
    }),
  );
  const [category, setCategory] = useState<Category | "recent">(recent.length > 0 ? "recent" : "smileys");
  const [selected, setSelected] = useState(0);
  const root = useRef<HTMLDivElement>(null);
  const grid = useRef<HTMLDivElement>(null);
  useLayer(root, true, { onClose, floats: true });

  useEffect(() => {
    const outside = (event: PointerEvent): void => {
      const target = event.target;
      // Its own button closes it, too.
      if (target instanceof Element && target.closest(home) === null) onClose();
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [onClose, home]);

  const searching = search.trim() !== "";
  const shown = useMemo(() => {
    if (searching) return findEmoji(search, FOUND);
    return category === "recent" ? recent : (byCategory.get(category) ?? []);
  }, [searching, search, category, recent]);
  // Something else is shown: from its beginning.
  const [before, setBefore] = useState(shown);
  if (shown !== before) {
    setBefore(shown);
    setSelected(0);
  }
  useLayoutEffect(() => {
    grid.current?.scrollTo({ top: 0 });
  }, [shown]);

  const pick = ({ emoji }: Emoji, stay: boolean): void => {
    const others = preferences().recentEmoji.filter((other) => other !== emoji);
    setPreferences({ recentEmoji: [emoji, ...others].slice(0, RECENT) });
    onPick(emoji, stay);
  };

  const select = (to: number): void => {
    const at = Math.max(0, Math.min(to, shown.length - 1));
    setSelected(at);
    grid.current?.children[at]?.scrollIntoView({ block: "nearest" });
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    const key = whichKey(event.nativeEvent, ["up", "down", "left", "right", "pick", "pickMore"]);
    const { target } = event;
    const input = target instanceof HTMLInputElement ? target : null;
    if (key === null || (input === null && target !== grid.current)) return;
    const cells = [...(grid.current?.children ?? [])] as HTMLElement[];
    const row = cells.findIndex((cell) => cell.offsetTop !== cells[0]?.offsetTop);
    const columns = row < 0 ? cells.length : row;
    const entry = shown[selected];
    if (key === "pick" || key === "pickMore") {
      if (entry !== undefined) pick(entry, key === "pickMore");
    } else {
      // To the sides one goes in the searched word as well, where that leads anywhere.
      if (key === "left" && input !== null && input.value !== "" && selected === 0) return;
      if (key === "right" && input !== null && input.selectionEnd !== input.value.length) return;
      select(selected + { up: -columns, down: columns, left: -1, right: 1 }[key]);
    }
    event.preventDefault();
  };

  const nameOf = ({ english, chinese }: Emoji): string => (language === "zh" && chinese !== "" ? chinese : english);
  const categoryName = (of: Category | "recent"): string => t(`emoji.${of}` satisfies Key);
  const active = shown.length > 0 ? `${id}-${selected}` : undefined;
  return (
    <div ref={root} className="emoji" role="dialog" aria-label={t("composer.emoji")} onKeyDown={onKeyDown}>
      <SearchField
        label={t("emoji.search")}
        value={search}
        onValue={setSearch}
        options={{ id: `${id}-grid`, active }}
      />
      {!searching && (
        <div className="emoji__categories" role="group" aria-label={t("emoji.categories")}>
          {(recent.length > 0 ? (["recent", ...CATEGORIES] as const) : CATEGORIES).map((each) => (
            <button
              key={each}
              type="button"
              className="emoji__category"
              aria-label={categoryName(each)}
              title={categoryName(each)}
              aria-pressed={each === category}
              onClick={() => setCategory(each)}
            >
              {SIGNS[each]}
            </button>
          ))}
        </div>
      )}
      {shown.length === 0 ? (
        <p className="emoji__nothing" role="status">
          {t("emoji.nothing")}
        </p>
      ) : (
        <div
          ref={grid}
          id={`${id}-grid`}
          className="emoji__grid"
          role="listbox"
          aria-label={searching ? t("emoji.search") : categoryName(category)}
          aria-activedescendant={active}
          tabIndex={0}
        >
          {shown.map((entry, at) => (
            <span
              key={entry.emoji}
              id={`${id}-${at}`}
              className="emoji__cell"
              role="option"
              aria-selected={at === selected}
              aria-label={nameOf(entry)}
              title={nameOf(entry)}
              // The focus stays where it is.
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => pick(entry, true)}
            >
              {entry.emoji}
            </span>
          ))}
        </div>
      )}
    </div>
  );
}
