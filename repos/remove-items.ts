import type { Commit, InputItem, InputRepo } from '../pipeline/commit.js';
import { MammoflowError } from '../pipeline/errors.js';
import { dropResults } from './put-items.js';
import { type CommitDetails, type Repository, type Roots, rootOf } from './repository.js';

export interface RemoveRequest {
  readonly branch: string;
  readonly repo: InputRepo;
  readonly names: readonly string[];
  readonly details: CommitDetails;
}

/**
 * Commits the repo without some items, and without the results of those that are exams. Their versions stay in the
 * bucket, so that earlier commits keep them.
 * @throws MammoflowError `not-found` when one of them is not there; then none is removed.
 */
export async function removeItems(
  repository: Repository,
  { branch, repo, names, details }: RemoveRequest,
): Promise<Commit> {
  const commit = await repository.commitOnto(branch, details, async (roots) => {
    const root = rootOf({ roots }, repo);
    const found = await repository.inputs.getMany(root, names);
    const missing = [...new Set(names)].filter((name) => !found.has(name));
    if (missing.length > 0) {
      throw new MammoflowError(
        'not-found',
        `${repo} on ${branch} has no ${missing.join(', ')}, so nothing was removed.`,
        `See \`mammoflow ls ${repo}@${branch}\`.`,
      );
    }
    const nothing = new Map([...found.keys()].map((name): [string, InputItem | null] => [name, null]));
    const edited: Roots = { ...roots, [repo]: await repository.inputs.edit(root, nothing) };
    return { roots: repo === 'exams' ? await dropResults(repository, edited, [...found.keys()]) : edited };
  });
  if (commit === undefined) throw new MammoflowError('invalid-argument', 'Nothing was named to remove.');
  return commit;
}
