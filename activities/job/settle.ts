import { type Commit, OUTCOMES } from '../../pipeline/commit.js';
import { examStates, findCandidates } from '../../planning/candidates.js';
import { wantsOf } from '../../planning/wants.js';
import { writeMemo } from '../../repos/memo.js';
import { type Repository, type Roots, rootOf, stageReposOf } from '../../repos/repository.js';
import type { StageDefinition } from '../stage.js';

/**
 * Remembers the head of a branch as complete, if it is: the next plan then looks only at what differs from it. Called
 * at a job's end, and does nothing while anything is still waiting.
 */
export async function settle(
  repository: Repository,
  definitions: readonly StageDefinition[],
  job: string,
  branch: string,
): Promise<void> {
  const head = await repository.head(branch);
  if (head === undefined) return;
  const wants = await wantsOf(repository, definitions, head);
  if (wants.document.eras.length === 0) return;
  const candidates = await findCandidates(repository, head, wants);
  let { processed, failed } = candidates.settled;
  for await (const { outcome, isSettled } of examStates(repository, head, wants, candidates)) {
    if (!isSettled) return;
    if (outcome?.outcome === 'failed') failed += 1;
    else processed += 1;
  }
  const accepted = Object.keys(wants.document.accepted ?? {}).sort();
  await writeMemo(repository.store, {
    schemaVersion: 1,
    context: wants.context(),
    sequence: head.sequence,
    job,
    exams: rootOf(head, 'exams'),
    results: resultsOf(head),
    processed,
    failed,
    ...(accepted.length === 0 ? {} : { accepted }),
  });
}

const resultsOf = (head: Commit): Roots =>
  Object.fromEntries([OUTCOMES, ...stageReposOf(head.roots)].map((repo) => [repo, rootOf(head, repo)]));
