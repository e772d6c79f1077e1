// The draft that one writes, and the one that the engine has: what is typed here, and what comes from elsewhere.

import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";

import type { ChatView, Engine } from "../../engine/contract";

const PAUSE_MS = 400;

export interface Writing {
  readonly text: string;
  /** What the engine was last seen to have. Where the text differs, somebody has typed here since. */
  readonly base: string;
}

/**
 * The engine has another draft: another tab wrote or sent it, or the chat was deleted. It is taken over at once, focused or
 * not, so that nothing is sent twice; but for what was typed here and is not kept yet, which is what somebody sees and means.
 * Where that began from nothing it goes on after the draft: so a word is whole again that was cut in two when the history of
 * the server was replaced.
 */
export function heard({ text, base }: Writing, draft: string): Writing {
  if (text === base) return { text: draft, base: draft };
  return { text: base === "" && !text.startsWith(draft) ? draft + text : text, base: draft };
}

/** Mounted anew for each chat, and for each history: kept is the draft a moment after one writes, and when one leaves. */
export function useDraft(engine: Engine, gid: number, draft: string, to: ChatView["to"], replyTo: number | null = null) {
  const [state, setState] = useState<Writing>({ text: draft, base: draft });
  let writing = state;
  if (draft !== state.base) {
    // While it is drawn, so that no key finds the old one.
    writing = heard(state, draft);
    setState(writing);
  }
  const { text, base } = writing;

  const latest = useRef({ writing, to, replyTo });
  useLayoutEffect(() => {
    latest.current = { writing, to, replyTo };
  });
  const setText = useCallback((next: string) => {
    // The page may end before it is drawn: what was just sent is not a draft then.
    const { writing } = latest.current;
    latest.current = { ...latest.current, writing: { ...writing, text: next } };
    setState(({ base }) => ({ text: next, base }));
  }, []);
  const keep = useCallback(() => {
    const { writing, to, replyTo } = latest.current;
    // What the engine takes it shows, and so `base` follows; what it could not take is still to be kept.
    if (writing.text !== writing.base) engine.setDraft(gid, writing.text, to, replyTo);
  }, [engine, gid]);
  /** What is written answers a message, or none any more. */
  const answer = useCallback(
    (id: number | null) => {
      const { writing, to } = latest.current;
      latest.current = { ...latest.current, replyTo: id };
      engine.setDraft(gid, writing.text, to, id);
    },
    [engine, gid],
  );
  useEffect(() => {
    if (text === base) return;
    const timer = setTimeout(keep, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text, base, keep]);
  useEffect(() => {
    const unheard = engine.onEnd(keep);
    addEventListener("pagehide", keep);
    // On phones the last word that a page is told.
    document.addEventListener("visibilitychange", keep);
    return () => {
      unheard();
      removeEventListener("pagehide", keep);
      document.removeEventListener("visibilitychange", keep);
      keep();
    };
  }, [engine, keep]);
  return { text, setText, keep, answer };
}
