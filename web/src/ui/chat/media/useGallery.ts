// A part of a chat's gallery, page by page from the newest on, each message as it is now.

import { useCallback, useEffect, useMemo, useRef, useState } from "react";

import type { ChatView, FoundPage, GalleryPart, Message, Problem } from "../../../engine/contract";
import { useEngine, useLive } from "../../base/context";
import { isOfPart } from "./shared";

export interface Gallery {
  /** Newest first; null until the first page is there. */
  readonly messages: readonly Message[] | null;
  /** So many pages are there. */
  readonly pages: number;
  readonly more: boolean;
  readonly problem: Problem | null;
  readonly load: () => void;
}

interface Known {
  readonly part: GalleryPart;
  readonly pages: readonly FoundPage[];
  readonly problem: Problem | null;
}

export function useGallery(view: ChatView, part: GalleryPart): Gallery {
  const engine = useEngine();
  const { gid } = view.group;
  const [state, setState] = useState<Known>({ part, pages: [], problem: null });
  const known = state.part === part ? state : { part, pages: [], problem: null };
  const asking = useRef<GalleryPart | null>(null);
  const last = known.pages.at(-1);
  const more = last === undefined || last.more;
  const before = last?.found.at(-1)?.message.seq ?? null;
  const load = useCallback(() => {
    if (asking.current === part) return;
    asking.current = part;
    void engine.gallery(gid, part, before).then((outcome) => {
      if (asking.current !== part) return;
      asking.current = null;
      setState((old) => {
        const pages = old.part === part ? old.pages : [];
        return outcome.ok ? { part, pages: [...pages, outcome.value], problem: null } : { part, pages, problem: outcome.problem };
      });
    });
  }, [engine, gid, part, before]);
  const begun = known.pages.length > 0 || known.problem !== null;
  useEffect(() => {
    if (!begun) load();
  }, [begun, load]);

  const listed = useLive(engine.listed);
  const messages = useMemo(() => {
    if (known.pages.length === 0) return null;
    const found = known.pages.flatMap((page) => page.found.map(({ message }) => message));
    const newest = found[0]?.seq ?? 0;
    const come = view.messages.filter((each) => each.seq !== null && each.seq > newest && isOfPart(each, part)).reverse();
    const here = new Map(view.messages.map((each) => [each.key, each]));
    return [...come, ...found.map((each) => here.get(each.key) ?? listed(gid, each.key) ?? each)].filter((each) => isOfPart(each, part));
  }, [known.pages, view.messages, listed, gid, part]);
  return { messages, pages: known.pages.length, more, problem: known.problem, load };
}
