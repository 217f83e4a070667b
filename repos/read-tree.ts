import { type Commit, INPUT_REPOS, type TreeItem, type TreeRoot } from '../pipeline/commit.js';
import { type Repository, requireRepo, rootOf } from './repository.js';
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
  requireRepo(commit, repo);
  const root = rootOf(commit, repo);
  if ((INPUT_REPOS as readonly string[]).includes(repo)) {
    const { inputs } = repository;
    return {
      root,
      get: (name) => inputs.get(root, name),
      items: () => inputs.items(root),
      changesSince: (before) => inputs.diff(before, root),
    };
  }
  const { stages } = repository;
  return {
    root,
    get: (name) => stages.get(root, name),
    items: () => stages.items(root),
    changesSince: (before) => stages.diff(before, root),
  };
}
