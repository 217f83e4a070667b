import { type Commit, INPUT_REPOS, type TreeItem, type TreeRoot } from '../pipeline/commit.js';
import { type Repository, requireRepo, rootOf } from './repository.js';
import type { TreeChange } from './tree.js';

/** Reading any repo at a commit, whatever kind of items it holds. */
export interface RepoView {
  readonly root: TreeRoot;
  get(name: string): Promise<TreeItem | undefined>;
  /** All items, those after one of that name when given; see `TreeStore.items`. */
  items(after?: string): AsyncGenerator<TreeItem>;
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
      items: (after) => inputs.items(root, after),
      changesSince: (before) => inputs.diff(before, root),
    };
  }
  const { stages } = repository;
  return {
    root,
    get: (name) => stages.get(root, name),
    items: (after) => stages.items(root, after),
    changesSince: (before) => stages.diff(before, root),
  };
}
