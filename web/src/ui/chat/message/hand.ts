// What hands and keys do to the messages of a log: point at one, press it long, swipe it aside, walk through them. One set of
// listeners for all of them, as they come and go by scrolling.

import { type RefObject, useEffect, useRef } from "react";

import type { Message } from "../../../engine/contract";
import { isKey, whichKey } from "../../base/keys";
import { isCovered } from "../../base/layers";
import { MESSAGE_KEYS, type MessageActions } from "../actions";
import type { Desk } from "../desk";

const LONG_PRESS_MS = 450;
/** A finger is never quite still. */
const STILL_PX = 10;
/** A message is swiped so far at most, and answered from here on. */
const SWIPE_MOST_PX = 72;
const SWIPE_REPLY_PX = 52;
/** What has a menu of the browser that one may want: addresses to copy, pictures to save, words to paste. Files of this server are saved
 * by ways of their own. */
const NATIVE = "a:not(.file-card), img:not(.tile img, .file-card img), audio, video, input:not(.track__range), textarea, .remote";
/** What sees to that itself. */
const OWN = ".reactions";

export function useHand(list: RefObject<HTMLElement | null>, desk: Desk, actions: MessageActions): void {
  const latest = useRef(actions);
  useEffect(() => {
    latest.current = actions;
  });
  useEffect(() => {
    const element = list.current;
    if (element === null) return undefined;
    // While its menu is open, a message keeps the button that opened it.
    const point = (key: string | null): void => {
      if (desk.menu.get() === null) desk.pointed.set(key);
    };
    const undo = [
      listen(element, "pointerover", (event) => {
        // Who drags selects words: nothing is to come between.
        if (event.pointerType !== "touch") point(event.buttons === 0 ? keyAt(event.target) : null);
      }),
      listen(element, "pointerup", (event) => {
        if (event.pointerType !== "touch") point(keyAt(event.target));
      }),
      listen(element, "pointerleave", (event) => {
        if (event.pointerType !== "touch") point(null);
      }),
      listen(element, "focusin", ({ target }) => {
        if (target instanceof Element && target.matches(":focus-visible")) point(keyAt(target));
      }),
      listen(element, "focusout", ({ relatedTarget }) => {
        if (!(relatedTarget instanceof Node && element.contains(relatedTarget))) point(null);
      }),
      listen(element, "contextmenu", (event) => onContextMenu(event, desk)),
      listen(element, "keydown", (event) => onKeyDown(event, element, desk, latest.current)),
      ...watchTouch(element, desk, latest),
    ];
    return () => {
      for (const each of undo) each();
    };
  }, [list, desk]);
}

function listen<K extends keyof HTMLElementEventMap>(
  element: HTMLElement,
  name: K,
  heard: (event: HTMLElementEventMap[K]) => void,
  options: AddEventListenerOptions = {},
): () => void {
  element.addEventListener(name, heard, options);
  return () => element.removeEventListener(name, heard, options);
}

function articleAt(target: EventTarget | null): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>("article[data-key]") : null;
}

function keyAt(target: EventTarget | null): string | null {
  return articleAt(target)?.dataset["key"] ?? null;
}

/** The message that is meant: one of an album where it is hit, else that of the row. */
function messageAt(target: EventTarget | null, desk: Desk): Message | undefined {
  const hit = target instanceof Element ? target.closest<HTMLElement>("article [data-of]")?.dataset["of"] : undefined;
  return desk.message(hit ?? keyAt(target) ?? "");
}

function onContextMenu(event: MouseEvent, desk: Desk): void {
  const { target, clientX, clientY } = event;
  const article = articleAt(target);
  const message = messageAt(target, desk);
  if (event.defaultPrevented || article === null || message === undefined || !(target instanceof Element)) return;
  // By the key of the menu, what has the focus is meant.
  const byKey = clientX === 0 && clientY === 0;
  if (target.closest(OWN) !== null || (!byKey && target.closest(NATIVE) !== null)) return;
  const selection = getSelection();
  if (!byKey && selection !== null && !selection.isCollapsed && selection.containsNode(target, true)) return;
  event.preventDefault();
  if (desk.chosen.get() !== null) return;
  if (byKey) desk.openMenu(message, false);
  else desk.menu.set({ message, at: { x: clientX, y: clientY }, emoji: false });
}

function onKeyDown(event: KeyboardEvent, list: HTMLElement, desk: Desk, actions: MessageActions): void {
  if (event.defaultPrevented || isCovered() || !(event.target instanceof Element)) return;
  const log = list.querySelector<HTMLElement>("[role=log]");
  const article = event.target.matches("article[data-key]:focus-visible") ? (event.target as HTMLElement) : null;
  if (log === null || (article === null && event.target !== log)) return;
  const way = whichKey(event, ["up", "down"]);
  if (way !== null) {
    if (walk(log, article, way === "up" ? -1 : 1)) event.preventDefault();
    return;
  }
  if (article !== null && isKey(event, "close") && desk.writer !== null) {
    event.preventDefault();
    desk.writer.focus();
    return;
  }
  const message = desk.message(article?.dataset["key"] ?? "");
  const key = whichKey(event, MESSAGE_KEYS);
  if (message !== undefined && key !== null && actions.byKey(key, message)) event.preventDefault();
}

/** To the next message; false where the browser is to scroll, as this one is not read to its end. */
function walk(log: HTMLElement, from: HTMLElement | null, by: 1 | -1): boolean {
  const sight = log.getBoundingClientRect();
  const articles = [...log.querySelectorAll<HTMLElement>("article[data-key]")];
  const seen = articles.filter((each) => {
    const { top, bottom } = each.getBoundingClientRect();
    return bottom > sight.top && top < sight.bottom;
  });
  if (from !== null) {
    const { top, bottom } = from.getBoundingClientRect();
    if (by < 0 ? top < sight.top : bottom > sight.bottom) return false;
  }
  const to = from === null ? seen.at(-1) : articles[articles.indexOf(from) + by];
  if (to === undefined) return from !== null && by > 0;
  to.tabIndex = -1;
  to.focus({ preventScroll: true });
  to.scrollIntoView({ block: "nearest" });
  return true;
}

function watchTouch(element: HTMLElement, desk: Desk, actions: RefObject<MessageActions>): (() => void)[] {
  let touch: { id: number; x: number; y: number; article: HTMLElement; timer: ReturnType<typeof setTimeout>; swiped: number } | null = null;
  /** The menu has come under a finger that is still down: lifting it is no click on what is there now. */
  let opened = false;
  const end = (): void => {
    if (touch === null) return;
    clearTimeout(touch.timer);
    touch.article.style.removeProperty("translate");
    delete touch.article.dataset["swiped"];
    touch = null;
  };
  return [
    listen(element, "pointerdown", (event) => {
      end();
      const article = articleAt(event.target);
      if (event.pointerType !== "touch" || !event.isPrimary || article === null || !(event.target instanceof Element)) return;
      const { clientX: x, clientY: y, pointerId: id, target } = event;
      const timer = setTimeout(() => {
        const message = messageAt(target, desk);
        end();
        // Systems that tell of a long press themselves have done so: what is open is left as it is.
        const open = desk.menu.get() !== null || desk.over.get() !== null || desk.chosen.get() !== null;
        if (message === undefined || open || target.closest(NATIVE) !== null) return;
        opened = true;
        const emoji = target.closest<HTMLElement>("[data-emoji]")?.dataset["emoji"];
        if (emoji !== undefined) return desk.over.set({ is: "reactors", message, emoji });
        desk.menu.set({ message, at: { x, y }, emoji: false });
      }, LONG_PRESS_MS);
      touch = { id, x, y, article, timer, swiped: 0 };
    }),
    listen(element, "pointermove", (event) => {
      if (touch === null || event.pointerId !== touch.id) return;
      const [dx, dy] = [event.clientX - touch.x, event.clientY - touch.y];
      if (Math.hypot(dx, dy) > STILL_PX) clearTimeout(touch.timer);
      if (touch.swiped === 0 && (Math.abs(dy) > STILL_PX || dx > STILL_PX)) return end();
      if (dx > -STILL_PX || desk.chosen.get() !== null) return;
      touch.swiped = Math.min(SWIPE_MOST_PX, -dx - STILL_PX);
      touch.article.style.translate = `${-touch.swiped}px`;
      touch.article.dataset["swiped"] = touch.swiped >= SWIPE_REPLY_PX ? "enough" : "some";
    }),
    listen(element, "pointerup", (event) => {
      if (touch === null || event.pointerId !== touch.id) return;
      const message = touch.swiped >= SWIPE_REPLY_PX ? desk.message(touch.article.dataset["key"] ?? "") : undefined;
      end();
      if (message !== undefined) actions.current.byKey("reply", message);
    }),
    listen(element, "pointercancel", end),
    listen(
      element,
      "touchend",
      (event) => {
        if (opened) event.preventDefault();
        opened = false;
      },
      { passive: false },
    ),
    end,
  ];
}
