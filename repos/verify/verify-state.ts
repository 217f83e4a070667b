import pLimit from 'p-limit';
import { type Commit, type FileEntry, INPUT_REPOS, OUTCOMES, type TreeItem } from '../../pipeline/commit.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { examOutcomeSchema } from '../../pipeline/job.js';
import { pipelineDocumentSchema } from '../../pipeline/pipeline-document.js';
import { type FileFault, faultOf, readFileEntry } from '../committed-files.js';
import { findDatumRecord } from '../datum-records.js';
import { openErasures } from '../erasures.js';
import { sha256Hex } from '../hash.js';
import { parseJson, parseObject } from '../json-objects.js';
import { branchKey, commitKey, datumKeyPath, knownOutcomeKey, treeKey } from '../layout.js';
import type { ObjectStore } from '../object-store.js';
import { nodeSchema } from '../reachable.js';
import { type Repository, rootOf } from '../repository.js';
import type { Fault } from './fault.js';

/** Objects read at once. */
const CONCURRENCY = 16;

export interface VerifyOptions {
  /** Only what belongs to this exam. */
  readonly exam?: string | undefined;
  /** Read every byte of every file, instead of asking the server for size and checksum. */
  readonly deep: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((objects: number, faults: number) => void) | undefined;
}

export interface Verified {
  /** Objects that were looked at. */
  readonly objects: number;
  readonly faults: readonly Fault[];
  /** Files that are whole, by SHA-256: one of them may stand in for a damaged one. Only after a deep look. */
  readonly whole: ReadonlyMap<string, FileEntry>;
}

/**
 * Looks at every object that a state names:
 *
 * ```
 *   branch ─► commit ─► trees ─► files
 *               │         ├───► datum record, known outcome
 *               │         └───► pipeline.json ─► model files
 *               └─► earlier commits (the objects, not what they name)
 * ```
 *
 * What is damaged or gone is listed, and the walk goes on beside it. Erased exams are passed over.
 *
 * @param of a branch by name, or a commit.
 */
export async function verifyState(
  repository: Repository,
  of: { readonly branch: string } | { readonly commit: Commit },
  { exam, deep, signal, onProgress }: VerifyOptions,
): Promise<Verified> {
  const { store } = repository;
  const limit = pLimit(CONCURRENCY);
  const faults: Fault[] = [];
  const whole = new Map<string, FileEntry>();
  const seen = new Set<string>();
  let objects = 0;
  const erasureOf = await openErasures(store);

  /** Looks at an object once, however many lead to it. */
  async function look(id: string, check: () => Promise<Fault | undefined>): Promise<boolean> {
    if (seen.has(id)) return true;
    seen.add(id);
    return limit(async () => {
      signal?.throwIfAborted();
      const fault = await check();
      objects += 1;
      if (fault !== undefined) faults.push(fault);
      onProgress?.(objects, faults.length);
      return fault === undefined;
    });
  }

  async function lookAtFile(repo: string, item: string, file: FileEntry): Promise<void> {
    const { key, versionId, sha256, path } = file;
    await look(`${versionId} ${key}`, async () => {
      const state: FileFault | undefined = await faultOf(store, file, deep);
      if (state === undefined && deep) whole.set(sha256, file);
      const derived = !(INPUT_REPOS as readonly string[]).includes(repo);
      return state && { key, versionId, state, what: `${path} of ${repo}/${item}`, repo, item, sha256, derived };
    });
  }

  async function lookAtRecord(repo: string, item: string, datum: string): Promise<void> {
    const key = datumKeyPath(repo, item, datum);
    await look(key, async () => {
      const found = await findDatumRecord(store, repo, item, datum);
      if (found?.record !== undefined) return undefined;
      const state = found === undefined ? 'missing' : 'damaged';
      const versionId = found?.versionId ?? '';
      return { key, versionId, state, what: `datum record of ${repo}/${item}`, repo, item, derived: true };
    });
  }

  /** One that is gone is no harm: it is written again when the exam is looked at. */
  async function lookAtKnownOutcome(item: string, wanted: string): Promise<void> {
    const key = knownOutcomeKey(item, wanted);
    await look(key, async () => {
      const object = await store.get(key);
      if (object === undefined || isOfSchema(() => parseObject(key, object, examOutcomeSchema))) return undefined;
      const { versionId } = object;
      return {
        key,
        versionId,
        state: 'damaged',
        what: `known outcome of ${item}`,
        repo: OUTCOMES,
        item,
        derived: true,
      };
    });
  }

  async function lookAtItem(repo: string, item: TreeItem & { datum?: string; wanted?: string }): Promise<void> {
    if (repo !== 'models' && (await erasureOf(item)) !== undefined) return;
    const { name, files, datum, wanted } = item;
    await Promise.all([
      ...files.map((file) => lookAtFile(repo, name, file)),
      ...(datum === undefined ? [] : [lookAtRecord(repo, name, datum)]),
      ...(repo === OUTCOMES && wanted !== undefined ? [lookAtKnownOutcome(name, wanted)] : []),
      ...(repo === 'pipeline' ? files.map(lookAtModels) : []),
    ]);
  }

  /** Model files that a pipeline document pins, which may be those of a bundle that was removed since. */
  async function lookAtModels(file: FileEntry): Promise<void> {
    const document = await readFileEntry(store, file)
      .then((bytes) => parseJson(file.key, bytes, pipelineDocumentSchema))
      .catch((error) => {
        // Told of the file itself.
        if (error instanceof MammoflowError && error.code !== 'service-unavailable') return undefined;
        throw error;
      });
    const models = (document?.eras ?? []).flatMap((era) => Object.values(era.models));
    await Promise.all(models.map((model) => model && lookAtFile('models', itemOfKey(model.file.key), model.file)));
  }

  async function lookAtTree(repo: string, tree: string, depth: number): Promise<void> {
    const key = treeKey(tree);
    if (seen.has(key)) return;
    const read: { node?: ReturnType<typeof nodeSchema.parse> } = {};
    await look(key, async () => {
      const object = await store.get(key);
      const isWhole = object !== undefined && sha256Hex(object.bytes) === tree;
      if (isWhole) read.node = parseJson(key, object.bytes, nodeSchema);
      if (isWhole) return undefined;
      const derived = !(INPUT_REPOS as readonly string[]).includes(repo);
      const state = object === undefined ? 'missing' : 'damaged';
      return { key, versionId: object?.versionId ?? '', state, what: `tree of ${repo}`, repo, derived };
    });
    const { node } = read;
    if (node?.kind === 'branch') {
      const digit = exam === undefined || isAboutAll(repo) ? undefined : sha256Hex(exam).charAt(depth);
      const children = Object.entries(node.children).filter(([at]) => digit === undefined || at === digit);
      await Promise.all(children.map(([, child]) => lookAtTree(repo, child.tree, depth + 1)));
    } else if (node !== undefined) {
      const items = node.items.filter(({ name }) => exam === undefined || isAboutAll(repo) || name === exam);
      await Promise.all(items.map((item) => lookAtItem(repo, item as Parameters<typeof lookAtItem>[1])));
    }
  }

  async function lookAtCommit(id: string): Promise<Commit | undefined> {
    const key = commitKey(id);
    const read: { commit?: Commit } = {};
    await look(key, async () => {
      try {
        read.commit = await repository.commit(id);
        return undefined;
      } catch (error) {
        if (!(error instanceof MammoflowError) || error.code === 'service-unavailable') throw error;
        const state = error.code === 'corrupt-data' ? 'damaged' : 'missing';
        return { key, versionId: '', state, what: 'commit', derived: false };
      }
    });
    return read.commit;
  }

  let head = 'commit' in of ? of.commit : undefined;
  if ('branch' in of) {
    const { branch } = of;
    const read: { id?: string | undefined } = {};
    await look(branchKey(branch), async () => {
      try {
        read.id = await repository.headId(branch);
        return undefined;
      } catch (error) {
        if (!(error instanceof MammoflowError) || error.code !== 'corrupt-data') throw error;
        return { key: branchKey(branch), versionId: '', state: 'damaged', what: `branch ${branch}`, derived: false };
      }
    });
    head = read.id === undefined ? undefined : await lookAtCommit(read.id);
  } else if (head !== undefined) await lookAtCommit(head.id);
  if (head !== undefined) {
    const repos = Object.keys(head.roots).filter((repo) => exam === undefined || repo !== 'models');
    await Promise.all(
      repos.map(async (repo) => {
        const { tree } = rootOf(head, repo);
        if (tree !== null) await lookAtTree(repo, tree, 0);
      }),
    );
    let earlier = exam === undefined ? head.parent : null;
    while (earlier !== null) earlier = (await lookAtCommit(earlier))?.parent ?? null;
  }
  return { objects, faults: faults.sort((a, b) => (a.key < b.key ? -1 : 1)), whole };
}

/** What an exam's results come from besides its own files. */
const isAboutAll = (repo: string): boolean => repo === 'pipeline' || repo === 'models';

/** The bundle in `models/<bundle>/<file>`. */
const itemOfKey = (key: string): string => key.split('/')[1] ?? '';

function isOfSchema(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
}

/**
 * The newest of some commits whose trees of exams, models and pipeline can all be read, so that nothing that people put
 * is lost with it. Undefined when there is none.
 */
export async function newestWhole(repository: Repository, commits: AsyncIterable<Commit>): Promise<Commit | undefined> {
  const known = new Map<string, Promise<boolean>>();
  const isWhole = (store: ObjectStore, tree: string): Promise<boolean> => {
    const looking = known.get(tree) ?? isTreeWhole(store, tree, isWhole);
    known.set(tree, looking);
    return looking;
  };
  for await (const commit of commits) {
    const trees = INPUT_REPOS.flatMap((repo) => rootOf(commit, repo).tree ?? []);
    const whole = await Promise.all(trees.map((tree) => isWhole(repository.store, tree)));
    if (whole.every(Boolean)) return commit;
  }
  return undefined;
}

async function isTreeWhole(
  store: ObjectStore,
  tree: string,
  isWhole: (store: ObjectStore, tree: string) => Promise<boolean>,
): Promise<boolean> {
  const object = await store.get(treeKey(tree));
  if (object === undefined || sha256Hex(object.bytes) !== tree) return false;
  const node = parseJson(treeKey(tree), object.bytes, nodeSchema);
  if (node.kind === 'leaf') return true;
  const children = await Promise.all(Object.values(node.children).map((child) => isWhole(store, child.tree)));
  return children.every(Boolean);
}
