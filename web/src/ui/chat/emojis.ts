// All emoji, and how they are found by a word of English or Chinese. Pure; EmojiPicker shows them.

import source from "./emoji.txt?raw";

export interface Emoji {
  readonly emoji: string;
  /** What people know it by elsewhere, as in ":heart:", and its English name. */
  readonly names: readonly string[];
  readonly english: string;
  readonly words: readonly string[];
  readonly chinese: string;
  readonly chineseWords: readonly string[];
}

export const byCategory: ReadonlyMap<string, readonly Emoji[]> = parse(source);
const all: readonly Emoji[] = [...byCategory.values()].flat();
export const byEmoji: ReadonlyMap<string, Emoji> = new Map(all.map((entry) => [entry.emoji, entry]));

function parse(text: string): Map<string, Emoji[]> {
  const categories = new Map<string, Emoji[]>();
  let current: Emoji[] = [];
  const list = (words: string): string[] => words.split(",").filter(Boolean);
  for (const line of text.split("\n")) {
    if (line.startsWith("#") && !line.includes("\t")) {
      current = [];
      categories.set(line.slice(1), current);
      continue;
    }
    const [emoji = "", short = "", english = "", words = "", chinese = "", chineseWords = ""] = line.split("\t");
    if (emoji === "") continue;
    const names = [...list(short), english];
    current.push({ emoji, names, english, words: list(words), chinese, chineseWords: list(chineseWords) });
  }
  return categories;
}

/** From what was meant most likely to what was not meant. */
const RANKS = ["name", "name begins", "word of name", "word", "begins a name", "begins a word of a name", "begins a word"] as const;
type Rank = (typeof RANKS)[number];
const ORDER = new Map<Rank, number>(RANKS.map((rank, at) => [rank, at]));
const SEVERAL = RANKS.length;

/** What the search finds, best first: an exact name before a word, and all of a word before its beginning. */
export function findEmoji(search: string, most: number): Emoji[] {
  const wanted = search.toLowerCase().replaceAll(/[:_]/g, " ").trim().replaceAll(/\s+/g, " ");
  if (wanted === "") return [];
  const words = wanted.split(" ");
  const found: { entry: Emoji; order: number; length: number }[] = [];
  for (const entry of all) {
    const order = orderOf(entry, wanted) ?? orderOfSeveral(entry, words);
    if (order === null) continue;
    // Of those of one rank, the shortest name has the least that was not asked for.
    const length = Math.min(...[...entry.names, entry.chinese].filter((name) => name.includes(wanted)).map((name) => name.length));
    found.push({ entry, order, length });
  }
  // Sorting is stable: the rest is as in the grid.
  return found
    .sort((a, b) => a.order - b.order || (a.length === b.length ? 0 : a.length - b.length))
    .slice(0, most)
    .map(({ entry }) => entry);
}

function orderOf(entry: Emoji, wanted: string): number | null {
  const rank = english(entry, wanted) ?? chinese(entry, wanted);
  return rank === null ? null : (ORDER.get(rank) ?? null);
}

/** Each word for itself, as "cat heart" for a cat with hearts in its eyes. */
function orderOfSeveral(entry: Emoji, words: readonly string[]): number | null {
  if (words.length < 2) return null;
  let worst = 0;
  for (const word of words) {
    const order = orderOf(entry, word);
    if (order === null) return null;
    worst = Math.max(worst, order);
  }
  return SEVERAL + worst;
}

function english({ names, words }: Emoji, wanted: string): Rank | null {
  if (names.includes(wanted)) return "name";
  if (names.some((name) => name.startsWith(`${wanted} `))) return "name begins";
  if (names.some((name) => ` ${name} `.includes(` ${wanted} `))) return "word of name";
  if (words.includes(wanted)) return "word";
  if (names.some((name) => name.startsWith(wanted))) return "begins a name";
  if (names.some((name) => ` ${name}`.includes(` ${wanted}`))) return "begins a word of a name";
  if (words.some((word) => ` ${word}`.includes(` ${wanted}`))) return "begins a word";
  return null;
}

/** Chinese has no spaces: a word of a name is what is in it and a word of its own as well. */
function chinese({ chinese: name, chineseWords: words }: Emoji, wanted: string): Rank | null {
  if (name === wanted) return "name";
  if (words.includes(wanted)) return name.includes(wanted) ? "word of name" : "word";
  if (name.startsWith(wanted)) return "begins a name";
  if (name.includes(wanted)) return "begins a word of a name";
  if (words.some((word) => word.includes(wanted))) return "begins a word";
  return null;
}
