// What was found stands out in the messages themselves. By the browser's own highlights: what is in a message is never
// changed, as it belongs to a page translator as well. A browser without them shows only which message it is.

import type { Hit } from "../../engine/contract";
import { placesOf } from "./excerpt";
import "./marking.css";

/** What was found, and the one of it that one is at. */
const NAMES = ["found", "found-now"] as const;
type Name = (typeof NAMES)[number];

/** So long what was opened stands out. */
const SHOWN_MS = 6_000;
/** And so long it is waited for. */
const WAITED_MS = 30_000;

/** What stands in a bubble and was not said in this message. */
const BESIDE = ".bubble__name, .bubble__forwarded, .quote, .stamp, .message__when, .body__fold, .link-card";

/** Where in the page the words of a hit are; of those that are folded away nowhere. */
function rangesIn(article: Element, { text, ranges }: Hit): readonly Range[] {
  const bubble = article.querySelector(".bubble");
  if (bubble === null || ranges.length === 0) return [];
  const nodes: Text[] = [];
  const walker = document.createTreeWalker(bubble, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    if (node instanceof Text && node.parentElement?.closest(BESIDE) === null) nodes.push(node);
  }
  const shown = nodes.map(({ data }) => data).join("");
  const places = placesOf(text, shown);
  const at = (place: number): readonly [Text, number] | null => {
    let before = 0;
    for (const node of nodes) {
      if (place < before + node.length) return [node, place - before];
      before += node.length;
    }
    return null;
  };
  return ranges.flatMap(([from, to]) => {
    const there = Array.from({ length: to - from }, (_, by) => places.get(from + by)).filter((place) => place !== undefined);
    const [first, last] = [there[0], there.at(-1)];
    const [begin, end] = [first === undefined ? null : at(first), last === undefined ? null : at(last)];
    if (begin === null || end === null) return [];
    const range = document.createRange();
    range.setStart(...begin);
    range.setEnd(end[0], end[1] + 1);
    return [range];
  });
}

/** Who marks: the last one who began. */
let marking: object | null = null;

/** Marks hits wherever they are shown, also as messages come and go, until it is stopped or others are marked. */
export function mark(hits: readonly Hit[], now: Hit | null, onMarked: (article: Element, ranges: readonly Range[]) => void = () => undefined): () => void {
  const registry = typeof CSS === "undefined" ? undefined : (CSS.highlights as HighlightRegistry | undefined);
  const main = document.getElementById("main");
  if (registry === undefined || main === null) return () => undefined;
  const byKey = new Map(hits.map((hit) => [hit.message.key, hit]));
  const own = {};
  marking = own;
  let frame = 0;
  const look = (): void => {
    frame = 0;
    if (marking !== own) return;
    const marked: Record<Name, Range[]> = { found: [], "found-now": [] };
    for (const article of main.querySelectorAll("article[data-key]")) {
      const hit = byKey.get(article.getAttribute("data-key") ?? "");
      if (hit === undefined) continue;
      const ranges = rangesIn(article, hit);
      const isNow = hit.message.key === now?.message.key;
      marked[isNow ? "found-now" : "found"].push(...ranges);
      if (isNow) onMarked(article, ranges);
    }
    for (const name of NAMES) registry.set(name, new Highlight(...marked[name]));
  };
  const observer = new MutationObserver(() => {
    frame ||= requestAnimationFrame(look);
  });
  observer.observe(main, { childList: true, subtree: true, characterData: true });
  look();
  return () => {
    observer.disconnect();
    cancelAnimationFrame(frame);
    if (marking === own) for (const name of NAMES) registry.delete(name);
  };
}

let stop: (() => void) | null = null;

/** Shows the words of one that is being opened: unfolds it where they are folded away, and goes to them where it is long. */
export function show(hit: Hit): void {
  stop?.();
  let timer = 0;
  let unmark: (() => void) | null = null;
  const end = (): void => {
    clearTimeout(timer);
    unmark?.();
    if (stop === end) stop = null;
  };
  stop = end;
  timer = window.setTimeout(end, WAITED_MS);
  let seen = false;
  const come = reveal();
  unmark = mark([hit], hit, (article, ranges) => {
    come(article, ranges);
    if (seen || ranges.length === 0) return;
    seen = true;
    clearTimeout(timer);
    timer = window.setTimeout(end, SHOWN_MS);
  });
}

/** Once for a message: unfolds it where its found words are not shown, and scrolls to the first of them where that is out of sight. */
export function reveal(): (article: Element, ranges: readonly Range[]) => void {
  let unfolded = false;
  let gone = false;
  return (article, ranges) => {
    const [first] = ranges;
    const fold = article.querySelector<HTMLElement>(".body__fold[aria-expanded=false]");
    if (first === undefined) {
      if (!unfolded) fold?.click();
      unfolded = true;
      return;
    }
    if (gone) return;
    gone = true;
    // The message itself is gone to first.
    requestAnimationFrame(() => {
      requestAnimationFrame(() => {
        const log = article.closest("[role=log]");
        if (log === null) return;
        const [word, sight] = [first.getBoundingClientRect(), log.getBoundingClientRect()];
        if (word.top < sight.top || word.bottom > sight.bottom) log.scrollBy({ top: word.top - sight.top - sight.height / 3 });
      });
    });
  };
}
