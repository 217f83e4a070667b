import type { Spread } from '../../pipeline/model-reference.js';

/**
 * Mean and standard deviation of some values, to four digits.
 * @param narrowest a narrower spread is that of too few or too equal values.
 */
export function spreadOf(values: readonly number[], narrowest: (mean: number) => number): Spread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1);
  const rounded = (value: number): number => Number(value.toPrecision(4));
  return { mean: rounded(mean), deviation: rounded(Math.max(narrowest(mean), Math.sqrt(variance))) };
}

/** How far a value lies from a mean, in standard deviations. */
export const distanceFrom = ({ mean, deviation }: Spread, value: number): number => Math.abs(value - mean) / deviation;
