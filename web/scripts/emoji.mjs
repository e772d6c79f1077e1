// Writes src/ui/chat/emoji.txt, the emoji that the picker offers, from emojibase-data (MIT; names by Unicode CLDR).
//
//   npm install --no-save emojibase-data && node scripts/emoji.mjs node_modules/emojibase-data
//
// A line is "emoji <tab> short names <tab> English name <tab> English words <tab> Chinese name <tab> Chinese words", short
// names and words with commas between them; a line that starts with "#" begins a category.
// The result is committed: a data set of this size is no dependency for every build.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const source = process.argv[2];
if (!source) throw new Error("usage: emoji.mjs PATH_OF_emojibase-data");

// Newer ones are boxes on too many machines.
const NEWEST_VERSION = 14;
// emojibase's group numbers, in the order of the picker. 2 (skin tones and hair) is left out.
const CATEGORIES = [
  [0, "smileys"],
  [1, "people"],
  [3, "nature"],
  [4, "food"],
  [5, "travel"],
  [6, "activities"],
  [7, "objects"],
  [8, "symbols"],
  [9, "flags"],
];

const read = (language, file = "data") => JSON.parse(readFileSync(join(source, language, `${file}.json`), "utf8"));
const chinese = new Map(read("zh").map((emoji) => [emoji.hexcode, emoji]));
// Those that people know from elsewhere: ":heart:".
const shortNames = read("en", "shortcodes/github");
const list = (words) => [words ?? []].flat().join(",").toLowerCase();
const named = (emoji) => [emoji?.label?.toLowerCase() ?? "", list(emoji?.tags?.filter((tag) => tag !== emoji.label))];

const english = read("en")
  .filter((emoji) => emoji.version <= NEWEST_VERSION)
  .sort((a, b) => a.order - b.order);

const lines = [];
for (const [group, name] of CATEGORIES) {
  lines.push(`#${name}`);
  for (const emoji of english) {
    if (emoji.group !== group) continue;
    const short = list(shortNames[emoji.hexcode]).replaceAll("_", " ");
    lines.push([emoji.emoji, short, ...named(emoji), ...named(chinese.get(emoji.hexcode))].join("\t"));
  }
}
const target = new URL("../src/ui/chat/emoji.txt", import.meta.url);
writeFileSync(target, lines.join("\n") + "\n");
console.log(`${lines.length - CATEGORIES.length} emoji`);
