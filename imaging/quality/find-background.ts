import type { ReducedView } from './reduce-view.js';

/** What a picture shows where there is no breast. */
export interface Background {
  /** The value of the empty field. */
  readonly level: number;
  /** How far a block's mean may lie from `level` and still be background. */
  readonly tolerance: number;
  /** Share of the picture's blocks that are background. */
  readonly share: number;
  /** Share of the other blocks that are brighter than the background: 1 in a mammogram, 0 with inverted grey. */
  readonly brighter: number;
}

/** Bins that the range of the block means is divided into. */
const BINS = 200;
/** The range is taken between these shares of the blocks, so that a label does not stretch it. */
const RANGE = { low: 0.002, high: 0.9 } as const;

/** The lowest and highest block mean, leaving out the darkest and the brightest few. */
function valueRange({ means }: ReducedView): { readonly low: number; readonly high: number } {
  const sorted = Float32Array.from(means).sort();
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] as number;
  return { low: at(RANGE.low), high: at(RANGE.high) };
}

/**
 * Finds the empty field: the value that more blocks have than any other. A breast's texture spreads over the whole
 * range, so this holds with whichever grey and offset a picture was stored.
 * @returns undefined for a constant picture.
 */
export function findBackground(reduced: ReducedView): Background | undefined {
  const { means } = reduced;
  const { low, high } = valueRange(reduced);
  const overall = means.reduce((most, mean) => Math.max(most, mean), 0);
  const span = high > low ? high - low : overall - low;
  if (span <= 0) return undefined;
  const counts = new Uint32Array(BINS + 1);
  const binOf = (mean: number): number => Math.round(((mean - low) / span) * BINS);
  for (const mean of means) {
    const bin = binOf(mean);
    if (bin >= 0 && bin <= BINS) counts[bin]! += 1;
  }
  // Two neighbouring bins together, because a peak may lie on the border between them.
  let peak = 0;
  let most = 0;
  for (let bin = 0; bin <= BINS; bin += 1) {
    const near = (counts[bin] as number) + (counts[bin + 1] ?? 0);
    if (near > most) [peak, most] = [bin, near];
  }
  const inPeak = means.filter((mean) => binOf(mean) === peak || binOf(mean) === peak + 1);
  const level = (inPeak.sort()[inPeak.length >> 1] ?? 0) as number;
  const tolerance = (span / BINS) * 3;
  let share = 0;
  let brighter = 0;
  let darker = 0;
  for (const mean of means) {
    if (Math.abs(mean - level) <= tolerance) share += 1;
    else if (mean > level) brighter += 1;
    else darker += 1;
  }
  return {
    level,
    tolerance,
    share: share / means.length,
    brighter: brighter + darker === 0 ? 1 : brighter / (brighter + darker),
  };
}
