// Puts what was said into another browser's WebM or Ogg into a form that those of Apple play: the sound itself, which is Opus, stays
// as it is, and nothing is decoded. They alone cannot have it otherwise, and have taken Opus in CAF since 2017.

import { cafOf } from "./caf";
import { opusIn } from "./opus";

/** Null where it cannot be had, or is no Opus. */
export async function fetchRemuxed(address: string): Promise<Blob | null> {
  const answer = await fetch(address);
  const opus = answer.ok ? opusIn(new Uint8Array(await answer.arrayBuffer())) : null;
  return opus === null ? null : cafOf(opus);
}
