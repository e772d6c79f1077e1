import { plainly } from "../../i18n/direction";

const COLOURS = 10;
const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const CJK = /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}/u;

/** One or two letters of a name: AB of "Ana Bell", A of "anna", 小 of "小明", 😀 of "😀 fun". */
export function initials(name: string): string {
  const words = plainly(name).trim().split(/\s+/).filter((word) => word !== "");
  const first = firstGrapheme(words[0] ?? "");
  if (first === "") return "#";
  if (CJK.test(first) || !/^[\p{L}\p{N}]/u.test(first)) return first;
  const second = words.length > 1 ? firstGrapheme(words.at(-1) ?? "") : "";
  return (first + (/^\p{L}/u.test(second) && !CJK.test(second) ? second : "")).toLocaleUpperCase();
}

/** Which of the ten colours: neighbouring ids get different ones. */
export function seedColour(seed: number): number {
  return Math.abs(Math.trunc(seed) * 7) % COLOURS;
}

function firstGrapheme(text: string): string {
  for (const { segment } of graphemes.segment(text)) return segment;
  return "";
}
