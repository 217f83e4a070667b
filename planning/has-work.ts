import type { Commit } from '../pipeline/commit.js';
import type { StageDeclaration } from '../pipeline/stage.js';
import type { Repository } from '../repos/repository.js';
import { examStates, findCandidates } from './candidates.js';
import { wantsOf } from './wants.js';

/**
 * Whether any exam of a commit wants something that it does not have, so that a job would find something to do. Costs
 * what changed since the last complete state, and ends at the first such exam.
 */
export async function hasWork(
  repository: Repository,
  definitions: readonly StageDeclaration[],
  commit: Commit,
): Promise<boolean> {
  const wants = await wantsOf(repository, definitions, commit);
  if (wants.document.eras.length === 0) return false;
  const candidates = await findCandidates(repository, commit, wants);
  for await (const { isSettled } of examStates(repository, commit, wants, candidates)) {
    if (!isSettled) return true;
  }
  return false;
}
