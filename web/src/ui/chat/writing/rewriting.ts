// Changing what one has said: what is typed is kept for as long as the page is there, so that nothing is lost by looking elsewhere.

import { useCallback, useMemo, useState } from "react";

import type { Message } from "../../../engine/contract";
import { plainly } from "../../../i18n/direction";
import { wordsOf } from "../caption";

/** By message, what was typed and not saved. */
const unsaved = new Map<string, string>();
const nameOf = ({ gid, key }: Message): string => `${gid}.${key}`;

/** The words of the message that is being changed; null where none is. */
export function useRewriting(message: Message | null) {
  const [typed, setTyped] = useState<{ readonly of: string; readonly text: string } | null>(null);
  const name = message === null ? null : nameOf(message);
  const setText = useCallback(
    (text: string): void => {
      if (name === null) return;
      unsaved.set(name, text);
      setTyped({ of: name, text });
    },
    [name],
  );
  const forget = useCallback((): void => {
    if (name !== null) unsaved.delete(name);
    setTyped(null);
  }, [name]);
  const content = message === null ? "" : (wordsOf(message) ?? "");
  return useMemo(() => {
    if (name === null) return null;
    const text = typed?.of === name ? typed.text : (unsaved.get(name) ?? plainly(content));
    return { text, setText, forget };
  }, [name, typed, content, setText, forget]);
}
