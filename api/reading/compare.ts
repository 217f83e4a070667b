import { type CompareOptions, type Comparison, compareResults } from '../comparison/compare-results.js';
import { resolveState } from '../resolve-state.js';
import type { Session } from '../session.js';

export type { Comparison } from '../comparison/compare-results.js';

export interface CompareStatesOptions extends CompareOptions {
  /** A commit, a branch, `branch~n`, or a job for the state it left. */
  readonly before: string;
  readonly after: string;
}

/**
 * How predictions and heatmaps moved between two states. Exams whose results are the same are not read.
 *
 * @throws MammoflowError `unknown-reference` or `not-found` for a state that is not there.
 * @example
 * const { movements } = await mammoflow.compare({ before: 'main', after: 'trial', threshold: 0.2 });
 */
export async function compare(
  { repository }: Session,
  { before, after, ...options }: CompareStatesOptions,
): Promise<Comparison> {
  const states = [await resolveState(repository, before), await resolveState(repository, after)] as const;
  return compareResults(repository, ...states, options);
}
