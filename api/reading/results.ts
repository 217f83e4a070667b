import { DEFAULT_BRANCH } from '../../pipeline/commit.js';
import { isExamItem } from '../../pipeline/dicom-inbox.js';
import { LABELS, VARIANTS } from '../../pipeline/predictions.js';
import type { WaitingItem } from '../../pipeline/take-in.js';
import { rootOf } from '../../repos/repository.js';
import { isBranchHead } from '../resolve-state.js';
import type { Session } from '../session.js';
import { inbox } from './inbox.js';
import { type ExamResult, type ExamSelection, streamJobResults, streamResults } from './list-results.js';

export type { ExamResult } from './list-results.js';

export interface ResultsOptions extends ExamSelection {
  /** A commit, a branch, or `branch~n`; `main` unless said. */
  readonly ref?: string;
  /** As that job saw them. */
  readonly job?: string | undefined;
  /** Only these outcomes. */
  readonly outcomes?: readonly ExamResult['outcome'][] | undefined;
  /** Only exams one of whose probabilities is above this. */
  readonly above?: number | undefined;
  /** End after so many. */
  readonly limit?: number | undefined;
}

/**
 * The predictions of each exam, or why there are none, one by one in the order of the tree: to page, take `limit` of them
 * and go on with `after` the last one's exam. A branch's newest commit is held against what is wanted now, one of the past
 * against what made it. For `main`, into which the inbox is taken, exams that only lie there come last: `waiting`, or
 * `failed` where they are refused.
 *
 * @throws MammoflowError `unknown-reference` for a state that is not there, `not-found` for a job that is not or had
 *   nothing to do.
 * @example
 * for await (const { exam, outcome, imageheatmaps } of mammoflow.results({ above: 0.5 })) {
 *   console.log(exam, outcome, imageheatmaps?.left_malignant);
 * }
 */
export async function* results(session: Session, options: ResultsOptions = {}): AsyncGenerator<ExamResult> {
  const { outcomes, above, limit = Number.POSITIVE_INFINITY } = options;
  let given = 0;
  if (limit <= 0) return;
  for await (const result of allResults(session, options)) {
    if (outcomes !== undefined && !outcomes.includes(result.outcome)) continue;
    if (above !== undefined && !isAbove(result, above)) continue;
    yield result;
    given += 1;
    if (given >= limit) return;
  }
}

const isAbove = (result: ExamResult, threshold: number): boolean =>
  VARIANTS.some((variant) => LABELS.some((label) => (result[variant]?.[label] ?? 0) > threshold));

async function* allResults(
  session: Session,
  { ref = DEFAULT_BRANCH, job, exams, after }: ResultsOptions,
): AsyncGenerator<ExamResult> {
  const { repository } = session;
  const stages = await session.stages();
  if (job !== undefined) {
    yield* streamJobResults(repository, stages, job, { exams, after });
    return;
  }
  const waiting = ref === DEFAULT_BRANCH ? await examsInInbox(session, exams) : new Map<string, InInbox>();
  const nothingCommitted = waiting.size > 0 && (await repository.head(ref)) === undefined;
  const commit = nothingCommitted ? undefined : await repository.resolve(ref);
  const committed = commit && (await repository.inputs.getMany(rootOf(commit, 'exams'), waiting.keys()));
  const isOnlyInInbox = (exam: string): boolean => waiting.has(exam) && committed?.has(exam) !== true;
  if (commit !== undefined && (after === undefined || !isOnlyInInbox(after))) {
    const asOf = (await isBranchHead(repository, commit)) ? 'now' : 'then';
    for await (const result of streamResults(repository, stages, commit, asOf, { exams, after })) {
      const item = waiting.get(result.exam);
      yield item === undefined ? result : { ...result, inbox: item.sentence };
    }
  }
  for (const [exam, { state, sentence }] of [...waiting].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!isOnlyInInbox(exam) || (after !== undefined && isOnlyInInbox(after) && exam <= after)) continue;
    yield { exam, outcome: state === 'refused' ? 'failed' : 'waiting', reason: sentence, inbox: sentence };
  }
}

/** What lies in the inbox of an exam; stray files that seem to be an exam's, too, which would be seen nowhere else. */
type InInbox = Pick<WaitingItem, 'state' | 'sentence'>;

async function examsInInbox(session: Session, only: readonly string[] | undefined): Promise<Map<string, InInbox>> {
  const { items, stray } = await inbox(session);
  const exams = items.filter(isExamItem).map(({ name, ...item }) => [name, item] as const);
  const strayExams = (stray.folders ?? []).flatMap(({ exam, sentence }) =>
    exam === undefined ? [] : [[exam, { state: 'incomplete', sentence }] as const],
  );
  // What is waited for goes before what lies beside it.
  return new Map<string, InInbox>([...strayExams, ...exams].filter(([name]) => only?.includes(name) !== false));
}
