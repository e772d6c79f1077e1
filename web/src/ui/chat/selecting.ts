// Messages that are selected, whether they are in the page or not: rows come and go by scrolling. Those in which the
// selection begins and ends stay, and what is copied is made of all messages from one to the other.

import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef } from "react";

import type { Message, User } from "../../engine/contract";
import type { Translator } from "../../i18n/translator";
import { isMod } from "../base/keys";
import { realNameOf } from "../base/text";
import { between, copyOf } from "./copying";

interface Ends {
  /** The message where selecting began, and the one where it is. */
  anchor: string;
  focus: string;
}

export interface Selecting {
  /** What holds the log. */
  readonly list: RefObject<HTMLElement | null>;
  readonly messages: readonly Message[];
  readonly people: ReadonlyMap<number, User>;
  readonly me: User;
  readonly translator: Translator;
}

/** Makes what is copied of several messages complete. Returns what tells the messages that have to stay in the page. */
export function useSelecting(selecting: Selecting): () => readonly string[] {
  const latest = useRef(selecting);
  const ends = useRef<Ends | null>(null);
  const held = useCallback((): readonly string[] => (ends.current === null ? [] : [ends.current.anchor, ends.current.focus]), []);

  // Not while rendering, which React may do in vain: what is copied is what is in the page.
  useLayoutEffect(() => {
    latest.current = selecting;
  });
  useEffect(() => {
    const onSelection = (): void => {
      ends.current = endsOf(latest.current.list.current, document.getSelection(), ends.current);
    };
    const onCopy = (event: ClipboardEvent): void => {
      const { messages, people, me, translator } = latest.current;
      if (ends.current === null || event.clipboardData === null || isField(event.target)) return;
      const selected = between(messages, ends.current.anchor, ends.current.focus);
      // A part of one message is what the browser copies.
      if (selected === null || selected.length < 2) return;
      const nameOf = (uid: number): string =>
        (uid === me.id ? me.name : realNameOf(people.get(uid))) || translator.t("chat.someone");
      const { text, html } = copyOf(selected, nameOf, translator);
      event.clipboardData.setData("text/plain", text);
      event.clipboardData.setData("text/html", html);
      event.preventDefault();
    };
    /** All of a chat is all that is loaded. */
    const onKeyDown = (event: KeyboardEvent): void => {
      const { list, messages } = latest.current;
      const log = list.current?.querySelector("[role=log]") ?? null;
      if (!isMod(event) || event.altKey || event.key.toLowerCase() !== "a") return;
      if (log === null || !(event.target instanceof Node) || !log.contains(event.target)) return;
      const [first, last] = [messages[0], messages.at(-1)];
      if (first === undefined || last === undefined) return;
      event.preventDefault();
      document.getSelection()?.selectAllChildren(log);
      ends.current = { anchor: first.key, focus: last.key };
    };
    document.addEventListener("selectionchange", onSelection);
    document.addEventListener("copy", onCopy);
    document.addEventListener("keydown", onKeyDown);
    return () => {
      document.removeEventListener("selectionchange", onSelection);
      document.removeEventListener("copy", onCopy);
      document.removeEventListener("keydown", onKeyDown);
    };
  }, []);

  return held;
}

function isField(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
}

/** The messages at the ends of a selection; what has gone out of the page is remembered. */
export function endsOf(list: Element | null, selection: Selection | null, before: Ends | null): Ends | null {
  if (list === null || selection === null || selection.isCollapsed) return null;
  const { anchorNode, anchorOffset, focusNode, focusOffset } = selection;
  if (anchorNode === null || focusNode === null) return null;
  const log = list.querySelector("[role=log]");
  if (log === null || !(log.contains(anchorNode) || log.contains(focusNode))) return null;
  // A selection of all that is in the log has no message at its ends: it is as it was made.
  if (anchorNode === log && focusNode === log) return before;
  const forwards = isBefore(anchorNode, anchorOffset, focusNode, focusOffset);
  const anchor = messageAt(log, anchorNode, anchorOffset, forwards) ?? before?.anchor;
  const focus = messageAt(log, focusNode, focusOffset, !forwards) ?? before?.focus;
  return anchor === undefined || focus === undefined ? null : { anchor, focus };
}

function isBefore(a: Node, aOffset: number, b: Node, bOffset: number): boolean {
  const range = document.createRange();
  range.setStart(a, aOffset);
  range.collapse(true);
  return range.comparePoint(b, bOffset) >= 0;
}

/** The message that a point is in; of one at the very edge of a message, the next that is really selected. */
function messageAt(log: Element, node: Node, offset: number, isStart: boolean): string | null {
  const articles = [...log.querySelectorAll<HTMLElement>("article[data-key]")];
  if (!log.contains(node)) {
    // Dragged out of the log: up to what is in sight of it.
    const after = (log.compareDocumentPosition(node) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0;
    return (after ? articles.at(-1) : articles[0])?.dataset["key"] ?? null;
  }
  const element = node instanceof Element ? node : node.parentElement;
  const article = element?.closest<HTMLElement>("article[data-key]") ?? null;
  if (article === null) {
    // Between messages, as in a line of a day. What holds the rows themselves is where an end falls whose row has gone.
    const row = element?.closest(".log__row") ?? null;
    if (row === null) return null;
    const near = articles.filter((each) => (row.compareDocumentPosition(each) & order(isStart)) !== 0);
    return (isStart ? near[0] : near.at(-1))?.dataset["key"] ?? null;
  }
  const rest = document.createRange();
  rest.selectNodeContents(article);
  if (isStart) rest.setStart(node, offset);
  else rest.setEnd(node, offset);
  if (rest.toString() !== "") return article.dataset["key"] ?? null;
  const at = articles.indexOf(article);
  return (articles[isStart ? at + 1 : at - 1] ?? article).dataset["key"] ?? null;
}

function order(isStart: boolean): number {
  return isStart ? Node.DOCUMENT_POSITION_FOLLOWING : Node.DOCUMENT_POSITION_PRECEDING;
}
