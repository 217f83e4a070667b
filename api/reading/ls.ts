import { DEFAULT_BRANCH, type FileEntry, type TreeItem } from '../../pipeline/commit.js';
import { erasedOn, openErasures } from '../../repos/erasures.js';
import { type RepoView, viewRepo } from '../../repos/read-tree.js';
import { notInRepo } from '../repo-path.js';
import type { Session } from '../session.js';

/** A repo at a state. */
export interface RepoState {
  readonly repo: string;
  /** A commit, a branch, or `branch~n`; `main` unless said. */
  readonly ref?: string;
}

export interface LsOptions extends RepoState {
  /** Only what follows this name in the order of the tree. */
  readonly after?: string | undefined;
  /** End after so many. */
  readonly limit?: number | undefined;
}

/** An exam or a bundle in a repo. */
export interface ListedItem {
  readonly name: string;
  readonly files: number;
  readonly bytes: number;
  /** When it was erased, ISO 8601, if it was. */
  readonly erased?: string;
}

/**
 * The exams or bundles in a repo at a state, one by one in the order of the tree. To page, take `limit` of them and go on
 * with `after` the last one's name.
 *
 * @throws MammoflowError `unknown-reference` for a state that is not there, `not-found` for a repo that it does not have.
 * @example
 * for await (const { name, bytes } of mammoflow.ls({ repo: 'exams' })) console.log(name, bytes);
 */
export async function* ls(
  { repository }: Session,
  { repo, ref = DEFAULT_BRANCH, after, limit = Number.POSITIVE_INFINITY }: LsOptions,
): AsyncGenerator<ListedItem> {
  if (limit <= 0) return;
  const erasureOf = await openErasures(repository.store);
  let given = 0;
  for await (const found of viewRepo(repository, await repository.resolve(ref, repo), repo).items(after)) {
    const erased = (await erasureOf(found))?.erasures.at(-1)?.time;
    yield {
      name: found.name,
      files: found.files.length,
      bytes: found.files.reduce((sum, file) => sum + file.size, 0),
      ...(erased === undefined ? {} : { erased }),
    };
    given += 1;
    if (given >= limit) return;
  }
}

export interface LsItemOptions extends RepoState {
  /** The exam or the bundle. */
  readonly item: string;
  /** Only this file of it. */
  readonly file?: string | undefined;
}

/** An exam or a bundle with its files. */
export type FoundItem = TreeItem & {
  /** When it was erased, ISO 8601, if it was, and the sentence that says so. */
  readonly erased?: string;
  readonly erasedOn?: string;
};

/**
 * One exam or bundle in a repo, with its files.
 *
 * @throws MammoflowError `not-found` when it is not there, or has no such file.
 * @example
 * const { files } = await mammoflow.lsItem({ repo: 'classify', item: 'exam-17' });
 */
export async function lsItem({ repository }: Session, options: LsItemOptions): Promise<FoundItem> {
  const { repo, ref = DEFAULT_BRANCH } = options;
  const { found, files } = await findFiles(viewRepo(repository, await repository.resolve(ref, repo), repo), options);
  const erasure = await (await openErasures(repository.store))(found);
  const erased = erasure?.erasures.at(-1)?.time;
  return {
    ...found,
    files,
    ...(erasure === undefined || erased === undefined ? {} : { erased, erasedOn: erasedOn(erasure) }),
  };
}

/** An item of a repo, and those of its files that are meant. @throws MammoflowError `not-found`. */
export async function findFiles(
  view: RepoView,
  { repo, ref = DEFAULT_BRANCH, item, file }: LsItemOptions,
): Promise<{ found: TreeItem; files: readonly FileEntry[] }> {
  const found = await view.get(item);
  if (found === undefined) throw notInRepo({ repo, reference: ref, item });
  const files = found.files.filter((entry) => file === undefined || entry.path === file);
  if (file !== undefined && files.length === 0) throw notInRepo({ repo, reference: ref, item, file });
  return { found, files };
}
