import { DEFAULT_BRANCH, type TreeItem } from '../../pipeline/commit.js';
import { viewRepo } from '../../repos/read-tree.js';
import { rootOf } from '../../repos/repository.js';
import type { TreeChange } from '../../repos/tree.js';
import type { Session } from '../session.js';
import type { RepoState } from './ls.js';

export interface DiffOptions extends RepoState {
  /** The older state; the one before the last commit that changed the repo unless said. */
  readonly since?: string | undefined;
}

export interface ItemDifference {
  readonly name: string;
  readonly change: 'added' | 'removed' | 'changed';
  /** Files that differ, each with `+`, `-` or `~` before its name. */
  readonly files: readonly string[];
}

/**
 * The exams or bundles that differ in a repo between two states, one by one in the order of the tree. Equal subtrees are
 * not opened.
 *
 * @throws MammoflowError `unknown-reference` for a state that is not there, `not-found` for a repo that it does not have.
 * @example
 * for await (const { name, change } of mammoflow.diff({ repo: 'exams', since: 'main~3' })) console.log(change, name);
 */
export async function* diff(
  { repository }: Session,
  { repo, ref = DEFAULT_BRANCH, since }: DiffOptions,
): AsyncGenerator<ItemDifference> {
  const after = await repository.resolve(ref, repo);
  const view = viewRepo(repository, after, repo);
  const before = since === undefined ? await previous() : rootOf(await repository.resolve(since, repo), repo);
  for await (const change of view.changesSince(before)) {
    const difference = describe(change);
    if (difference.change !== 'changed' || difference.files.length > 0) yield difference;
  }

  async function previous() {
    for await (const commit of repository.log(after, repo)) return rootOf(await repository.parent(commit), repo);
    return rootOf(undefined, repo);
  }
}

function describe({ name, before, after }: TreeChange<TreeItem>): ItemDifference {
  const left = new Map(before?.files.map((file) => [file.path, file.sha256]));
  const right = new Map(after?.files.map((file) => [file.path, file.sha256]));
  const files = [...new Set([...left.keys(), ...right.keys()])].sort().flatMap((path) => {
    if (!left.has(path)) return [`+${path}`];
    if (!right.has(path)) return [`-${path}`];
    return left.get(path) === right.get(path) ? [] : [`~${path}`];
  });
  return { name, change: before === undefined ? 'added' : after === undefined ? 'removed' : 'changed', files };
}
