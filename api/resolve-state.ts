import type { Commit } from '../pipeline/commit.js';
import { MammoflowError } from '../pipeline/errors.js';
import { jobSettingsSchema, jobSummarySchema } from '../pipeline/job.js';
import { readJson } from '../repos/json-objects.js';
import { jobSettingsKey, jobSummaryKey } from '../repos/layout.js';
import type { Repository } from '../repos/repository.js';

/**
 * The commit that a reference names, as `Repository.resolve` does, where a job's id stands for the state it left.
 * @throws MammoflowError `unknown-reference` when it names neither; `not-found` for a job that has not ended.
 */
export async function resolveState(repository: Repository, reference: string): Promise<Commit> {
  try {
    return await repository.resolve(reference);
  } catch (error) {
    if (!(error instanceof MammoflowError) || error.code !== 'unknown-reference') throw error;
    const summary = await readJson(repository.store, jobSummaryKey(reference), jobSummarySchema);
    if (summary !== undefined && summary.commit !== '') return repository.commit(summary.commit);
    if ((await readJson(repository.store, jobSettingsKey(reference), jobSettingsSchema)) === undefined) {
      const next = 'The id of a job that has ended will do too: see `mammoflow jobs`.';
      throw new MammoflowError(error.code, error.message, [error.next, next].filter(Boolean).join(' '));
    }
    throw new MammoflowError(
      'not-found',
      `Job ${reference} has not ended, so it has left no state yet.`,
      `Wait for it with \`mammoflow job ${reference} --watch\`, or name a commit.`,
    );
  }
}

/** Whether a branch points at a commit: then it is held against what is wanted now, and otherwise against what made it. */
export async function isBranchHead(repository: Repository, commit: Commit): Promise<boolean> {
  for await (const branch of repository.branches(undefined, () => undefined))
    if (branch.commit === commit.id) return true;
  return false;
}
