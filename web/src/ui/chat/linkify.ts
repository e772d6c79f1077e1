// Finds the addresses in a text.

export type Piece = { readonly is: "text"; readonly text: string } | { readonly is: "link"; readonly text: string; readonly href: string };

// Up to a blank, a quote, or the punctuation and letters of Chinese, which do not belong to addresses people paste.
const ADDRESS = /(?:https?:\/\/|www\.)[^\s<>"“”‘’，。；：！？、（）《》【】\u4e00-\u9fff]+/giu;

export function linkify(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let done = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const found = trimmed(match[0]);
    const href = /^www\./i.test(found) ? `https://${found}` : found;
    if (!URL.canParse(href) || !/^(?:https?:\/\/|www\.)[^\s.]/i.test(found)) continue;
    if (match.index > done) pieces.push({ is: "text", text: text.slice(done, match.index) });
    pieces.push({ is: "link", text: found, href });
    done = match.index + found.length;
  }
  if (done < text.length) pieces.push({ is: "text", text: text.slice(done) });
  return pieces;
}

/** Without the full stop of the sentence, and without a bracket that was opened before. */
function trimmed(address: string): string {
  let text = address;
  for (;;) {
    const last = text.at(-1) ?? "";
    const unopened = last === ")" && count(text, "(") < count(text, ")");
    if (!/[.,;:!?'*_~\]]/.test(last) && !unopened) return text;
    text = text.slice(0, -1);
  }
}

function count(text: string, letter: string): number {
  return text.split(letter).length - 1;
}

// As a text, since a literal would ask for a newer target than we build for. All browsers since 2023 know it.
const EMOJI_ONLY = new RegExp("^(?:\\p{RGI_Emoji}|\\s)+$", "v");
const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** How many emoji a text is, if it is nothing else and they are few; else 0. */
export function emojiCount(text: string): number {
  if (text.length > 40 || !EMOJI_ONLY.test(text)) return 0;
  let count = 0;
  for (const { segment } of segmenter.segment(text)) if (segment.trim() !== "") count++;
  return count <= 3 ? count : 0;
}
