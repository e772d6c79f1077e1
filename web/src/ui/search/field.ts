// The field that one types in, from what is below it.

import { COARSE } from "../base/context";
import { FOUND } from "../chats/search";

export const FIELD = `[aria-controls="${FOUND}"]`;

/** As far as no keyboard comes up by that. */
export function goToField(): void {
  if (!matchMedia(COARSE).matches) document.querySelector<HTMLElement>(FIELD)?.focus({ preventScroll: true });
}
