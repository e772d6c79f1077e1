// How loud it was, as it is drawn: a few bars of 0 to 31. Pure.

export const BARS = 64;
export const LOUDEST = 31;
/** Below this, in decibels, it is quiet; speech close to a microphone comes up to 0. */
const QUIET_DB = -50;

/** How loud a moment was, from 0 to 1. */
export function loudness(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const decibels = 10 * Math.log10(sum / Math.max(1, samples.length) + 1e-10);
  return Math.min(1, Math.max(0, 1 - decibels / QUIET_DB));
}

/** As many bars as there are moments, at most `BARS`: each the loudest of its part. */
export function barsOf(levels: readonly number[]): readonly number[] {
  const count = Math.min(BARS, levels.length);
  return Array.from({ length: count }, (_, at) => {
    const part = levels.slice(Math.floor((at * levels.length) / count), Math.ceil(((at + 1) * levels.length) / count));
    return Math.round(Math.max(...part) * LOUDEST);
  });
}
