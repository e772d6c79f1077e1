// What stands for a picture until it is there: its thumbhash, as the address of a tiny picture.

import { rgbaToDataURL, thumbHashToRGBA } from "thumbhash";

/** A hash has 5 bytes at least, and never more than this. */
const SHORTEST = 5;
const LONGEST = 32;
/** The newest stay. Each is an address of some kilobytes. */
const MOST = 200;
const known = new Map<string, string | null>();

/** Of base64; null where nothing can be made of it: anybody may have written it. */
export function placeholderOf(thumbhash: string): string | null {
  const made = known.get(thumbhash);
  if (made !== undefined) return made;
  const address = decoded(thumbhash);
  known.set(thumbhash, address);
  for (const oldest of known.keys()) {
    if (known.size <= MOST) break;
    known.delete(oldest);
  }
  return address;
}

function decoded(thumbhash: string): string | null {
  try {
    const bytes = Uint8Array.from(atob(thumbhash), (letter) => letter.charCodeAt(0));
    if (bytes.length < SHORTEST || bytes.length > LONGEST) return null;
    const { w, h, rgba } = thumbHashToRGBA(bytes);
    return w > 0 && h > 0 ? rgbaToDataURL(w, h, rgba) : null;
  } catch {
    return null;
  }
}
