// Layers over the page, the focus and Esc: the one place that decides where the focus goes.
//
// The browser's <dialog> and popover put a layer above everything and keep what is below out of reach. What they do not
// decide is decided here: with what a layer begins, which of several Esc closes, and where somebody at a keyboard goes
// on when the place of the focus is gone.

import { type RefObject, useLayoutEffect, useRef } from "react";

import { COARSE } from "./context";
import { isComposing, isKey } from "./keys";

export interface LayerOptions {
  /** Asked to close, by Esc; null where Esc leaves it open. */
  readonly onClose: (() => void) | null;
  /** Over everything: Tab stays inside, and Esc closes it wherever the focus is. Others are closed from their pane. */
  readonly floats: boolean;
  /** With what it begins, where that is no field or button: the whole of it, as a place to read; or it sees to that itself. */
  readonly begins?: "whole" | "itself";
}

interface Layer {
  readonly element: HTMLElement;
  readonly options: { readonly current: LayerOptions };
  /** Where the focus was when it was opened, and where that one's layer was opened from, and so on. */
  readonly openers: readonly HTMLElement[];
}

const FOCUSABLE = "a[href], button, input, select, textarea, audio[controls], video[controls], [tabindex]";
const FIELD = "input:not([type=hidden], [type=file], [type=range]), textarea, select";
const WRITING = "input:not([type=checkbox], [type=radio], [type=range]), textarea";

/** Where somebody goes on when nothing better is known: writing, reading, choosing. */
const HOMES = [
  "#main textarea",
  "#main [role=log]",
  "#main [data-layer]",
  "[data-list] [aria-current=page]",
  "[data-list] input",
  "[data-list] a",
  "[data-list] button",
  "main input",
];

/** From the lowest to the innermost. */
const stack: Layer[] = [];
/** What was pressed last: some browsers give the focus to no button that is clicked. */
let pressed: HTMLElement | null = null;
/** What has the focus, or had it until it went away, with everything around it. */
let last: readonly HTMLElement[] = [];
/** Where the focus goes back to once a layer that was closed is gone and that is in reach; until it is somewhere. */
let returning: readonly HTMLElement[] = [];

/** Makes an element a layer while `open`. */
export function useLayer(ref: RefObject<HTMLElement | null>, open: boolean, options: LayerOptions): void {
  const latest = useRef(options);
  useLayoutEffect(() => {
    latest.current = options;
  });
  useLayoutEffect(() => {
    const element = ref.current;
    return open && element !== null ? openLayer(element, latest) : undefined;
  }, [ref, open]);
}

function openLayer(element: HTMLElement, options: Layer["options"]): () => void {
  // What has opened it may be out of reach by now.
  const from = last[0] ?? pressed;
  const around = from === null ? undefined : stack.findLast((layer) => layer.element.contains(from));
  const layer: Layer = { element, options, openers: [...(from === null ? [] : [from]), ...(around?.openers ?? [])] };
  stack.push(layer);
  if (element instanceof HTMLDialogElement) element.showModal();
  begin(layer);
  return () => {
    stack.splice(stack.indexOf(layer), 1);
    if (element instanceof HTMLDialogElement) element.close();
    if (isNowhere() || element.contains(document.activeElement)) {
      // What it came from may be out of reach until all of the change is in the page, or the next one.
      returning = layer.openers;
      layer.openers.some(take);
    }
    queueMicrotask(() => {
      if (isNowhere() && !layer.openers.some(take)) goHome();
    });
  };
}

function begin({ element, options }: Layer): void {
  const { begins } = options.current;
  if (begins === "itself" || (begins === "whole" && take(element))) return;
  const marked = element.querySelector<HTMLElement>("[data-begin]");
  if (marked !== null && take(marked)) return;
  // On glass a search would cover with a keyboard what is to be chosen from.
  const fields = element.querySelectorAll<HTMLElement>(isGlass() ? `:is(${FIELD}):not([type=search])` : FIELD);
  if ([...fields].some(take)) return;
  const others = [...element.querySelectorAll<HTMLElement>(FOCUSABLE)].filter((each) => !each.matches("[data-close]"));
  if (others.some(take)) return;
  take(element.querySelector<HTMLElement>("[data-close]") ?? element);
}

/** Gives the focus, if that is possible. On glass, a field is only given it where somebody was writing before. */
function take(element: HTMLElement): boolean {
  element.focus({ preventScroll: true });
  return document.activeElement === element;
}

/** To where one goes on: the innermost layer, else the composer, the log, what is open, or the list. */
export function goHome(): void {
  const top = stack.findLast(({ options }) => options.current.floats);
  if (top !== undefined) {
    begin(top);
    return;
  }
  for (const home of HOMES)
    for (const element of document.querySelectorAll<HTMLElement>(home))
      // No keyboard comes up on glass by itself.
      if (!(isGlass() && element.matches(WRITING)) && take(element)) return;
}

/** Whether something floats over the page: then the keys of the page are not meant. */
export function isCovered(): boolean {
  return stack.some(({ options }) => options.current.floats);
}

/** Whether nothing has the focus, or what has it is out of reach. */
function isNowhere(): boolean {
  const element = document.activeElement;
  return element === null || element === document.body || element.closest("[inert]") !== null;
}

function isGlass(): boolean {
  return matchMedia(COARSE).matches;
}

function onKeyDown(event: KeyboardEvent): void {
  // A <dialog> would close by itself.
  if (event.key === "Escape" && isComposing(event)) event.preventDefault();
  if (isKey(event, "close")) onEscape(event);
  else if (event.key === "Tab" && !isComposing(event) && !event.defaultPrevented) goRound(event);
}

function onEscape(event: KeyboardEvent): void {
  if (event.defaultPrevented) return;
  const layer = stack.findLast(
    ({ element, options: { current } }) =>
      current.onClose !== null && (current.floats || isNowhere() || element.parentElement?.contains(document.activeElement) === true),
  );
  if (layer === undefined) return;
  event.preventDefault();
  layer.options.current.onClose?.();
}

/** Keeps Tab in the innermost layer that floats. */
function goRound(event: KeyboardEvent): void {
  const element = stack.findLast(({ options }) => options.current.floats)?.element;
  if (element === undefined || !element.checkVisibility()) return;
  const inside = [...element.querySelectorAll<HTMLElement>(FOCUSABLE)].filter(
    (each) => each.tabIndex >= 0 && !each.matches(":disabled") && each.checkVisibility({ visibilityProperty: true }),
  );
  const end = event.shiftKey ? inside[0] : inside.at(-1);
  const start = event.shiftKey ? inside.at(-1) : inside[0];
  const at = document.activeElement;
  if (at !== end && at !== element && element.contains(at)) return;
  event.preventDefault();
  start?.focus();
}

/** What had the focus has gone: the nearest place around it has it now. */
function keep(): void {
  const [element] = last;
  if (element === undefined || !isNowhere()) return;
  // It may only be disabled for a moment, while something is asked for.
  if (element.isConnected && element.closest("[inert], [hidden]") === null) {
    if (!element.matches(":disabled")) take(element);
    return;
  }
  if (returning.some(take)) return;
  const around = last.filter((each) => each.isConnected);
  if (around.some((each) => each.tabIndex >= 0 && take(each))) return;
  for (const each of around) {
    // Beyond these are other places than the one that it was in.
    if (each === document.body || each.matches("#root, .shell, [data-layer]")) break;
    for (const near of each.querySelectorAll<HTMLElement>(FOCUSABLE))
      if (near.tabIndex >= 0 && !(isGlass() && near.matches(WRITING)) && take(near)) return;
  }
  goHome();
}

function ancestors(element: HTMLElement): HTMLElement[] {
  const all: HTMLElement[] = [];
  for (let each: HTMLElement | null = element; each !== null; each = each.parentElement) all.push(each);
  return all;
}

/** Listens to the page; once, for as long as it is there. */
export function watchFocus(): void {
  addEventListener("keydown", onKeyDown);
  document.addEventListener(
    "pointerdown",
    ({ target }) => (pressed = target instanceof Element ? target.closest<HTMLElement>(FOCUSABLE) : null),
    true,
  );
  document.addEventListener("focusin", ({ target }) => {
    last = target instanceof HTMLElement ? ancestors(target) : [];
    returning = [];
  });
  document.addEventListener("focusout", ({ target, relatedTarget }) => {
    if (relatedTarget !== null) return;
    queueMicrotask(() => {
      // It is still there: somebody clicked beside it, and wants the focus nowhere.
      const there = target instanceof HTMLElement && target.isConnected && !target.matches(":disabled");
      if (there && last[0] === target && document.activeElement === document.body && target.closest("[inert]") === null) last = [];
    });
  });
  new MutationObserver(keep).observe(document.body, {
    subtree: true,
    childList: true,
    attributeFilter: ["disabled", "inert", "hidden"],
  });
}
