// What the buttons of the composer make of a text. Pure.

export interface Edit {
  /** What is replaced, and by what. */
  readonly from: number;
  readonly to: number;
  readonly text: string;
  /** What is selected afterwards. */
  readonly selectFrom: number;
  readonly selectTo: number;
}

const SIGN = /[\p{P}\p{S}]/u;
const LETTER = /[^\s\p{P}\p{S}]/u;
/** A letter of a word that blanks stand around. */
const PART = /[\p{L}\p{N}\p{M}](?<![\u1100-\u11ff\u2e80-\ud7ff\uf900-\ufaff\uff00-\uffee])/u;

/**
 * Puts marks around what is selected, or takes them away where they stand already.
 *
 * Marks hold on to letters only: blanks stay outside, and so does punctuation at an edge behind which a word follows at
 * once ("注意：请" becomes "**注意**：请"), as any reader of CommonMark understands. Stars within a word are text
 * ("sh*t"), so a part of a word becomes all of it; not of languages that write no blanks.
 */
export function surround(text: string, from: number, to: number, before: string, after: string, filler = ""): Edit {
  const inside = text.slice(from, to);
  if (inside !== "" && marked(text, from, to, before, after)) {
    const start = from - before.length;
    return { from: start, to: to + after.length, text: inside, selectFrom: start, selectTo: start + inside.length };
  }
  let start = from;
  let end = to;
  while (start < end && /\s/.test(text[start] ?? "")) start++;
  while (end > start && /\s/.test(text[end - 1] ?? "")) end--;
  if (/^[*_~]+$/.test(before)) {
    const letters = [...text.slice(start, end)].some((letter) => LETTER.test(letter));
    if (letters && LETTER.test(text[end] ?? "")) while (SIGN.test(text[end - 1] ?? "")) end--;
    if (letters && LETTER.test(text[start - 1] ?? "")) while (SIGN.test(text[start] ?? "")) start++;
    if (start < end) {
      if (PART.test(text[start] ?? "")) while (PART.test(text[start - 1] ?? "")) start--;
      if (PART.test(text[end - 1] ?? "")) while (PART.test(text[end] ?? "")) end++;
    }
  }
  const core = start === end ? filler : text.slice(start, end);
  const [first, last] = [Math.min(from, start), Math.max(to, end)];
  const made = text.slice(first, start) + before + core + after + text.slice(end, last);
  const selectFrom = start + before.length;
  return { from: first, to: last, text: made, selectFrom, selectTo: selectFrom + core.length };
}

/** Whether exactly these marks stand around: "*" is not what stands around "**bold**". */
function marked(text: string, from: number, to: number, before: string, after: string): boolean {
  const sign = before.slice(-1);
  return (
    text.slice(from - before.length, from) === before &&
    text.slice(to, to + after.length) === after &&
    text[from - before.length - 1] !== sign &&
    text[to + after.length] !== sign
  );
}

/** Code: in its line, or lines of it as a block. */
export function code(text: string, from: number, to: number): Edit {
  if (!text.slice(from, to).includes("\n")) {
    const twice = text.slice(from, to).includes("`");
    return surround(text, from, to, twice ? "`` " : "`", twice ? " ``" : "`");
  }
  const before = from === 0 || text[from - 1] === "\n" ? "```\n" : "\n```\n";
  const after = to === text.length || text[to] === "\n" ? "\n```" : "\n```\n";
  return surround(text, from, to, before, after);
}

/** Puts a sign in front of each line that is touched. */
export function prefix(text: string, from: number, to: number, sign: string): Edit {
  const start = text.lastIndexOf("\n", from - 1) + 1;
  const lines = text.slice(start, to).replace(/^/gm, sign);
  return { from: start, to, text: lines, selectFrom: start + lines.length, selectTo: start + lines.length };
}
