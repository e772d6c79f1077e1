// The keys that count everywhere, and typing that finds its way to the composer by itself.

import { useEffect } from "react";

import type { Engine } from "../../engine/contract";
import { useEngine } from "../base/context";
import { isComposing, whichKey } from "../base/keys";
import { isCovered } from "../base/layers";
import { navigate, navigateUp, type Route, useWhere } from "../base/router";

const EDITABLE = "textarea, select, input:not([type=checkbox], [type=radio], [type=range], [type=file]), [contenteditable]";
/** What has a use for the space bar of its own. */
const PRESSABLE = "a, button, input, summary, audio, video, [role=option]";
/** Of a page, so much stays in sight. */
const OVERLAP_PX = 48;

export function useKeyboard(onKeys: () => void): void {
  const engine = useEngine();
  const { route, searching } = useWhere();
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || isComposing(event) || isCovered()) return;
      switch (whichKey(event, ["keys", "find", "findHere", "previousChat", "nextChat", "pageUp", "pageDown"])) {
        case "keys":
          onKeys();
          break;
        case "find":
          find(searching);
          break;
        case "findHere":
          document.querySelector<HTMLElement>(".chat__find")?.click();
          break;
        case "previousChat":
          step(engine, route, -1);
          break;
        case "nextChat":
          step(engine, route, 1);
          break;
        case "pageUp":
          if (!turnPage(event, -1)) return;
          break;
        case "pageDown":
          if (!turnPage(event, 1)) return;
          break;
        case null:
          // Not prevented: what is typed comes into the composer, which has the focus now.
          if (isTyping(event)) composer()?.focus();
          return;
      }
      event.preventDefault();
    };
    const onPaste = (event: ClipboardEvent): void => {
      const text = event.clipboardData?.getData("text/plain") ?? "";
      if (event.defaultPrevented || isCovered() || isEditable(event.target) || text === "") return;
      const field = composer();
      field?.focus();
      if (field === null || document.activeElement !== field) return;
      event.preventDefault();
      document.execCommand("insertText", false, text);
    };
    addEventListener("keydown", onKeyDown);
    addEventListener("paste", onPaste);
    return () => {
      removeEventListener("keydown", onKeyDown);
      removeEventListener("paste", onPaste);
    };
  }, [engine, route, searching, onKeys]);
}

function composer(): HTMLTextAreaElement | null {
  return document.querySelector("#main .composer textarea");
}

function isEditable(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest(EDITABLE) !== null;
}

function isTyping(event: KeyboardEvent): boolean {
  const { key, target } = event;
  // AltGr makes characters, and is Ctrl and Alt at once where there is none.
  const modified = (event.ctrlKey || event.altKey) && !event.getModifierState("AltGraph");
  if ([...key].length !== 1 || modified || event.metaKey || isEditable(target)) return false;
  return key !== " " || !(target instanceof Element && target.closest(PRESSABLE) !== null);
}

/** Scrolls the log, unless something else that scrolls has the focus. */
function turnPage({ target }: KeyboardEvent, direction: 1 | -1): boolean {
  const log = document.querySelector("#main [role=log]");
  const here = target === document.body || (target instanceof Element && target.closest(".composer") !== null);
  if (log === null || !here) return false;
  log.scrollBy({ top: direction * (log.clientHeight - OVERLAP_PX) });
  return true;
}

function find(searching: boolean): void {
  const focus = (): boolean => {
    const input = document.querySelector<HTMLInputElement>("[data-list=chats] input");
    input?.focus();
    input?.select();
    return input !== null && document.activeElement === input;
  };
  if (searching && focus()) return;
  // On a narrow screen what was opened from there lies over it.
  if (searching) navigateUp({ page: "search" });
  else navigate({ page: "search" });
  setTimeout(focus);
}

function step(engine: Engine, route: Route, by: 1 | -1): void {
  const rows = engine.chats.get();
  const at = route.page === "chat" ? rows.findIndex(({ gid }) => gid === route.gid) : -1;
  const to = rows[Math.max(0, at + by)];
  if (to !== undefined) navigate({ page: "chat", gid: to.gid, panel: false });
}
