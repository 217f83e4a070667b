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

/**
 * Finds the empty field: the value that more blocks have than any other. A breast's texture spreads over the whole
 * range, so this holds with whichever grey and offset a picture was stored.
 * @returns undefined for a constant picture.
 */
export function findBackground({ means }: ReducedView): Background | undefined {
  // Counted by whole values, which is many times faster than sorting.
  const counts = new Uint32Array(65_536);
  for (let block = 0; block < means.length; block += 1) counts[Math.round(means[block] as number)]! += 1;
  const low = valueAt(counts, Math.floor((means.length - 1) * RANGE.low));
  const high = valueAt(counts, Math.floor((means.length - 1) * RANGE.high));
  // A breast that takes less than a tenth of the picture lies above the range.
  const span = (high > low ? high : valueAt(counts, means.length - 1)) - low;
  if (span <= 0) return undefined;

  const bins = new Uint32Array(BINS + 1);
  const binOf = (value: number): number => Math.round(((value - low) / span) * BINS);
  for (let value = low; value <= low + span; value += 1) bins[binOf(value)]! += counts[value] as number;
  // Two neighbouring bins together, because a peak may lie on the border between them.
  let peak = 0;
  let most = 0;
  for (let bin = 0; bin <= BINS; bin += 1) {
    const near = (bins[bin] as number) + (bins[bin + 1] ?? 0);
    if (near > most) [peak, most] = [bin, near];
  }
  const inPeak = counts.map((times, value) =>
    times > 0 && (binOf(value) === peak || binOf(value) === peak + 1) ? times : 0,
  );
  const level = valueAt(inPeak, most >> 1);
  const tolerance = (span / BINS) * 3;
  let [share, brighter, darker] = [0, 0, 0];
  for (let block = 0; block < means.length; block += 1) {
    const above = (means[block] as number) - level;
    if (Math.abs(above) <= tolerance) share += 1;
    else if (above > 0) brighter += 1;
    else darker += 1;
  }
  return {
    level,
    tolerance,
    share: share / means.length,
    brighter: brighter + darker === 0 ? 1 : brighter / (brighter + darker),
  };
}

/** The value at a place in the order of all values, from 0, given how often each occurs. */
function valueAt(counts: Uint32Array, place: number): number {
  let rest = place;
  let value = 0;
  while (value < counts.length - 1 && rest >= (counts[value] as number)) {
    rest -= counts[value] as number;
    value += 1;
  }
  return value;
}
