// All emoji in a grid, by category or by a word of English or Chinese. Loaded when it is first opened.

import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";

import type { Key } from "../../i18n/catalogue";
import { useTranslator } from "../base/context";
import { SearchField } from "../base/fields";
import { preferences, setPreferences } from "../base/preferences";
import source from "./emoji.txt?raw";
import "./EmojiPicker.css";

interface Emoji {
  readonly emoji: string;
  readonly english: string;
  readonly chinese: string;
}

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

const all: ReadonlyMap<string, readonly Emoji[]> = parse(source);
const byEmoji = new Map([...all.values()].flat().map((entry) => [entry.emoji, entry]));

function parse(text: string): Map<string, Emoji[]> {
  const categories = new Map<string, Emoji[]>();
  let current: Emoji[] = [];
  for (const line of text.split("\n")) {
    if (line.startsWith("#") && !line.includes("\t")) {
      current = [];
      categories.set(line.slice(1), current);
      continue;
    }
    const [emoji, english = "", chinese = ""] = line.split("\t");
    if (emoji !== undefined && emoji !== "") current.push({ emoji, english, chinese });
  }
  return categories;
}

function find(wanted: string): Emoji[] {
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  const found: Emoji[] = [];
  for (const entry of byEmoji.values()) {
    const known = words.every((word) => ` ${entry.english}`.includes(` ${word}`) || entry.chinese.includes(word));
    if (known) found.push(entry);
    if (found.length === FOUND) break;
  }
  return found;
}

export function EmojiPicker({ onPick, onClose }: { onPick: (emoji: string) => void; onClose: () => void }) {
  const { t, language } = useTranslator();
  const [search, setSearch] = useState("");
  const [recent] = useState(() =>
    preferences().recentEmoji.flatMap((emoji) => {
      const entry = byEmoji.get(emoji);
      return entry === undefined ? [] : [entry];
    }),
  );
  const [category, setCategory] = useState<Category | "recent">(recent.length > 0 ? "recent" : "smileys");
  const root = useRef<HTMLDivElement>(null);
  const grid = useRef<HTMLDivElement>(null);

  useEffect(() => {
    const outside = (event: PointerEvent): void => {
      const target = event.target;
      // Its own button closes it, too.
      if (target instanceof Element && target.closest(".composer") === null) onClose();
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [onClose]);

  const shown = useMemo(() => {
    if (search.trim() !== "") return find(search);
    return category === "recent" ? recent : (all.get(category) ?? []);
  }, [search, category, recent]);

  const pick = ({ emoji }: Emoji): void => {
    const others = preferences().recentEmoji.filter((other) => other !== emoji);
    setPreferences({ recentEmoji: [emoji, ...others].slice(0, RECENT) });
    onPick(emoji);
  };

  const move = (event: KeyboardEvent): void => {
    const cells = [...(grid.current?.querySelectorAll("button") ?? [])];
    const at = cells.findIndex((cell) => cell === document.activeElement);
    if (at < 0) return;
    const top = cells[0]?.offsetTop;
    const row = cells.findIndex((cell) => cell.offsetTop !== top);
    const columns = row < 0 ? cells.length : row;
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, ArrowDown: at + columns, ArrowUp: at - columns }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    if (to < 0) root.current?.querySelector("input")?.focus();
    else cells[Math.min(to, cells.length - 1)]?.focus();
  };

  const name = (entry: Emoji): string => (language === "zh" ? entry.chinese : entry.english).split(" ").slice(0, 4).join(" ");
  const categoryName = (of: Category | "recent"): string => t(`emoji.${of}` satisfies Key);
  return (
    <div
      ref={root}
      className="emoji"
      role="dialog"
      aria-label={t("composer.emoji")}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || event.defaultPrevented) return;
        event.stopPropagation();
        onClose();
      }}
    >
      <SearchField
        label={t("emoji.search")}
        value={search}
        onValue={setSearch}
        autoFocus
        onArrowDown={() => grid.current?.querySelector("button")?.focus()}
        onEnter={() => shown[0] !== undefined && pick(shown[0])}
      />
      {search.trim() === "" && (
        <div className="emoji__categories" role="group" aria-label={t("emoji.categories")}>
          {(recent.length > 0 ? (["recent", ...CATEGORIES] as const) : CATEGORIES).map((each) => (
            <button
              key={each}
              type="button"
              className="emoji__category"
              aria-label={categoryName(each)}
              title={categoryName(each)}
              aria-pressed={each === category}
              onClick={() => {
                setCategory(each);
                grid.current?.scrollTo({ top: 0 });
              }}
            >
              {SIGNS[each]}
            </button>
          ))}
        </div>
      )}
      <div ref={grid} className="emoji__grid" onKeyDown={move}>
        {shown.map((entry, at) => (
          <button
            key={entry.emoji}
            type="button"
            className="emoji__cell"
            tabIndex={at === 0 ? 0 : -1}
            aria-label={name(entry)}
            title={name(entry)}
            onClick={() => pick(entry)}
          >
            {entry.emoji}
          </button>
        ))}
        {shown.length === 0 && <p className="emoji__nothing">{t("emoji.nothing")}</p>}
      </div>
    </div>
  );
}
