// Finding Chinese names by how they are read: "zs" and "zhangs" find 张三. Loaded when somebody types letters (27 KB).

import source from "./pinyin.txt?raw";

const FIRST = 0x4e00;
const LETTERS_FROM = 0x100;

const readings: readonly (readonly string[])[] = parse(source);

function parse(text: string): readonly (readonly string[])[] {
  const [first = "", table = ""] = text.split("\n");
  const syllables = first.split(" ");
  const of: string[][] = [];
  let further = false;
  for (const letter of table) {
    if (letter === "'") {
      further = true;
      continue;
    }
    const syllable = syllables[letter.charCodeAt(0) - LETTERS_FROM];
    if (!further) of.push([]);
    further = false;
    if (syllable !== undefined) of.at(-1)?.push(syllable);
  }
  return of;
}

function readingsOf(character: string): readonly string[] {
  const own = readings[character.charCodeAt(0) - FIRST];
  if (own !== undefined && own.length > 0) return own;
  const bare = character.toLowerCase();
  // Blanks and signs between the names are not typed.
  return /[\p{L}\p{N}]/u.test(bare) ? [bare] : [""];
}

/**
 * Where in a name the search begins, or null where it is not in it. Each character may be written as any beginning of one
 * of its readings, so initials and whole syllables may be mixed.
 */
export function findByReading(name: string, search: string): number | null {
  const wanted = search.toLowerCase().replaceAll("ü", "v").replaceAll(/[^a-z0-9]/g, "");
  if (wanted === "" || !/\p{Script=Han}/u.test(name)) return null;
  const characters = [...name].map(readingsOf);
  for (let at = 0; at < characters.length; at++) if (follows(characters, at, wanted)) return at;
  return null;
}

function follows(characters: readonly (readonly string[])[], at: number, rest: string): boolean {
  if (rest === "") return true;
  return (characters[at] ?? []).some((reading) => {
    if (reading === "") return follows(characters, at + 1, rest);
    for (let length = Math.min(reading.length, rest.length); length > 0; length--)
      if (rest.startsWith(reading.slice(0, length)) && follows(characters, at + 1, rest.slice(length))) return true;
    return false;
  });
}
