// Writes src/ui/base/pinyin.txt, how each Chinese character is read, from pinyin-pro (MIT).
//
//   npm install --no-save pinyin-pro && node scripts/pinyin.mjs
//
// The first line has all syllables without tones, "v" for "ü". The second goes through the characters from U+4E00 to U+9FFF:
// the first syllable is the letter U+0100, the next one U+0101, and so on; further readings follow behind "'"; "-" is none.
// The result is committed: the library itself is ten times as large, for words and tones that nobody searches by.

import { writeFileSync } from "node:fs";

import { pinyin } from "pinyin-pro";

const FIRST = 0x4e00;
const LAST = 0x9fff;
const LETTERS_FROM = 0x100;

function readingsOf(character) {
  const all = pinyin(character, { multiple: true, toneType: "none", type: "array", v: true });
  return [...new Set(all)].filter((reading) => /^[a-z]+$/.test(reading));
}

const characters = Array.from({ length: LAST - FIRST + 1 }, (_, at) => readingsOf(String.fromCodePoint(FIRST + at)));
const syllables = [...new Set(characters.flat())].sort();
const letter = (reading) => String.fromCodePoint(LETTERS_FROM + syllables.indexOf(reading));
const table = characters.map((readings) => (readings.length === 0 ? "-" : readings.map(letter).join("'")));

writeFileSync(new URL("../src/ui/base/pinyin.txt", import.meta.url), `${syllables.join(" ")}\n${table.join("")}\n`);
console.log(`${characters.length} characters, ${syllables.length} syllables`);
