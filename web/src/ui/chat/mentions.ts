// Who is mentioned in a text: "@" and a name, with the ids beside it. Where the names stand is found anew by whoever needs
// it, and while one writes their places follow what is typed. Pure.

import type { User } from "../../engine/contract";
import type { Block, Inline, Tree } from "./markup";

/** Somebody who may be mentioned; `uid` null is everybody. */
export interface Named {
  readonly uid: number | null;
  readonly name: string;
}

/** What everybody is called, whichever language the writer has. */
export const EVERYBODY: readonly Named[] = ["all", "everyone", "所有人", "全体成员"].map((name) => ({ uid: null, name }));

/** "@Name", from the sign to the end of the name. */
export interface Place {
  readonly uid: number | null;
  readonly from: number;
  readonly to: number;
}

const WORD = /[\p{L}\p{N}\p{M}_]/u;
/** Languages that write no blanks: a name ends where it ends. */
const UNSPACED = /[\u2e80-\ud7ff\uf900-\ufaff]/u;

/** Where the people stand in a text: each "@" with the longest of their names behind it. */
export function placesIn(text: string, people: readonly Named[]): readonly Place[] {
  const places: Place[] = [];
  const named = people.filter(({ name }) => name !== "").sort((a, b) => b.name.length - a.name.length);
  if (named.length === 0) return places;
  for (let from = text.indexOf("@"); from >= 0; from = text.indexOf("@", from + 1)) {
    // An address of mail has letters before it.
    if (from > 0 && WORD.test(text[from - 1] ?? "") && !UNSPACED.test(text[from - 1] ?? "")) continue;
    const one = named.find(({ name }) => stands(text, from + 1, name));
    if (one !== undefined) places.push({ uid: one.uid, from, to: from + 1 + one.name.length });
  }
  return places;
}

/** What is being changed had these before. */
export interface Mentioning {
  readonly content: string;
  readonly mentions: readonly number[];
  readonly mentionAll: boolean;
}

/** The server takes no more. */
const MOST = 50;

/**
 * Who is meant by a text: those who were picked, at their `places`, and those whose whole name or account was typed. A name
 * that several have means nobody: none of them is to be called by mistake. What everybody is called means nobody else.
 */
export function meantBy(
  text: string,
  people: readonly Named[],
  places: readonly Place[],
  old: Mentioning | null,
): { readonly uids: readonly number[]; readonly all: boolean } {
  const nameable = people.filter(({ uid, name }) => uid === null || !EVERYBODY.some((one) => isSame(one.name, name)));
  const typed = placesIn(text, nameable).filter(({ uid, from, to }) => {
    const name = text.slice(from + 1, to);
    const isOfOne = nameable.every((one) => one.uid === uid || !isSame(one.name, name));
    return isOfOne && !places.some((place) => place.from === from);
  });
  const uids = new Set([...places, ...typed].map(({ uid }) => uid));
  // Who has another name by now stands in the text by the old one, and stays mentioned.
  const before = placesIn(old?.content ?? "", people.filter(({ uid }) => uid !== null && old?.mentions.includes(uid) === true));
  for (const uid of old?.mentions ?? []) if (!before.some((place) => place.uid === uid)) uids.add(uid);
  return { uids: [...uids].filter((uid) => uid !== null).slice(0, MOST), all: uids.has(null) };
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** What stands in a text for somebody: the name that everybody knows them by, and the account that some do. */
export function namesOf({ id: uid, name: shown, realName: name = shown, account }: Pick<User, "id" | "name" | "realName" | "account">): readonly Named[] {
  return account === "" || account === name ? [{ uid, name }] : [{ uid, name }, { uid, name: account }];
}

function stands(text: string, at: number, name: string): boolean {
  if (text.slice(at, at + name.length).toLowerCase() !== name.toLowerCase()) return false;
  const last = name.at(-1) ?? "";
  const next = text[at + name.length] ?? "";
  return UNSPACED.test(last) || UNSPACED.test(next) || !(WORD.test(last) && WORD.test(next));
}

/** The places after the text was changed: those that were touched are mentions no more. */
export function follow(places: readonly Place[], before: string, after: string): readonly Place[] {
  if (places.length === 0 || before === after) return places;
  const shorter = Math.min(before.length, after.length);
  let same = 0;
  while (same < shorter && before[same] === after[same]) same++;
  let rest = 0;
  while (rest < shorter - same && before[before.length - 1 - rest] === after[after.length - 1 - rest]) rest++;
  const by = after.length - before.length;
  return places.flatMap((place) => {
    const { uid, from, to } = place;
    if (to <= same) return goesOn(after, to) ? [] : place;
    // What is the same on both sides of a change may be counted to either.
    if (from >= before.length - rest || after.slice(from + by, to + by) === before.slice(from, to)) return { uid, from: from + by, to: to + by };
    return [];
  });

  /** Letters right behind a name make it another. */
  function goesOn(text: string, to: number): boolean {
    const [last, next] = [text[to - 1] ?? "", text[to] ?? ""];
    return to === same && WORD.test(last) && WORD.test(next) && !UNSPACED.test(last) && !UNSPACED.test(next);
  }
}

/** What is being typed behind an "@" right before the caret; null where nobody is being named. */
export function searchAt(text: string, caret: number, places: readonly Place[]): { readonly from: number; readonly search: string } | null {
  const from = text.lastIndexOf("@", caret - 1);
  if (from < 0 || caret - from > 40 || places.some((place) => place.from === from)) return null;
  const before = text[from - 1] ?? "";
  if (before !== "" && WORD.test(before) && !UNSPACED.test(before)) return null;
  const search = text.slice(from + 1, caret);
  return /^\s|[\n@]|\s\s/.test(search) ? null : { from, search };
}

/** The tree of a message in which those who are mentioned stand out. */
export function withMentions(tree: Tree, people: readonly Named[]): Tree {
  if (people.length === 0) return tree;
  return { ...tree, blocks: tree.blocks.map(block) };

  function block(node: Block): Block {
    switch (node.is) {
      case "paragraph":
      case "heading":
        return { ...node, of: inlines(node.of) };
      case "quote":
        return { ...node, of: node.of.map(block) };
      case "list":
        return { ...node, items: node.items.map((item) => ({ ...item, of: item.of.map(block) })) };
      case "table":
        return { ...node, rows: node.rows.map((cells) => cells.map(inlines)) };
      default:
        return node;
    }
  }

  function inlines(nodes: readonly Inline[]): readonly Inline[] {
    return nodes.flatMap((node): Inline | Inline[] => {
      if (node.is === "text") return split(node.text);
      return node.is === "code" || node.is === "link" || node.is === "mention" ? node : { ...node, of: inlines(node.of) };
    });
  }

  function split(text: string): Inline[] {
    const out: Inline[] = [];
    let at = 0;
    for (const { uid, from, to } of placesIn(text, people)) {
      if (from > at) out.push({ is: "text", text: text.slice(at, from) });
      out.push({ is: "mention", uid, of: [{ is: "text", text: text.slice(from, to) }] });
      at = to;
    }
    if (at < text.length) out.push({ is: "text", text: text.slice(at) });
    return out;
  }
}
