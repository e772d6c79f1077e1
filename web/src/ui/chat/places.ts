// Where one was in each chat, for coming back to it.

import type { Anchor } from "./layout";

const places = new Map<number, Anchor>();

/** Noted at every move, as nobody says when they will leave. */
export function leaveAt(gid: number, anchor: Anchor): void {
  places.set(gid, anchor);
}

/** Where to begin: at what is new, if anything is, else where one was. */
export function arrive(gid: number, news: boolean): Anchor {
  const place = news ? undefined : places.get(gid);
  return place ?? { at: "arrival" };
}

/** The message that one comes back to; null where that is the newest. */
export function placeIn(gid: number): number | null {
  const place = places.get(gid);
  return place?.at === "row" && Number.isFinite(place.place) ? place.place : null;
}
