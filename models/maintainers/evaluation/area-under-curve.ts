/** A case with its truth and the score that was given to it. */
export interface ScoredCase {
  readonly positive: boolean;
  readonly score: number;
}

/**
 * The area under the receiver operating characteristic: the share of pairs of a positive and a negative case in which the
 * positive one has the higher score; a tie counts half (Hanley and McNeil 1982). Computed from ranks, in O(n log n).
 * @returns NaN unless there is at least one case of each kind.
 */
export function areaUnderCurve(cases: readonly ScoredCase[]): number {
  const sorted = [...cases].sort((a, b) => a.score - b.score);
  let positives = 0;
  let rankSum = 0;
  for (let first = 0; first < sorted.length; ) {
    const { score } = sorted[first] as ScoredCase;
    let end = first;
    let positivesHere = 0;
    for (; end < sorted.length && (sorted[end] as ScoredCase).score === score; end += 1) {
      if ((sorted[end] as ScoredCase).positive) positivesHere += 1;
    }
    // Tied cases share the mean of the ranks (from 1) that they take up.
    rankSum += positivesHere * ((first + 1 + end) / 2);
    positives += positivesHere;
    first = end;
  }
  const negatives = sorted.length - positives;
  return positives === 0 || negatives === 0
    ? Number.NaN
    : (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}
