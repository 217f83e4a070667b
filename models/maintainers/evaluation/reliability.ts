import type { ScoredCase } from './area-under-curve.js';

/** Cases whose probability lies in `[from, to)`; the last bin holds 1 too. */
export interface ReliabilityBin {
  readonly from: number;
  readonly to: number;
  readonly cases: number;
  readonly positives: number;
  /** The mean of their probabilities; null in an empty bin. */
  readonly meanProbability: number | null;
}

export interface Reliability {
  readonly bins: readonly ReliabilityBin[];
  /** Mean over cases of the difference between their bin's mean probability and share of positives (Naeini et al. 2015). */
  readonly expectedCalibrationError: number;
  /** Mean squared difference between probability and truth (Brier 1950). */
  readonly brierScore: number;
}

/** How well probabilities match what happened: the calibration curve in bins of equal width, and two summaries of it. */
export function reliability(cases: readonly ScoredCase[], bins = 10): Reliability {
  const filled = Array.from({ length: bins }, () => ({ cases: 0, positives: 0, sum: 0 }));
  let squares = 0;
  for (const { positive, score } of cases) {
    const bin = filled[Math.min(bins - 1, Math.floor(score * bins))] as (typeof filled)[number];
    bin.cases += 1;
    bin.positives += positive ? 1 : 0;
    bin.sum += score;
    squares += (score - (positive ? 1 : 0)) ** 2;
  }
  return {
    bins: filled.map(({ cases: count, positives, sum }, index) => ({
      from: index / bins,
      to: (index + 1) / bins,
      cases: count,
      positives,
      meanProbability: count === 0 ? null : sum / count,
    })),
    expectedCalibrationError:
      filled.reduce((total, bin) => total + Math.abs(bin.sum - bin.positives), 0) / cases.length,
    brierScore: squares / cases.length,
  };
}
