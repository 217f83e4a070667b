import { canonicalJson, type Json } from '../pipeline/canonical-json.js';
import {
  type Commit,
  type FileEntry,
  type INPUT_REPOS,
  type InputItem,
  OUTCOMES,
  type TreeRoot,
} from '../pipeline/commit.js';
import type { PipelineDocument } from '../pipeline/pipeline-document.js';
import { faultOf, storeFile } from './committed-files.js';
import { concurrently } from './concurrently.js';
import { existingKeys } from './existing-keys.js';
import { listDamage } from './known-damage.js';
import { fileKey } from './layout.js';
import { readLocalFile } from './local-file.js';
import { readPipeline, writePipeline } from './pipeline-repo.js';
import { type CommitDetails, type Repository, type Roots, rootOf, stageReposOf } from './repository.js';

/** An exam or a bundle on local disk. */
export interface ItemToPut {
  readonly name: string;
  readonly files: readonly { readonly path: string; readonly local: string }[];
  /** The item keeps the files that it has under other paths, of which this says which. Without, it is replaced as a whole. */
  readonly keeps?: (path: string) => boolean;
}

export interface PutProgress {
  readonly filesDone: number;
  readonly files: number;
  readonly bytesUploaded: number;
}

export interface PutRequest {
  readonly branch: string;
  readonly repo: (typeof INPUT_REPOS)[number];
  readonly items: readonly ItemToPut[];
  readonly details: CommitDetails;
  /** Changes the pipeline in the same commit, e.g. to use a bundle that is being put. Must depend on its arguments alone. */
  readonly editPipeline?: (
    document: PipelineDocument,
    items: readonly InputItem[],
    sequence: number,
  ) => PipelineDocument;
  readonly onProgress?: (progress: PutProgress) => void;
}

export interface PutResult {
  /** Undefined when everything was there already, so that nothing was committed. */
  readonly commit: Commit | undefined;
  /** Names of the items that the commit added or changed. */
  readonly changed: readonly string[];
}

/** Files hashed and uploaded at once. */
const CONCURRENCY = 16;

/**
 * Uploads what is not there yet and commits all items in one commit. The branch moves last, so whoever dies before
 * leaves it as it was, and a second attempt uploads only what is missing. An item is replaced as a whole: files it had
 * before and has no more are not in the new commit. Files that the bucket has lost since they were committed, or that are known to be damaged,
 * are uploaded again, and their items count as changed, although the same bundle goes on applying to them.
 */
export async function putItems(repository: Repository, request: PutRequest): Promise<PutResult> {
  const head = await repository.head(request.branch);
  const committed = await repository.inputs.getMany(
    rootOf(head, request.repo),
    request.items.map((item) => item.name),
  );
  const { uploaded, lost } = await upload(repository, request, rootOf(head, request.repo), committed);

  let changed: readonly string[] = [];
  const commit = await repository.commitOnto(request.branch, request.details, async (roots, sequence) => {
    const edited = await withItems(repository, roots, sequence, { ...request, items: uploaded, lost });
    changed = edited.changed;
    return edited.roots === undefined ? undefined : { roots: edited.roots };
  });
  return { commit, changed };
}

export interface ItemsToSet extends Pick<PutRequest, 'repo' | 'editPipeline'> {
  /** All files of each item, ordered by path. */
  readonly items: ReadonlyMap<string, readonly FileEntry[]>;
  /** Version ids that the bucket has lost: items that hold one get their new files, and keep the bundle that applies. */
  readonly lost: ReadonlySet<string>;
  /** Only versions change and no bytes, so results of the exams go on belonging to them. */
  readonly keepResults?: boolean;
}

/**
 * The roots of a commit with items set, each replaced as a whole, and without the results of exams that changed.
 * @returns the roots, undefined when everything was there already, and the names of the items that differ.
 */
export async function withItems(
  repository: Repository,
  roots: Roots,
  sequence: number,
  { repo, items, lost, editPipeline, keepResults = false }: ItemsToSet,
): Promise<{ roots: Roots | undefined; changed: readonly string[] }> {
  const root = rootOf({ roots }, repo);
  const before = await repository.inputs.getMany(root, items.keys());
  const edits = new Map<string, InputItem>();
  for (const [name, files] of items) {
    const earlier = before.get(name);
    const same = earlier !== undefined && sameContent(earlier.files, files);
    if (!same) edits.set(name, { name, files: [...files], since: sequence });
    else if (earlier.files.some(({ versionId }) => lost.has(versionId)))
      edits.set(name, { ...earlier, files: [...files] });
  }
  const changed = [...edits.keys()];
  let edited: Roots = { ...roots, [repo]: await repository.inputs.edit(root, edits) };
  if (repo === 'exams' && !keepResults) {
    edited = await dropResults(
      repository,
      edited,
      changed.filter((name) => before.has(name)),
    );
  }
  if (editPipeline !== undefined || lost.size > 0) {
    const present = [...(await repository.inputs.getMany(edited[repo] ?? root, items.keys())).values()];
    const document = await readPipeline(repository, { roots });
    const mended = repo === 'models' ? withFilesPutAgain(document, items, lost) : document;
    const next = editPipeline === undefined ? mended : editPipeline(mended, present, sequence);
    if (canonicalJson(next as unknown as Json) !== canonicalJson(document as unknown as Json)) {
      edited = {
        ...edited,
        pipeline: await writePipeline(repository, rootOf({ roots }, 'pipeline'), next, sequence),
      };
    }
  }
  const same = Object.keys(edited).every((name) => edited[name]?.tree === rootOf({ roots }, name).tree);
  return { roots: same ? undefined : edited, changed };
}

/** Eras pin model files by version: those that the bucket has lost are pinned to the same bytes put again. */
function withFilesPutAgain(
  document: PipelineDocument,
  items: ItemsToSet['items'],
  lost: ReadonlySet<string>,
): PipelineDocument {
  const put = [...items.values()].flat();
  const again = (file: FileEntry): FileEntry =>
    lost.has(file.versionId)
      ? (put.find(({ key, sha256 }) => key === file.key && sha256 === file.sha256) ?? file)
      : file;
  return {
    ...document,
    eras: document.eras.map((era) => ({
      ...era,
      models: Object.fromEntries(
        Object.entries(era.models).map(([role, model]) => [role, { ...model, file: again(model.file) }]),
      ),
    })),
  };
}

async function upload(
  repository: Repository,
  { repo, items, onProgress }: PutRequest,
  root: TreeRoot,
  committed: ReadonlyMap<string, InputItem>,
): Promise<{ uploaded: Map<string, FileEntry[]>; lost: Set<string> }> {
  const lost = new Set<string>();
  const damaged = new Set<string>();
  for await (const { key, versionId } of listDamage(repository.store, repo)) damaged.add(`${versionId} ${key}`);
  const isDamaged = ({ key, versionId }: FileEntry): boolean => damaged.has(`${versionId} ${key}`);
  const files = items.reduce((sum, item) => sum + item.files.length, 0);
  let filesDone = 0;
  let bytesUploaded = 0;
  const names = items.map((item) => item.name);
  const existing = await existingKeys(repository.store, repo, names, root.files);
  const store = async (item: ItemToPut, file: ItemToPut['files'][number]): Promise<FileEntry> => {
    const { body, sha256, size } = await readLocalFile(file.local);
    const known = committed.get(item.name)?.files.find((entry) => entry.path === file.path && entry.sha256 === sha256);
    const isThere = known !== undefined && (await faultOf(repository.store, known, isDamaged(known))) === undefined;
    if (known !== undefined && !isThere) lost.add(known.versionId);
    const stored =
      known === undefined || !isThere
        ? await storeFile(repository.store, {
            repo,
            item: item.name,
            path: file.path,
            body,
            sha256,
            size,
            isNew: !existing.has(fileKey(repo, item.name, file.path)),
            // Whatever else lies there is not believed either.
            reread: known !== undefined,
          })
        : { entry: known, uploaded: false };
    filesDone += 1;
    if (stored.uploaded) bytesUploaded += size;
    onProgress?.({ filesDone, files, bytesUploaded });
    return stored.entry;
  };
  const all = items.flatMap((item) => item.files.map((file) => ({ item, file })));
  const entries = new Map(items.map(({ name }): [string, FileEntry[]] => [name, []]));
  await concurrently(all, CONCURRENCY, async ({ item, file }) => {
    entries.get(item.name)?.push(await store(item, file));
  });
  for (const { name, files: put, keeps } of items) {
    const before = keeps === undefined ? [] : (committed.get(name)?.files ?? []);
    entries.get(name)?.push(...before.filter(({ path }) => keeps?.(path) && !put.some((file) => file.path === path)));
  }
  for (const stored of entries.values()) stored.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { uploaded: entries, lost };
}

/** Results of exams whose files changed no longer belong to them, so the same commit takes them away. */
export async function dropResults(repository: Repository, roots: Roots, exams: readonly string[]): Promise<Roots> {
  if (exams.length === 0) return roots;
  const nothing = new Map(exams.map((exam) => [exam, null] as const));
  const edited: Record<string, Roots[string]> = { ...roots };
  for (const repo of stageReposOf(roots)) {
    edited[repo] = await repository.stages.edit(rootOf({ roots }, repo), nothing);
  }
  edited[OUTCOMES] = await repository.outcomes.edit(rootOf({ roots }, OUTCOMES), nothing);
  return edited;
}

/** Whether an item's files have the same names and bytes. */
export const sameContent = (a: readonly FileEntry[], b: readonly FileEntry[]): boolean =>
  a.length === b.length && a.every((file, index) => file.path === b[index]?.path && file.sha256 === b[index]?.sha256);
