import type { GreyPlane } from './plane.js';

/** How often each value occurs among the pixels that are not 0. */
export interface Histogram {
  /** Of all pixels, those that are 0 too. */
  readonly least: number;
  readonly most: number;
  /** How many are not 0. */
  readonly count: number;
  /** By value. */
  readonly counts: Uint32Array;
}

const VALUES = 65_536;

export function histogramOf({ values }: GreyPlane): Histogram {
  const counts = new Uint32Array(VALUES);
  for (let index = 0; index < values.length; index += 1) counts[values[index] as number]! += 1;
  let least = 0;
  while (least < VALUES - 1 && counts[least] === 0) least += 1;
  let most = VALUES - 1;
  while (most > 0 && counts[most] === 0) most -= 1;
  const count = values.length - (counts[0] as number);
  counts[0] = 0;
  return { least: Math.min(least, most), most, count, counts };
}

/** The least value that a share (0 to 1) of the pixels that are not 0 do not exceed; 0 where there are none. */
export function percentile({ count, counts }: Histogram, share: number): number {
  if (count === 0) return 0;
  const wanted = Math.max(1, Math.ceil(share * count));
  let seen = 0;
  for (let value = 1; value < VALUES; value += 1) {
    seen += counts[value] as number;
    if (seen >= wanted) return value;
  }
  return VALUES - 1;
}
