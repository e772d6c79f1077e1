// Operators that are typed among the words of a search: `from:anna`, `来自:我`. One that is whole becomes a filter. Pure.

import type { ChatRow, Holding, SearchFilter, Trait, User } from "../../engine/contract";
import { fold } from "../base/text";
import { type Days, monthAfter, nextDay, yearAfter } from "./days";

export const HOLDINGS = ["link", "image", "video", "audio", "file"] as const satisfies readonly Holding[];
export const TRAITS = ["pinned", "starred", "mention", "mine", "edited"] as const satisfies readonly Trait[];

type What = "from" | "in" | "has" | "is" | "before" | "after" | "on";

// As the server knows them.
const NAMES: Readonly<Record<What, readonly string[]>> = {
  from: ["from", "来自", "來自", "发自", "發自"],
  in: ["in", "在"],
  has: ["has", "包含"],
  is: ["is", "是"],
  before: ["before", "之前"],
  after: ["after", "之后", "之後"],
  on: ["on", "during", "日期"],
};
const HAVE: Readonly<Record<Holding, readonly string[]>> = {
  link: ["link", "链接", "連結"],
  image: ["image", "picture", "图片", "圖片"],
  video: ["video", "视频", "視頻", "影片"],
  audio: ["audio", "voice", "语音", "語音", "音频"],
  file: ["file", "文件", "檔案"],
};
const ARE: Readonly<Record<Trait, readonly string[]>> = {
  pinned: ["pinned", "置顶", "置頂"],
  starred: ["starred", "收藏", "星标"],
  mention: ["mention", "mentioned", "提到我"],
  mine: ["mine", "我的"],
  edited: ["edited", "已编辑", "已編輯"],
};
const MYSELF = ["me", "我"];

const BY_NAME = new Map(Object.entries(NAMES).flatMap(([what, names]) => names.map((name) => [name, what as What] as const)));
const CLOSING: Readonly<Record<string, string>> = { '"': '"', "“": "”\"", "„": "“”", "«": "»", "「": "」" };
const BLANK = /\s/;

/** An operator in a text, from its first letter up to what is behind it. */
export interface Operator {
  readonly what: What;
  readonly value: string;
  readonly from: number;
  readonly to: number;
  /** Something is behind its value, a blank or a quote: nothing more is typed of it. */
  readonly ended: boolean;
}

/** Those that must hold; one with a minus before it stays a word. */
export function operatorsIn(text: string): readonly Operator[] {
  const found: Operator[] = [];
  for (let at = 0; at < text.length; ) {
    if (BLANK.test(text[at] ?? "")) {
      at++;
      continue;
    }
    const end = endOf(text, at);
    const token = text.slice(at, end);
    const colon = token.search(/[:：]/);
    const what = colon < 0 ? undefined : BY_NAME.get(token.slice(0, colon).toLowerCase());
    const from = at;
    if (what === undefined) {
      // A phrase in quotes has no operators in it.
      const [, to] = valueAt(text, /^[-－]/.test(token) ? at + 1 : at);
      at = Math.max(to, at + 1);
      continue;
    }
    const [value, to, quoted] = valueAt(text, at + colon + 1);
    at = to;
    found.push({ what, value, from, to, ended: quoted || to < text.length });
  }
  return found;
}

function endOf(text: string, from: number): number {
  const blank = text.slice(from).search(BLANK);
  return blank < 0 ? text.length : from + blank;
}

/** In quotes or up to a blank; where it ends, and whether by a quote. */
function valueAt(text: string, from: number): readonly [value: string, to: number, quoted: boolean] {
  const closing = CLOSING[text[from] ?? ""];
  if (closing === undefined) {
    const to = endOf(text, from);
    return [text.slice(from, to), to, false];
  }
  for (let at = from + 1; at < text.length; at++) if (closing.includes(text[at] ?? "")) return [text.slice(from + 1, at), at + 1, true];
  return [text.slice(from + 1), text.length, false];
}

/** Who and where somebody may mean; null: nobody, or not one alone. */
export interface Known {
  who(value: string): number | null;
  where(value: string): number | null;
}

/** What an operator asks for; null where nobody knows what its value means. */
export function filterOf({ what, value }: Pick<Operator, "what" | "value">, filter: SearchFilter, me: number, known: Known): SearchFilter | null {
  if (value === "") return null;
  const said = value.toLowerCase();
  switch (what) {
    case "from": {
      const uid = MYSELF.includes(said) ? me : known.who(value);
      return uid === null ? null : { ...filter, uid };
    }
    case "in": {
      const gid = known.where(value);
      return gid === null ? null : { ...filter, gid };
    }
    case "has": {
      const one = HOLDINGS.find((each) => HAVE[each].includes(said));
      return one === undefined ? null : { ...filter, has: HOLDINGS.filter((each) => each === one || filter.has?.includes(each) === true) };
    }
    case "is": {
      const one = TRAITS.find((each) => ARE[each].includes(said));
      return one === undefined ? null : { ...filter, is: TRAITS.filter((each) => each === one || filter.is?.includes(each) === true) };
    }
    default: {
      const days = daysOf(value);
      if (days === null) return null;
      const { after, before } = filter;
      if (what === "on") return { ...filter, ...days };
      if (what === "before") return { ...filter, ...(after !== undefined && { after }), before: days.after };
      return { ...filter, after: days.after, ...(before !== undefined && { before }) };
    }
  }
}

/** A day, a month or a year, from its beginning to before its end; null: there is none such. */
function daysOf(value: string): Required<Days> | null {
  const parts = /^(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?)?$/.exec(value);
  if (parts === null) return null;
  const [year = 0, month, day] = parts.slice(1).map((part) => (part === undefined ? undefined : Number(part)));
  const begin = new Date(year, (month ?? 1) - 1, day ?? 1);
  if (begin.getFullYear() !== year || begin.getMonth() !== (month ?? 1) - 1 || begin.getDate() !== (day ?? 1)) return null;
  const after = begin.getTime();
  return { after, before: day !== undefined ? nextDay(after) : month !== undefined ? monthAfter(after) : yearAfter(after) };
}

/** With filters in the place of the operators that are whole. Null: there is none. */
export function chipped(text: string, filter: SearchFilter, me: number, known: Known): { readonly text: string; readonly filter: SearchFilter } | null {
  const whole: Operator[] = [];
  let next = filter;
  for (const operator of operatorsIn(text)) {
    const one = operator.ended ? filterOf(operator, next, me, known) : null;
    if (one === null) continue;
    next = one;
    whole.push(operator);
  }
  return whole.length === 0 ? null : { text: whole.reduceRight(without, text), filter: next };
}

/** A text without one of its operators, and without the blank behind it. */
export function without(text: string, { from, to }: Operator): string {
  return text.slice(0, from) + text.slice(to).replace(/^\s/, "");
}

/** The operator that is being typed, at the end; null: none. */
export function typedAt(text: string): Operator | null {
  const last = operatorsIn(text).at(-1);
  return last !== undefined && !last.ended ? last : null;
}

/** Whether a value may be meant by what was typed of it: by the word that people read, or by one that the server knows. */
export function mayMean(typed: string, label: string, what: Holding | Trait): boolean {
  const wanted = fold(typed);
  return [label, ...{ ...HAVE, ...ARE }[what]].some((word) => fold(word).startsWith(wanted));
}

/** By account, by number or by a whole name; in chats by a part of it as well, where only one has it. */
export function knownIn(people: readonly User[], chats: readonly ChatRow[]): Known {
  const only = (ids: readonly number[]): number | null => (ids.length === 1 ? (ids[0] ?? null) : null);
  return {
    who: (value) => {
      const wanted = fold(value.replace(/^@/, ""));
      const named = people.find(({ account }) => fold(account) === wanted) ?? people.find(({ id }) => String(id) === wanted);
      const called = people.filter(({ name, realName = name }) => fold(name) === wanted || fold(realName) === wanted);
      return named?.id ?? only(called.map(({ id }) => id));
    },
    where: (value) => {
      const wanted = fold(value);
      const titled = chats.filter(({ title }) => fold(title) === wanted);
      const having = titled.length > 0 ? titled : chats.filter(({ title }) => fold(title).includes(wanted));
      return chats.find(({ gid }) => String(gid) === wanted)?.gid ?? only(having.map(({ gid }) => gid));
    },
  };
}
