import pLimit from 'p-limit';
import { OUTCOMES, type OutcomeItem, type StageItem } from '../../pipeline/commit.js';
import { MammoflowError } from '../../pipeline/errors.js';
import type { ExamOutcome } from '../../pipeline/job.js';
import { wantsOf } from '../../planning/wants.js';
import { readErasure } from '../../repos/erasures.js';
import { readJobOutcome } from '../../repos/exam-outcomes.js';
import { type Repository, type Roots, rootOf, stageReposOf } from '../../repos/repository.js';
import type { StageDefinition } from '../stage.js';

/** Outcome objects read at once. */
const CONCURRENCY = 16;

export interface Landing {
  /** The commit that holds the results; absent when nothing was still wanted or all was there already. */
  readonly commit?: string;
  /** Exams whose results were not committed because the branch wants something else of them by now. */
  readonly dropped: readonly string[];
}

/** Commits the results of exams that finished in a job. Safe to repeat. */
export async function landResults(
  repository: Repository,
  definitions: readonly StageDefinition[],
  job: string,
  branch: string,
  exams: readonly string[],
): Promise<Landing> {
  const limit = pLimit(CONCURRENCY);
  const found = await Promise.all(exams.map((exam) => limit(() => findOutcome(repository, job, exam))));
  const outcomes = found.filter((outcome) => outcome !== undefined);
  const erased = exams.filter((_, index) => found[index] === undefined);
  const landing: Landing =
    outcomes.length === 0 ? { dropped: [] } : await landOutcomes(repository, definitions, job, branch, outcomes);
  return { ...landing, dropped: [...landing.dropped, ...erased] };
}

/**
 * Commits outcomes onto the head of the branch, all stages of an exam together. An exam lands only if what its outcome
 * was made for is still what the head wants of it.
 */
export async function landOutcomes(
  repository: Repository,
  definitions: readonly StageDefinition[],
  job: string,
  branch: string,
  outcomes: readonly ExamOutcome[],
): Promise<Landing> {
  let dropped: string[] = [];
  const commit = await repository.commitOnto(
    branch,
    { author: 'mammoflow', message: messageFor(outcomes), by: { kind: 'job', job } },
    async (roots) => {
      const wanted = await stillWanted(repository, definitions, roots, outcomes);
      dropped = outcomes.filter((outcome) => !wanted.has(outcome)).map(({ outcome }) => outcome.name);
      const landed = await editRoots(repository, roots, [...wanted]);
      const unchanged = Object.keys(landed).every((repo) => landed[repo]?.tree === rootOf({ roots }, repo).tree);
      return unchanged ? undefined : { roots: landed };
    },
  );
  return { ...(commit === undefined ? {} : { commit: commit.id }), dropped };
}

/** Undefined for an exam that was erased: its outcome is gone on purpose. */
async function findOutcome(repository: Repository, job: string, exam: string): Promise<ExamOutcome | undefined> {
  const outcome = await readJobOutcome(repository.store, job, exam);
  if (outcome !== undefined || (await readErasure(repository.store, exam)) !== undefined) return outcome;
  throw new MammoflowError('missing-object', `The outcome of exam ${exam} in job ${job} is gone from the bucket.`);
}

async function stillWanted(
  repository: Repository,
  definitions: readonly StageDefinition[],
  roots: Roots,
  outcomes: readonly ExamOutcome[],
): Promise<Set<ExamOutcome>> {
  const wants = await wantsOf(repository, definitions, { roots });
  const names = outcomes.map(({ outcome }) => outcome.name);
  const items = await repository.inputs.getMany(rootOf({ roots }, 'exams'), names);
  return new Set(
    outcomes.filter(({ outcome }) => {
      const item = items.get(outcome.name);
      return item !== undefined && wants.wantedOf(item) === outcome.wanted;
    }),
  );
}

/** Sets what the exams produced; a stage that produced nothing this time keeps nothing from before. */
async function editRoots(repository: Repository, roots: Roots, landing: readonly ExamOutcome[]): Promise<Roots> {
  const repos = new Set(stageReposOf(roots));
  for (const { statuses } of landing) for (const stage of Object.keys(statuses)) repos.add(stage);
  const edited: Record<string, Roots[string]> = { ...roots };
  await Promise.all(
    [...repos].map(async (repo) => {
      const changes = new Map(
        landing.map(({ outcome, stages }): [string, StageItem | null] => [outcome.name, stages[repo] ?? null]),
      );
      edited[repo] = await repository.stages.edit(rootOf({ roots }, repo), changes);
    }),
  );
  const before = rootOf({ roots }, OUTCOMES);
  const known = await repository.outcomes.getMany(
    before,
    landing.map(({ outcome }) => outcome.name),
  );
  const changes = new Map<string, OutcomeItem>();
  for (const { outcome } of landing) {
    // Looking again at an exam whose results are known to belong to it changes nothing, not even the job's name.
    const earlier = known.get(outcome.name);
    const same =
      earlier?.wanted === outcome.wanted && earlier.outcome === outcome.outcome && outcome.outcome === 'processed';
    if (!same) changes.set(outcome.name, outcome);
  }
  edited[OUTCOMES] = await repository.outcomes.edit(before, changes);
  return edited;
}

function messageFor(outcomes: readonly ExamOutcome[]): string {
  const failed = outcomes.filter(({ outcome }) => outcome.outcome === 'failed').length;
  const processed = outcomes.length - failed;
  const first = outcomes[0]?.outcome.name ?? '';
  const what = outcomes.length === 1 ? `exam ${first}` : `${outcomes.length} exams`;
  return failed === 0 ? `Results of ${what}` : `Results of ${what} (${processed} processed, ${failed} failed)`;
}
