import { DEFAULT_BRANCH } from '../../pipeline/commit.js';
import { DEFAULT_DEPTH, type ExamExplanation, explainExam } from '../provenance/explain-exam.js';
import { isBranchHead, resolveState } from '../resolve-state.js';
import type { Session } from '../session.js';

export type { ExamExplanation, StageExplanation } from '../provenance/explain-exam.js';

export interface ExplainOptions {
  readonly exam: string;
  /** A commit, a branch, `branch~n`, or a job for the state it left; `main` unless said. */
  readonly ref?: string;
  /** Commits to go back at most in search of earlier results; 300 unless said. */
  readonly depth?: number;
}

/**
 * How an exam came to its results: what each stage did, why, and from which object versions, model files, parameters and
 * code.
 *
 * @throws MammoflowError `not-found` when the state has no such exam, `unknown-reference` when it is not there.
 * @example
 * const { stages } = await mammoflow.explain({ exam: 'exam-17' });
 * for (const { stage, status, why } of stages) console.log(stage, status, why.join('; '));
 */
export async function explain(
  session: Session,
  { exam, ref = DEFAULT_BRANCH, depth = DEFAULT_DEPTH }: ExplainOptions,
): Promise<ExamExplanation> {
  const { repository } = session;
  const commit = await resolveState(repository, ref);
  const asOf = (await isBranchHead(repository, commit)) ? 'now' : 'then';
  return explainExam(repository, await session.stages(), commit, exam, { asOf, depth });
}
