/** How a set of changes is spread. Without values there is nothing but the count. */
export interface ChangeDistribution {
  readonly count: number;
  readonly mean?: number;
  readonly median?: number;
  readonly p5?: number;
  readonly p95?: number;
  /** The change with the greatest absolute value, with its sign. */
  readonly greatest?: number;
  /** How many changes have an absolute value from `from` up to, and not including, `to`; 1 belongs to the last. */
  readonly histogram: readonly { readonly from: number; readonly to: number; readonly count: number }[];
}

/** Edges of the bins of |change| between probabilities: narrow where rounding and noise lie, wide where people look. */
export const CHANGE_BINS = [0, 0.001, 0.01, 0.05, 0.1, 0.2, 0.5, 1] as const;

/** Describes changes of probabilities, each from -1 to 1. */
export function describeDistribution(changes: readonly number[]): ChangeDistribution {
  const histogram = CHANGE_BINS.slice(0, -1).map((from, index) => {
    const to = CHANGE_BINS[index + 1] as number;
    const isIn = (size: number): boolean => size >= from && (size < to || (to === 1 && size >= 1));
    return { from, to, count: changes.filter((change) => isIn(Math.abs(change))).length };
  });
  if (changes.length === 0) return { count: 0, histogram };
  const sorted = [...changes].sort((a, b) => a - b);
  return {
    count: changes.length,
    mean: changes.reduce((sum, change) => sum + change, 0) / changes.length,
    median: quantile(sorted, 0.5),
    p5: quantile(sorted, 0.05),
    p95: quantile(sorted, 0.95),
    greatest: changes.reduce((greatest, change) => (Math.abs(change) > Math.abs(greatest) ? change : greatest)),
    histogram,
  };
}

/**
 * A quantile by linear interpolation between neighbours (type 7 of Hyndman and Fan, Sample Quantiles in Statistical
 * Packages, 1996; NumPy's default). `sorted` is ascending and not empty.
 */
export function quantile(sorted: readonly number[], share: number): number {
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)] as number;
  const above = sorted[Math.ceil(position)] as number;
  return below + (above - below) * (position - Math.floor(position));
}
