// Messages of nothing but emoji are shown large.

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
