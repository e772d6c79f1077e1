// Names and texts of people in sentences of ours: they run in their own direction and turn nothing around them.

// Characters that change the direction of what follows, whether it is theirs or not: LRE, RLE, PDF, LRO, RLO and the
// isolates. A mark of direction (LRM, RLM) reaches no further than its neighbours and stays.
const OVERRIDES = /[\u202a-\u202e\u2066-\u2069]/g;
/** Letters that are written from right to left. */
const LEFTWARDS = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** Without the characters that turn what stands around them. */
export function plainly(text: string): string {
  return text.replace(OVERRIDES, "");
}

/** For where there are no elements: titles, labels, notifications. What runs to the left is isolated in them. */
export function isolated(text: string): string {
  const plain = plainly(text);
  return LEFTWARDS.test(plain) ? `\u2068${plain}\u2069` : plain;
}
