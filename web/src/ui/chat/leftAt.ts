// Where one was in each chat, for coming back to it.

import type { Anchor } from "./layout";

const anchors = new Map<number, Anchor>();

/** Noted at every move, as nobody says when they will leave. */
export function leaveAt(gid: number, anchor: Anchor): void {
  anchors.set(gid, anchor);
}

/** Where to begin: at what is new, if anything is, else where one was. */
export function arrive(gid: number, news: boolean): Anchor {
  const anchor = news ? undefined : anchors.get(gid);
  return anchor ?? { at: "arrival" };
}

/** The message that one comes back to; null where that is the newest. */
export function messageLeftAt(gid: number): number | null {
  const anchor = anchors.get(gid);
  return anchor?.at === "row" && Number.isFinite(anchor.place) ? anchor.place : null;
}
