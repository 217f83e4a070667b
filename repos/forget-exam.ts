import pLimit from 'p-limit';
import { type FileEntry, OUTCOMES } from '../pipeline/commit.js';
import { datumRecordSchema } from '../pipeline/datum.js';
import { MammoflowError } from '../pipeline/errors.js';
import { fingerprintOfObject, listObjects } from './dicom-inbox.js';
import { type Erasure, recordErasure } from './erasures.js';
import { sha256Stream } from './hash.js';
import { segmentsOfExam } from './headlines.js';
import { commitIds } from './history/commits.js';
import {
  acceptanceReasonsPrefix,
  claimsOfExamPrefix,
  damageOfItemPrefix,
  datumsOfExamPrefix,
  datumsPrefix,
  deliveriesOfExamPrefix,
  dismissedPrefix,
  fileKey,
  inboxKey,
  jobOutcomeKey,
  jobsPrefix,
  knownOutcomesPrefix,
  refusalPrefix,
  sortedKey,
  undeliveredOfExamPrefix,
} from './layout.js';
import { packsOfItem } from './leaf-packs.js';
import type { ListedVersion, ObjectStore } from './object-store.js';
import { dropResults } from './put-items.js';
import { type CommitDetails, type Repository, type Roots, rootOf, stageReposOf } from './repository.js';

/** Repos that hold no files of exams. */
const WITHOUT_EXAM_FILES: ReadonlySet<string> = new Set(['models', 'pipeline', OUTCOMES]);
/** Requests under way at once. */
const CONCURRENCY = 16;

/** All that the bucket holds of one exam: object versions and delete markers, by the repo or kind of record they are in. */
export interface Traces {
  readonly exam: string;
  readonly versions: ReadonlyMap<string, readonly ListedVersion[]>;
}

export const countTraces = ({ versions }: Traces): number =>
  [...versions.values()].reduce((sum, list) => sum + list.length, 0);

/** Names of all stages that this bucket knows: of this build, of any commit, and of any record. */
export async function stagesEver(repository: Repository, ofThisBuild: readonly string[]): Promise<string[]> {
  const names = new Set(ofThisBuild);
  for (const folder of await repository.store.listFolders(datumsPrefix)) {
    names.add(folder.slice(datumsPrefix.length, -1));
  }
  for (const roots of await rootsOfAllCommits(repository)) for (const repo of stageReposOf(roots)) names.add(repo);
  return [...names].sort();
}

/** Finds every version of an exam, of what was made from it, and of the records about it. */
export async function findTraces(store: ObjectStore, stages: readonly string[], exam: string): Promise<Traces> {
  const versions = new Map<string, ListedVersion[]>();
  const collect = async (area: string, prefix: string, only?: string): Promise<void> => {
    for await (const version of store.listVersions(prefix)) {
      if (only !== undefined && version.key !== only) continue;
      const list = versions.get(area) ?? [];
      list.push(version);
      versions.set(area, list);
    }
  };
  for (const repo of ['exams', ...stages]) await collect(repo, fileKey(repo, exam, ''));
  for (const stage of stages) await collect('datum records', datumsOfExamPrefix(stage, exam));
  await collect('claims', claimsOfExamPrefix(exam));
  for (const repo of ['exams', ...stages]) await collect('damage', damageOfItemPrefix(repo, exam));
  await collect('reasons of acceptances', acceptanceReasonsPrefix(exam));
  await collect('deliveries', deliveriesOfExamPrefix(exam));
  await collect('undelivered', undeliveredOfExamPrefix(exam));
  await collect('known outcomes', `${knownOutcomesPrefix}${exam}/`);
  const limit = pLimit(CONCURRENCY);
  const jobs = await store.listFolders(jobsPrefix);
  await Promise.all(
    jobs.map((folder) => {
      const job = decodeURIComponent(folder.slice(jobsPrefix.length, -1));
      const key = jobOutcomeKey(job, exam);
      return limit(() => collect('outcomes in jobs', key, key));
    }),
  );
  for await (const version of segmentsOfExam(store, exam)) {
    versions.set('headlines', [...(versions.get('headlines') ?? []), version]);
  }
  for await (const version of packsOfItem(store, exam)) {
    versions.set('packed leaves', [...(versions.get('packed leaves') ?? []), version]);
  }
  await collect('inbox', inboxKey('exams', exam, ''));
  const objects = await listObjects(store);
  for (const { file } of objects.studies.get(exam) ?? []) {
    await collect('inbox', file.path, file.path);
    await collect('refusals', sortedKey(fingerprintOfObject(file)));
  }
  await collect('dismissed', dismissedPrefix('exams', exam));
  await collect('refusals', refusalPrefix('exams', exam));
  await collect('refusals', refusalPrefix('dicom', exam));
  return { exam, versions };
}

/**
 * Commits, on every branch that has one of the exams, a state without them and their results. From then on no job begins
 * with them, and results of jobs under way no longer land.
 */
export async function leaveOutOfBranches(
  repository: Repository,
  exams: readonly string[],
  details: CommitDetails,
): Promise<{ branch: string; commit: string }[]> {
  const nothing = new Map(exams.map((exam) => [exam, null] as const));
  const made: { branch: string; commit: string }[] = [];
  for await (const { name } of repository.branches()) {
    const commit = await repository.commitOnto(name, details, async (roots) => {
      const edited: Roots = await dropResults(
        repository,
        { ...roots, exams: await repository.inputs.edit(rootOf({ roots }, 'exams'), nothing) },
        exams,
      );
      const same = Object.keys(edited).every((repo) => edited[repo]?.tree === rootOf({ roots }, repo).tree);
      return same ? undefined : { roots: edited };
    });
    if (commit !== undefined) made.push({ branch: name, commit: commit.id });
  }
  return made;
}

/**
 * Writes down that the exam is erased, with the versions and hashes of all its files: those in the bucket, and those
 * that any commit or record names, should a cache still hold what the bucket has lost.
 */
export async function markErased(
  repository: Repository,
  traces: Traces,
  stages: readonly string[],
  by: { author: string; reason?: string },
): Promise<Erasure> {
  const { store } = repository;
  const versions = new Set<string>();
  const sha256 = new Set<string>();
  const limit = pLimit(CONCURRENCY);
  const add = (files: readonly FileEntry[]): void => {
    for (const file of files) {
      versions.add(file.versionId);
      sha256.add(file.sha256);
    }
  };
  for (const files of await filesInHistory(repository, traces.exam)) add(files);
  const look = async (area: string, version: ListedVersion): Promise<void> => {
    if (version.deleteMarker) return;
    if (area === 'datum records') {
      const object = await store.get(version.key, version.versionId);
      const record = datumRecordSchema.safeParse(parse(object?.bytes)).data;
      add(record?.files ?? []);
      for (const hash of Object.values(record?.document.inputs ?? {})) sha256.add(hash);
    } else if (area === 'exams' || area === 'inbox' || area === 'dismissed' || stages.includes(area)) {
      versions.add(version.versionId);
      const hash = await hashOf(store, version);
      if (hash !== undefined) sha256.add(hash);
    }
  };
  await Promise.all(
    [...traces.versions].flatMap(([area, list]) => list.map((version) => limit(() => look(area, version)))),
  );
  return recordErasure(store, traces.exam, { ...by, versions, sha256 });
}

/** Removes what was found, for ever. The newest version of a key goes last, so that no earlier one surfaces. */
export async function removeTraces(store: ObjectStore, traces: Traces): Promise<void> {
  const all = [...traces.versions.values()].flat();
  await store.deleteVersions([...all.filter(({ latest }) => !latest), ...all.filter(({ latest }) => latest)]);
}

async function hashOf(store: ObjectStore, { key, versionId }: ListedVersion): Promise<string | undefined> {
  const known = (await store.head(key, versionId))?.sha256;
  if (known !== undefined) return known;
  const stream = await store.getStream(key, versionId);
  return stream && sha256Stream(stream);
}

/** The files that any commit, on a branch or not, holds under an exam's name. */
async function filesInHistory(repository: Repository, exam: string): Promise<FileEntry[][]> {
  const found: FileEntry[][] = [];
  const seen = new Set<string>();
  for (const roots of await rootsOfAllCommits(repository)) {
    for (const [repo, root] of Object.entries(roots)) {
      if (root.tree === null || seen.has(root.tree) || WITHOUT_EXAM_FILES.has(repo)) continue;
      seen.add(root.tree);
      const trees = repo === 'exams' ? repository.inputs : repository.stages;
      try {
        const item = await trees.get(root, exam);
        if (item !== undefined) found.push([...item.files]);
      } catch (error) {
        // Housekeeping has freed the trees of this old commit.
        if (!(error instanceof MammoflowError && error.code === 'missing-object')) throw error;
      }
    }
  }
  return found;
}

async function rootsOfAllCommits(repository: Repository): Promise<Roots[]> {
  const limit = pLimit(CONCURRENCY);
  const reading: Promise<Roots>[] = [];
  for await (const id of commitIds(repository.store)) {
    reading.push(limit(async () => (await repository.commit(id)).roots));
  }
  return Promise.all(reading);
}

function parse(bytes: Uint8Array | undefined): unknown {
  try {
    return JSON.parse(Buffer.from(bytes ?? new Uint8Array()).toString('utf8'));
  } catch {
    return undefined;
  }
}
