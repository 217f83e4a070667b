import { type Commit, OUTCOMES } from '../pipeline/commit.js';
import { writeMemo } from '../repos/memo.js';
import { type Repository, type Roots, rootOf, stageReposOf } from '../repos/repository.js';
import { findCandidates } from './candidates.js';
import type { StageDefinition } from './stage.js';
import { wantsOf } from './wants.js';

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
  const names: string[] = [];
  const wanted = new Map<string, string>();
  for await (const item of candidates.exams()) {
    names.push(item.name);
    wanted.set(item.name, wants.wantedOf(item));
  }
  const outcomes = await repository.outcomes.getMany(rootOf(head, OUTCOMES), names);
  for (const name of names) {
    const outcome = outcomes.get(name);
    if (outcome?.wanted !== wanted.get(name)) return;
    if (outcome?.outcome === 'failed') failed += 1;
    else processed += 1;
  }
  await writeMemo(repository.store, {
    schemaVersion: 1,
    context: wants.context(),
    sequence: head.sequence,
    job,
    exams: rootOf(head, 'exams'),
    results: resultsOf(head),
    processed,
    failed,
  });
}

const resultsOf = (head: Commit): Roots =>
  Object.fromEntries([OUTCOMES, ...stageReposOf(head.roots)].map((repo) => [repo, rootOf(head, repo)]));
