// Long messages show their beginning.

/** Lines that a long message shows at first. */
export const FOLDED_LINES = 20;

/** About how many letters a line of a bubble has. */
export function lineWidth(narrow: boolean): number {
  return narrow ? 38 : 72;
}

/** Messages that somebody has unfolded, by id: they stay so when they come back into sight. */
export const unfolded = new Set<string>();
