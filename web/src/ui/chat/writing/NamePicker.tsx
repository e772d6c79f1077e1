// Those who may be meant by what stands behind an "@", and the keys that choose among them.

import { type RefObject, useEffect, useLayoutEffect, useState } from "react";

import { useEngine, useTranslator } from "../../base/context";
import { whichKey } from "../../base/keys";
import { MentionPicker } from "./MentionPicker";
import type { Candidate, Nameable } from "./nameable";
import { useCandidates } from "./naming";
import type { Press } from "./picking";

export interface NamePickerProps {
  readonly id: string;
  readonly gid: number;
  readonly nameable: Nameable;
  readonly search: string;
  /** Where whoever has the focus finds what takes its keys. */
  readonly pressRef: RefObject<Press | null>;
  /** The one that is chosen; null: nobody is listed. */
  readonly onAt: (at: number | null) => void;
  readonly onPick: (candidate: Candidate) => void;
  readonly onClose: () => void;
}

export function NamePicker({ id, gid, nameable, search, pressRef, onAt, onPick, onClose }: NamePickerProps) {
  const engine = useEngine();
  const translator = useTranslator();
  const candidates = useCandidates(engine, gid, nameable, search, translator);
  const [selected, setSelected] = useState(0);
  const [before, setBefore] = useState(candidates);
  if (candidates !== before) {
    setBefore(candidates);
    setSelected(0);
  }
  const offered = candidates.length > 0;
  useEffect(() => {
    onAt(offered ? selected : null);
    return () => onAt(null);
  }, [offered, selected, onAt]);
  useLayoutEffect(() => {
    pressRef.current = (event) => {
      const key = !offered ? null : event.key === "Tab" && !event.shiftKey ? "pick" : whichKey(event.nativeEvent, ["up", "down", "pick", "close"]);
      if (key === null) return false;
      event.preventDefault();
      const candidate = candidates[selected];
      if (key === "close") onClose();
      else if (key === "pick") {
        if (candidate !== undefined) onPick(candidate);
      } else setSelected((selected + (key === "up" ? -1 : 1) + candidates.length) % candidates.length);
      return true;
    };
    return () => {
      pressRef.current = null;
    };
  });
  return offered ? <MentionPicker id={id} candidates={candidates} selected={selected} onPick={onPick} /> : null;
}
