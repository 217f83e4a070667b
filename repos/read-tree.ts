import { type Commit, INPUT_REPOS, type TreeItem, type TreeRoot } from '../pipeline/commit.js';
import { MammoflowError } from '../pipeline/errors.js';
import { type Repository, rootOf, stageReposOf } from './repository.js';
import type { TreeChange } from './tree.js';

/** Reading any repo at a commit, whatever kind of items it holds. */
export interface RepoView {
  readonly root: TreeRoot;
  get(name: string): Promise<TreeItem | undefined>;
  items(): AsyncGenerator<TreeItem>;
  /** What changed from `before` to this view. */
  changesSince(before: TreeRoot): AsyncGenerator<TreeChange<TreeItem>>;
}

/** @throws MammoflowError `not-found` when the commit has no such repo. */
export function viewRepo(repository: Repository, commit: Commit, repo: string): RepoView {
  const isInput = (INPUT_REPOS as readonly string[]).includes(repo);
  if (!isInput && !stageReposOf(commit.roots).includes(repo)) {
    const known = [...INPUT_REPOS, ...stageReposOf(commit.roots)];
    throw new MammoflowError('not-found', `There is no repo ${repo} at this commit.`, `There are ${known.join(', ')}.`);
  }
  const root = rootOf(commit, repo);
  if (isInput) {
    const { inputs } = repository;
    return { root, get: (name) => inputs.get(root, name), items: () => inputs.items(root), changesSince: (before) => inputs.diff(before, root) };
  }
  const { stages } = repository;
  return { root, get: (name) => stages.get(root, name), items: () => stages.items(root), changesSince: (before) => stages.diff(before, root) };
}
