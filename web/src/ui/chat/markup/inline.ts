// The marks within a paragraph: CommonMark's rules for emphasis, code and links, with strikethrough, addresses as they
// stand, and the amendment for Chinese, Japanese and Korean, where no blanks tell which side of a mark the words are on
// (https://github.com/tats-u/markdown-cjk-friendly).
//
// What is typed is formatted without asking, so a mark that is likelier a part of the text stays in it: of a face (^_^),
// a masked number (138****1234), a sum (2*3*4), a word (sh*t), or a tone drawn out (你好~~).
//
// Each letter is looked at a fixed number of times: what closes a mark is found by a stack that never looks below where
// it found nothing before, and the end of a code span by a list of where runs of backticks are.

import { type Address, findAddresses, linkTarget, namesAnother } from "./addresses";
import { type Budget, DEEPEST_INLINE, TooMuch } from "./budget";
import type { Inline } from "./tree";

/** Where `[text][name]` leads. */
export interface Definitions {
  /** Null where there is none of that name, or it leads nowhere. */
  find(name: string): string | null;
}

/** A place in the row of what was read; marks that find their other half move what is between them into a new one. */
interface Piece {
  is: "text" | "code" | "strong" | "emphasis" | "deleted" | "link" | "mark" | "edge";
  /** Of a link the bracket that it began with; none for an address that stands as it is. */
  text: string;
  href: string;
  first: Piece | null;
  last: Piece | null;
  previous: Piece | null;
  next: Piece | null;
}

interface Mark {
  readonly piece: Piece;
  readonly letter: string;
  /** As written; what is left of it is the length of the piece's text. */
  readonly length: number;
  readonly opens: boolean;
  readonly closes: boolean;
  /** Those further on in the text have higher ones. */
  readonly order: number;
  below: Mark | null;
  above: Mark | null;
}

interface Bracket {
  readonly piece: Piece;
  readonly picture: boolean;
  /** Where its text begins. */
  readonly at: number;
  /** The mark on top when it was opened. */
  readonly mark: Mark | null;
  active: boolean;
  readonly below: Bracket | null;
}

const PUNCTUATION = /[\p{P}\p{S}]/u;
const CJK = /[\u1100-\u11ff\u2e80-\u303f\u3040-\u30ff\u3100-\u4dbf\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\ufe10-\ufe1f\ufe30-\ufe6f\uff00-\uffee\u{1aff0}-\u{1b16f}\u{20000}-\u{3fffd}]/u;
const SPACE = /\s/u;
const WORD = /[\p{L}\p{N}\p{M}]/u;
const EMOJI = /[\p{Emoji_Presentation}\ufe0f\u{1f300}-\u{1faff}]/u;
const MARKS = "*_~";
/** What a mark may hold on to at its beginning: words, quotes and brackets with words in them, and what words begin with. */
const BEGINS =
  /(?:["'“‘«‹「『《〈【〔〖（(［[{]|\p{Ps}){0,3}(?:[\p{L}\p{N}\p{M}\p{Emoji_Presentation}\u{1f300}-\u{1faff}`\\"'“‘«‹[&]|!\[|<(?=\p{L})|[*_~]{1,3}[\p{L}\p{N}]|[$€£¥￥@#+%§¿¡/.…—–-]{1,3}[\p{L}\p{N}]|[✓✔✗✘★☆●•→←↑↓©®№] ?[\p{L}\p{N}])/uy;
/** And at its end: words, brackets and quotes, and what ends sentences. */
const ENDS = /[\p{L}\p{N}\p{M}\p{Pe}\p{Pf}\p{Emoji_Presentation}\ufe0f\u{1f300}-\u{1faff}"'”’»›`\\.,!?…:;%°€£¥￥$+#—–>。！？：；，、～-]/u;
const ESCAPABLE = /[!-/:-@[-`{-~]/;
const ENTITY = /&(?:(amp|lt|gt|quot|apos|nbsp)|#(\d{1,7})|#x([\da-f]{1,6}));/iy;
const NAMED: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" };
const ANGLE = /<((?:https?:\/\/|mailto:|tel:)[^\s<>]{1,2000}|[\w.+-]{1,64}@[\w.-]{1,255})>/iy;
/** All that means something; what is between is taken at once. */
const SPECIAL = /[\\`*_~[\]!<&]/g;
const LONGEST_NAME = 200;
const LONGEST_TARGET = 2000;
const DEEPEST_BRACKETS = 32;

export function parseInline(source: string, definitions: Definitions, budget: Budget): readonly Inline[] {
  return new Reader(source, definitions, budget).read();
}

/** A text in which only addresses mean something. */
export function parseAddresses(text: string, budget: Budget): readonly Inline[] {
  const out: Inline[] = [];
  let done = 0;
  budget.spend(4 * text.length);
  for (const { start, end, href } of findAddresses(text)) {
    if (start > done) out.push({ is: "text", text: text.slice(done, start) });
    budget.node();
    out.push({ is: "link", href, of: [{ is: "text", text: text.slice(start, end) }] });
    done = end;
  }
  if (done < text.length) out.push({ is: "text", text: text.slice(done) });
  return out;
}

function wordsOf(of: readonly Inline[]): string {
  return of.map((node) => (node.is === "text" || node.is === "code" ? node.text : wordsOf(node.of))).join("");
}

/** `[name]` and `[ NAME ]` are the same. */
export function normalName(name: string): string {
  return name.trim().replace(/\s+/g, " ").toLowerCase();
}

class Reader {
  private readonly row = piece("edge");
  private readonly addresses: readonly Address[];
  private nextAddress = 0;
  private clusterStart = 0;
  private clusterEnd = 0;
  private at = 0;
  private marks: Mark | null = null;
  private brackets: Bracket | null = null;
  private readonly ticks = new Map<number, number[]>();

  constructor(
    private readonly source: string,
    private readonly definitions: Definitions,
    private readonly budget: Budget,
  ) {
    // Addresses and backticks are looked for in passes of their own.
    budget.spend(6 * source.length);
    this.addresses = findAddresses(source);
    for (const { 0: run, index } of source.matchAll(/`+/g)) {
      const known = this.ticks.get(run.length);
      if (known === undefined) this.ticks.set(run.length, [index]);
      else known.push(index);
    }
    for (const places of this.ticks.values()) places.reverse();
  }

  read(): readonly Inline[] {
    const { source } = this;
    while (this.at < source.length) {
      this.budget.spend();
      const address = this.addresses[this.nextAddress];
      if (address !== undefined && address.start < this.at) {
        this.nextAddress++;
        continue;
      }
      if (address?.start === this.at) {
        const link = this.append("link", "");
        link.href = address.href;
        adopt(link, piece("text", source.slice(address.start, address.end)));
        this.at = address.end;
        continue;
      }
      SPECIAL.lastIndex = this.at;
      const special = Math.min(SPECIAL.exec(source)?.index ?? source.length, address?.start ?? source.length);
      if (special > this.at) {
        this.budget.spend(special - this.at);
        this.text(source.slice(this.at, special));
        this.at = special;
        continue;
      }
      this.special(source[this.at] ?? "");
    }
    this.pair(null);
    return this.gather(this.row, 0, false);
  }

  private special(letter: string): void {
    switch (letter) {
      case "\\":
        return this.escape();
      case "`":
        return this.code();
      case "[":
        return this.open(false);
      case "!":
        if (this.source[this.at + 1] === "[") return this.open(true);
        return this.take(1);
      case "]":
        return this.close();
      case "<":
        return this.angle();
      case "&":
        return this.entity();
      default:
        return this.mark(letter);
    }
  }

  private take(letters: number): void {
    this.text(this.source.slice(this.at, this.at + letters));
    this.at += letters;
  }

  private text(text: string): void {
    const { last } = this.row;
    if (last?.is === "text") last.text += text;
    else this.append("text", text);
  }

  private append(is: Piece["is"], text: string): Piece {
    const made = piece(is, text);
    adopt(this.row, made);
    return made;
  }

  private escape(): void {
    const next = this.source[this.at + 1] ?? "";
    if (next === "\n") this.at += 1;
    // The arm of "¯\_(ツ)_/¯".
    else if (next === "_" && this.source[this.at - 1] === "¯") this.take(2);
    else if (ESCAPABLE.test(next)) {
      this.text(next);
      this.at += 2;
    } else this.take(1);
  }

  private code(): void {
    const { source } = this;
    let end = this.at;
    while (source[end] === "`") end++;
    const length = end - this.at;
    this.budget.spend(length);
    // Each place is taken from its list once.
    const places = this.ticks.get(length) ?? [];
    while (places.length > 0 && (places[places.length - 1] ?? 0) < end) places.pop();
    const close = places.pop();
    if (close === undefined) return this.take(length);
    this.budget.spend(close - end);
    let inside = source.slice(end, close).replaceAll("\n", " ");
    if (inside.startsWith(" ") && inside.endsWith(" ") && inside.trim() !== "") inside = inside.slice(1, -1);
    this.append("code", inside);
    this.at = close + length;
  }

  private angle(): void {
    ANGLE.lastIndex = this.at;
    const match = ANGLE.exec(this.source);
    this.budget.spend(match?.[0].length ?? this.unmatched());
    const inside = match?.[1];
    if (match === null || inside === undefined) return this.take(1);
    const href = linkTarget(inside.includes(":") ? inside : `mailto:${inside}`);
    if (href === null) return this.take(1);
    const link = this.append("link", "");
    link.href = href;
    adopt(link, piece("text", inside));
    this.at += match[0].length;
  }

  /** How far the expression has looked at most: to the next blank or bracket. */
  private unmatched(): number {
    const limit = Math.min(this.source.length, this.at + LONGEST_TARGET);
    let end = this.at + 1;
    while (end < limit && !/[\s<>]/.test(this.source[end] ?? " ")) end++;
    return end - this.at;
  }

  private entity(): void {
    ENTITY.lastIndex = this.at;
    const match = ENTITY.exec(this.source);
    if (match === null) return this.take(1);
    const [whole, name, decimal, hex] = match;
    const code = decimal !== undefined ? Number(decimal) : Number.parseInt(hex ?? "0", 16);
    const valid = code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
    this.text(name !== undefined ? (NAMED[name.toLowerCase()] ?? whole) : String.fromCodePoint(valid ? code : 0xfffd));
    this.at += whole.length;
  }

  private mark(letter: string): void {
    const { source } = this;
    let end = this.at;
    while (source[end] === letter) end++;
    const length = end - this.at;
    this.budget.spend(length);
    // One tilde is "about", more are a tone drawn out; four stars hide a number.
    if (letter === "~" ? length !== 2 : letter === "*" && length > 3) return this.take(length);
    const before = lastLetter(source, this.at);
    const after = firstLetter(source, end);
    const spaceBefore = before === "" || SPACE.test(before);
    const spaceAfter = after === "" || SPACE.test(after);
    const cjkBefore = CJK.test(before);
    const cjkAfter = CJK.test(after);
    const signBefore = PUNCTUATION.test(before);
    const signAfter = PUNCTUATION.test(after);
    const opening = !spaceAfter && (!signAfter || cjkAfter || spaceBefore || signBefore || cjkBefore);
    const closing = !spaceBefore && (!signBefore || cjkBefore || spaceAfter || signAfter || cjkAfter);
    let opens = letter === "_" ? opening && (!closing || signBefore) : opening;
    let closes = letter === "_" ? closing && (!opening || signAfter) : closing;
    if (letter === "~") opens &&= spaceBefore || (signBefore && !EMOJI.test(before));
    else {
      const [left, right] = this.cluster();
      // "**=>** so" was meant; within a text it is asked what stands there.
      const meant = letter === "*" && length > 1;
      opens &&= (meant && spaceBefore && end === right) || this.begins(right);
      closes &&= (meant && this.at === left) || ENDS.test(lastLetter(source, left));
      const word = WORD.test(before) && !cjkBefore && WORD.test(after) && !cjkAfter;
      const face = signBefore && before === after && !MARKS.includes(before);
      // "(a+b)*(c+d)"
      const times = letter === "*" && ")]}".includes(before || " ") && (length === 1 || "([{".includes(after || " "));
      if (word || face) opens = closes = false;
      else if (times) opens = false;
    }
    if (!opens && !closes) return this.take(length);
    const made = this.append("mark", source.slice(this.at, end));
    const mark: Mark = { piece: made, letter, length, opens, closes, order: this.at, below: this.marks, above: null };
    if (this.marks !== null) this.marks.above = mark;
    this.marks = mark;
    this.at = end;
  }

  /** Where the marks begin and end that stand here side by side, whichever they are. */
  private cluster(): readonly [number, number] {
    if (this.at >= this.clusterEnd) {
      let end = this.at;
      while (end < this.source.length && MARKS.includes(this.source[end] ?? " ")) end++;
      let start = this.at;
      while (start > 0 && MARKS.includes(this.source[start - 1] ?? " ")) start--;
      this.budget.spend(end - start);
      [this.clusterStart, this.clusterEnd] = [start, end];
    }
    return [this.clusterStart, this.clusterEnd];
  }

  private begins(at: number): boolean {
    BEGINS.lastIndex = at;
    return BEGINS.test(this.source);
  }

  private open(picture: boolean): void {
    const made = this.append("mark", picture ? "![" : "[");
    this.at += made.text.length;
    this.brackets = { piece: made, picture, at: this.at, mark: this.marks, active: true, below: this.brackets };
  }

  private close(): void {
    const opened = this.brackets;
    if (opened === null) return this.take(1);
    this.brackets = opened.below;
    if (!opened.active) return this.take(1);
    const target = this.target(opened);
    if (target === null) return this.take(1);
    const link = piece("link", opened.piece.text);
    link.href = target.href;
    this.pair(opened.mark);
    moveBetween(opened.piece, null, this.row, link);
    remove(this.row, opened.piece);
    if (opened.picture && link.first === null) adopt(link, piece("text", target.href));
    adopt(this.row, link);
    this.at = target.end;
    if (opened.picture) return;
    // No link in a link. What is inactive is below already inactive ones only, so each is told once.
    for (let below = this.brackets; below !== null && below.active; below = below.below) {
      this.budget.spend();
      if (!below.picture) below.active = false;
    }
  }

  /** What follows a closing bracket: "(target)", "[name]", or nothing, if what is in the brackets is a name. */
  private target(opened: Bracket): { readonly href: string; readonly end: number } | null {
    const { source, at } = this;
    const next = source[at + 1];
    if (next === "(") {
      const inside = this.parenthesis(at + 2);
      if (inside !== null) {
        const href = linkTarget(inside.target);
        return href === null ? null : { href, end: inside.end };
      }
    }
    let end = at + 1;
    let name = source.slice(opened.at, Math.min(at, opened.at + LONGEST_NAME));
    let exact = at - opened.at <= LONGEST_NAME;
    if (next === "[") {
      const limit = Math.min(source.length, at + 2 + LONGEST_NAME);
      let close = at + 2;
      while (close < limit && source[close] !== "]" && source[close] !== "[") close++;
      this.budget.spend(close - at);
      if (source[close] === "]") {
        if (close > at + 2) {
          name = source.slice(at + 2, close);
          exact = true;
        }
        end = close + 1;
      }
    }
    if (!exact) return null;
    this.budget.spend(1 + (name.length >> 2));
    const href = this.definitions.find(name);
    return href === null ? null : { href, end };
  }

  /** `target "title")`, from behind the parenthesis on. */
  private parenthesis(from: number): { readonly target: string; readonly end: number } | null {
    const { source } = this;
    const limit = Math.min(source.length, from + LONGEST_TARGET);
    let at = from;
    const blanks = (): void => {
      while (at < limit && SPACE.test(source[at] ?? "")) at++;
    };
    const done = <T>(value: T): T => {
      this.budget.spend(at - from + 1);
      return value;
    };
    blanks();
    let target = "";
    if (source[at] === "<") {
      at++;
      for (; at < limit && source[at] !== ">"; at++) {
        if (source[at] === "\n" || source[at] === "<") return done(null);
        if (source[at] === "\\" && ESCAPABLE.test(source[at + 1] ?? "")) at++;
        target += source[at] ?? "";
      }
      if (source[at] !== ">") return done(null);
      at++;
    } else {
      let depth = 0;
      for (; at < limit; at++) {
        const letter = source[at] ?? "";
        if (SPACE.test(letter)) break;
        if (letter === "(" && ++depth > DEEPEST_BRACKETS) return done(null);
        if (letter === ")" && --depth < 0) break;
        if (letter === "\\" && ESCAPABLE.test(source[at + 1] ?? "")) at++;
        target += source[at] ?? "";
      }
    }
    const before = at;
    blanks();
    const quote = source[at] ?? "";
    if (at > before && (quote === '"' || quote === "'" || quote === "(")) {
      const closing = quote === "(" ? ")" : quote;
      at++;
      for (; at < limit && source[at] !== closing; at++) if (source[at] === "\\") at++;
      if (source[at] !== closing) return done(null);
      at++;
      blanks();
    }
    return done(source[at] === ")" ? { target, end: at + 1 } : null);
  }

  /** Finds the other half of marks that are above `bottom`, and forgets these. */
  private pair(bottom: Mark | null): void {
    // Below these there is no opener for such a closer: it is not looked for again.
    const floors = new Map<string, number>();
    const lowest = bottom?.order ?? -1;
    let closer = this.marks;
    while (closer !== null && closer.below !== bottom) {
      this.budget.spend();
      closer = closer.below;
    }
    while (closer !== null) {
      this.budget.spend();
      if (!closer.closes) {
        closer = closer.above;
        continue;
      }
      const kind = `${closer.letter}${closer.opens ? 1 : 0}${closer.length % 3}`;
      const floor = floors.get(kind) ?? lowest;
      let opener = closer.below;
      while (opener !== null && opener.order > floor && !matches(opener, closer)) {
        this.budget.spend();
        opener = opener.below;
      }
      if (opener === null || opener.order <= floor) {
        floors.set(kind, closer.below?.order ?? lowest);
        const above: Mark | null = closer.above;
        if (!closer.opens) this.drop(closer);
        closer = above;
        continue;
      }
      const used = closer.letter === "~" || (closer.piece.text.length >= 2 && opener.piece.text.length >= 2) ? 2 : 1;
      const made = piece(closer.letter === "~" ? "deleted" : used === 2 ? "strong" : "emphasis");
      // What is between and found no other half is text.
      for (let between = closer.below; between !== null && between !== opener; between = between.below) {
        this.budget.spend();
        this.drop(between);
      }
      moveBetween(opener.piece, closer.piece, this.row, made);
      insertAfter(this.row, opener.piece, made);
      opener.piece.text = opener.piece.text.slice(used);
      closer.piece.text = closer.piece.text.slice(used);
      if (opener.piece.text === "") {
        remove(this.row, opener.piece);
        this.drop(opener);
      }
      if (closer.piece.text === "") {
        const above: Mark | null = closer.above;
        remove(this.row, closer.piece);
        this.drop(closer);
        closer = above;
      }
    }
    while (this.marks !== null && this.marks !== bottom) this.drop(this.marks);
  }

  private drop(mark: Mark): void {
    if (mark.below !== null) mark.below.above = mark.above;
    if (mark.above !== null) mark.above.below = mark.below;
    else this.marks = mark.below;
  }

  private deceives(inside: readonly Inline[], href: string): boolean {
    const text = wordsOf(inside);
    this.budget.spend(4 * text.length);
    return namesAnother(text, href);
  }

  private gather(of: Piece, depth: number, inLink: boolean): readonly Inline[] {
    if (depth > DEEPEST_INLINE) throw new TooMuch();
    const out: Inline[] = [];
    let text = "";
    const flush = (): void => {
      if (text !== "") {
        this.budget.node();
        out.push({ is: "text", text });
      }
      text = "";
    };
    for (let at = of.first; at !== null; at = at.next) {
      this.budget.spend();
      switch (at.is) {
        case "text":
        case "mark":
          text += at.text;
          break;
        case "code":
          flush();
          this.budget.node();
          out.push({ is: "code", text: at.text });
          break;
        case "link": {
          flush();
          this.budget.node();
          const inside = this.gather(at, depth + 1, true);
          if (inLink) out.push(...inside);
          else if (at.text !== "" && this.deceives(inside, at.href)) {
            for (let more = 0; more < 3; more++) this.budget.node();
            out.push({ is: "text", text: at.text }, ...inside, ...asWritten(at.href));
          } else out.push({ is: "link", href: at.href, of: inside });
          break;
        }
        case "strong":
        case "emphasis":
        case "deleted":
          flush();
          this.budget.node();
          out.push({ is: at.is, of: this.gather(at, depth + 1, inLink) });
          break;
        case "edge":
          break;
      }
    }
    flush();
    return out;
  }
}

/** What follows the text of a link that is shown as what it is. */
function asWritten(href: string): readonly Inline[] {
  return [
    { is: "text", text: "](" },
    { is: "link", href, of: [{ is: "text", text: href }] },
    { is: "text", text: ")" },
  ];
}

/** CommonMark's rule of three keeps `**a*b**` from being torn. */
function matches(opener: Mark, closer: Mark): boolean {
  if (!opener.opens || opener.letter !== closer.letter) return false;
  if (!opener.closes && !closer.opens) return true;
  return (opener.length + closer.length) % 3 !== 0 || (opener.length % 3 === 0 && closer.length % 3 === 0);
}

function firstLetter(text: string, at: number): string {
  const code = text.codePointAt(at);
  return code === undefined ? "" : String.fromCodePoint(code);
}

function lastLetter(text: string, end: number): string {
  const low = text.charCodeAt(end - 1);
  const pair = low >= 0xdc00 && low <= 0xdfff;
  return text.slice(Math.max(0, end - (pair ? 2 : 1)), end);
}

function piece(is: Piece["is"], text = ""): Piece {
  return { is, text, href: "", first: null, last: null, previous: null, next: null };
}

function adopt(parent: Piece, child: Piece): void {
  child.previous = parent.last;
  child.next = null;
  if (parent.last === null) parent.first = child;
  else parent.last.next = child;
  parent.last = child;
}

function remove(parent: Piece, child: Piece): void {
  if (child.previous === null) parent.first = child.next;
  else child.previous.next = child.next;
  if (child.next === null) parent.last = child.previous;
  else child.next.previous = child.previous;
}

function insertAfter(parent: Piece, before: Piece, child: Piece): void {
  child.previous = before;
  child.next = before.next;
  if (before.next === null) parent.last = child;
  else before.next.previous = child;
  before.next = child;
}

/** Moves what stands between two pieces of `parent` (to the end, for null) into another, whatever it is, at once. */
function moveBetween(after: Piece, before: Piece | null, parent: Piece, into: Piece): void {
  const first = after.next;
  const last = before === null ? parent.last : before.previous;
  if (first === null || first === before || last === null || last === after) return;
  after.next = before;
  if (before === null) parent.last = after;
  else before.previous = after;
  first.previous = null;
  last.next = null;
  into.first = first;
  into.last = last;
}
