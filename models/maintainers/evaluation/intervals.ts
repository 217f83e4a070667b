import { MersenneTwister, randint } from '../../../imaging/mersenne-twister.js';

/** A 95 % confidence interval. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** The standard normal distribution's quantile at 97.5 %. */
const Z = 1.959963984540054;

/**
 * Wilson's score interval for a share (Wilson 1927): unlike the normal approximation it stays within 0 and 1 and holds
 * for shares near them.
 * @returns the whole range when there were no trials.
 */
export function wilsonInterval(successes: number, trials: number): Interval {
  if (trials === 0) return { low: 0, high: 1 };
  const share = successes / trials;
  const shrink = 1 + Z ** 2 / trials;
  const centre = (share + Z ** 2 / (2 * trials)) / shrink;
  const reach = (Z / shrink) * Math.sqrt((share * (1 - share)) / trials + Z ** 2 / (4 * trials ** 2));
  return { low: Math.max(0, centre - reach), high: Math.min(1, centre + reach) };
}

export const BOOTSTRAP_SAMPLES = 2000;

/**
 * The percentile bootstrap interval of a statistic (Efron and Tibshirani 1993): units are drawn with replacement, as many
 * as there are. Give what is independent as units, e.g. exams and not breasts.
 * @param statistic may give NaN for a draw that does not define it; such draws are left out.
 * @returns NaN for both ends when no draw defines the statistic.
 */
export function bootstrapInterval<Unit>(
  units: readonly Unit[],
  statistic: (drawn: readonly Unit[]) => number,
  { seed = 0, samples = BOOTSTRAP_SAMPLES }: { seed?: number; samples?: number } = {},
): Interval {
  const random = MersenneTwister.numpy(seed);
  const values: number[] = [];
  for (let sample = 0; sample < samples; sample += 1) {
    const drawn = units.map(() => units[randint(random, 0, units.length)] as Unit);
    const value = statistic(drawn);
    if (!Number.isNaN(value)) values.push(value);
  }
  values.sort((a, b) => a - b);
  return { low: quantile(values, 0.025), high: quantile(values, 0.975) };
}

/** Linear interpolation between the neighbouring order statistics. */
function quantile(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) return Number.NaN;
  const position = share * (sorted.length - 1);
  const below = sorted[Math.floor(position)] as number;
  const above = sorted[Math.ceil(position)] as number;
  return below + (above - below) * (position - Math.floor(position));
}
