import { type Commit, DEFAULT_BRANCH, INPUT_REPOS } from '../../pipeline/commit.js';
import { rootOf, stageReposOf } from '../../repos/repository.js';
import { resolveState } from '../resolve-state.js';
import type { Session } from '../session.js';

export interface RepoRow {
  readonly repo: string;
  /** Filled by people, or by a stage. */
  readonly kind: 'input' | 'stage';
  readonly items: number;
  readonly files: number;
  readonly bytes: number;
}

/**
 * The repos of a state, with what is in them.
 *
 * @throws MammoflowError `unknown-reference` for a state that is not there.
 * @example
 * const { repos } = await mammoflow.repos({ ref: 'main~1' });
 */
export async function repos(
  { repository }: Session,
  { ref = DEFAULT_BRANCH }: { ref?: string } = {},
): Promise<{ readonly commit: Commit; readonly repos: readonly RepoRow[] }> {
  const commit = await resolveState(repository, ref);
  const row = (repo: string, kind: RepoRow['kind']): RepoRow => {
    const { items, files, bytes } = rootOf(commit, repo);
    return { repo, kind, items, files, bytes };
  };
  return {
    commit,
    repos: [
      ...INPUT_REPOS.map((repo) => row(repo, 'input')),
      ...stageReposOf(commit.roots).map((repo) => row(repo, 'stage')),
    ],
  };
}
