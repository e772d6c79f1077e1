// How loud a voice message is over its length, as bars. Pure.

/** So loud a moment of a message can be. */
const LOUDEST = 31;
/** Silence is a line, too. */
const LEAST = 0.08;

/** `count` heights from 0 to 1, each of the loudest moment in its part. */
export function barsOf(waveform: readonly number[], count: number): readonly number[] {
  return Array.from({ length: count }, (_, bar) => {
    const from = Math.floor((bar * waveform.length) / count);
    const to = Math.max(from + 1, Math.ceil(((bar + 1) * waveform.length) / count));
    return Math.max(LEAST, ...waveform.slice(from, to).map((loud) => Math.min(1, loud / LOUDEST)));
  });
}

/** The bars as one path in a box of `count` steps by 1: lines from the bottom to the top, around the middle. */
export function pathOf(bars: readonly number[]): string {
  return bars.map((height, at) => `M${at + 0.5} ${round(0.5 - height / 2)}V${round(0.5 + height / 2)}`).join("");
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
