import pLimit from 'p-limit';
import { z } from 'zod';
import { type Commit, type FileEntry, fileEntrySchema, OUTCOMES } from '../pipeline/commit.js';
import type { DatumRecord } from '../pipeline/datum.js';
import { MammoflowError } from '../pipeline/errors.js';
import type { ExamOutcome } from '../pipeline/job.js';
import { type Era, pipelineDocumentSchema } from '../pipeline/pipeline-document.js';
import { parseJson, unlessDamaged } from './json-objects.js';
import { commitKey, datumKeyPath, knownOutcomeKey, treeKey } from './layout.js';
import type { Repository, Roots } from './repository.js';

const CONCURRENCY = 32;

/** As much of a tree's node, of any repo, as it takes to follow it. */
export const nodeSchema = z.union([
  z.object({ kind: z.literal('branch'), children: z.record(z.string(), z.object({ tree: z.string() })) }),
  z.object({
    kind: z.literal('leaf'),
    items: z.array(
      z.object({
        name: z.string(),
        files: z.array(fileEntrySchema),
        datum: z.string().optional(),
        wanted: z.string().optional(),
      }),
    ),
  }),
]);

/** What commits, records and jobs lead to. Grows only. */
export interface Reachable {
  hasKey(key: string): boolean;
  hasVersion(key: string, versionId: string): boolean;
  /** Whether the root of a repo's tree is one of those marked. */
  hasRoot(tree: string | null): boolean;
  /**
   * A commit with its trees, and the commits before it; of those older than `keepSince` only the commits themselves, so
   * that the log stays whole.
   * @param whole nothing of this commit may be missing.
   * @throws MammoflowError `missing-object` when something is: then nothing may be freed.
   */
  markHistory(head: Commit, keepSince: number, whole: boolean): Promise<void>;
  /** Trees that need not be whole any more, because an earlier run has freed parts of them. */
  markRoots(roots: Roots): Promise<void>;
  markKey(key: string): void;
  markFiles(files: readonly FileEntry[]): void;
  markEras(eras: readonly Era[]): void;
  markRecord(record: DatumRecord): void;
  markOutcome(outcome: ExamOutcome): void;
}

export function startMarking(repository: Repository): Reachable {
  const { store } = repository;
  // A version's key is needed with its id: S3 does not promise that ids are unique across keys.
  const versions = new Set<string>();
  const keys = new Set<string>();
  const roots = new Set<string>();
  const limit = pLimit(CONCURRENCY);

  const markFiles = (files: readonly FileEntry[]): void => {
    for (const { key, versionId } of files) versions.add(`${versionId} ${key}`);
  };

  async function markTree(repo: string, tree: string, whole: boolean): Promise<void> {
    const key = treeKey(tree);
    if (keys.has(key)) return;
    keys.add(key);
    const object = await limit(() => store.get(key));
    if (object === undefined) {
      if (!whole) return;
      throw new MammoflowError(
        'missing-object',
        `The tree ${tree} of ${repo} is gone from the bucket although the newest commit of a branch holds it.`,
        'Restore it before freeing anything.',
      );
    }
    const parse = () => parseJson(key, object.bytes, nodeSchema);
    const node = whole ? parse() : await unlessDamaged(parse);
    if (node === undefined) return;
    if (node.kind === 'branch') {
      await Promise.all(Object.values(node.children).map((child) => markTree(repo, child.tree, whole)));
      return;
    }
    for (const { name, files, datum, wanted } of node.items) {
      markFiles(files);
      if (datum !== undefined) keys.add(datumKeyPath(repo, name, datum));
      if (repo === OUTCOMES && wanted !== undefined) keys.add(knownOutcomeKey(name, wanted));
      if (repo === 'pipeline') await markPipeline(files);
    }
  }

  /** The pipeline pins model files by version, also those of bundles that were removed since. */
  async function markPipeline(files: readonly FileEntry[]): Promise<void> {
    for (const { key, versionId } of files) {
      const object = await limit(() => store.get(key, versionId));
      if (object !== undefined) marking.markEras(parseJson(key, object.bytes, pipelineDocumentSchema).eras);
    }
  }

  async function markTrees(of: Roots, whole: boolean): Promise<void> {
    await Promise.all(
      Object.entries(of).map(async ([repo, { tree }]) => {
        if (tree === null) return;
        roots.add(tree);
        await markTree(repo, tree, whole);
      }),
    );
  }

  const marking: Reachable = {
    hasKey: (key) => keys.has(key),
    hasVersion: (key, versionId) => versions.has(`${versionId} ${key}`),
    hasRoot: (tree) => tree === null || roots.has(tree),
    async markHistory(head, keepSince, whole) {
      await markTrees(head.roots, whole);
      let commit: Commit | undefined = head;
      while (commit !== undefined) {
        const known = keys.has(commitKey(commit.id));
        keys.add(commitKey(commit.id));
        // What is known was reached from another branch, and so was all before it.
        if (known) return;
        if (Date.parse(commit.time) >= keepSince) await markTrees(commit.roots, false);
        commit = await repository.parent(commit);
      }
    },
    markRoots: (of) => markTrees(of, false),
    markKey: (key) => {
      keys.add(key);
    },
    markFiles,
    markEras(eras) {
      for (const { models } of eras) for (const model of Object.values(models)) if (model) markFiles([model.file]);
    },
    markRecord: ({ files }) => markFiles(files),
    markOutcome({ outcome, stages }) {
      for (const [stage, { files, datum }] of Object.entries(stages)) {
        markFiles(files);
        keys.add(datumKeyPath(stage, outcome.name, datum));
      }
    },
  };
  return marking;
}
