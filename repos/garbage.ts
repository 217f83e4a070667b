import pLimit from 'p-limit';
import { datumRecordSchema } from '../pipeline/datum.js';
import { MammoflowError } from '../pipeline/errors.js';
import { examOutcomeSchema, jobPageSchema, jobSettingsSchema } from '../pipeline/job.js';
import { parseJson, readDerivedJson, readJson, unlessDamaged } from './json-objects.js';
import {
  branchesPrefix,
  cacheReportsPrefix,
  claimsPrefix,
  commitPrefix,
  damagePrefix,
  datumsPrefix,
  erasuresPrefix,
  jobPlanPrefix,
  jobSettingsKey,
  jobsPrefix,
  knownOutcomesPrefix,
  leafPacksPrefix,
  memosPrefix,
  treesPrefix,
} from './layout.js';
import { memoSchema } from './memo.js';
import type { ListedVersion, ObjectStore } from './object-store.js';
import { type Reachable, startMarking } from './reachable.js';
import type { Repository, Roots } from './repository.js';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const CONCURRENCY = 32;
/** As many versions as one request removes; before each, branches and jobs are looked at again. */
const BATCH = 1_000;
/** With jobs under way, what they wrote just now may not be referred to by anything yet. */
const SHORTEST_GRACE_HOURS = 1;

export interface GarbageSettings {
  /** The time that ages are counted from, in milliseconds. */
  readonly now: number;
  /** Trees and files of commits older than this may go, except those of the newest commits; all are kept when absent. */
  readonly keepDays?: number;
  /** Commits that no branch has, records that no kept commit uses, and what jobs left, are kept for this long. */
  readonly keepRecordsDays: number;
  /** Nothing younger is ever removed. */
  readonly graceHours: number;
  /** All stages that ever wrote into this bucket. */
  readonly stages: readonly string[];
  /** Ids of the jobs that run now. */
  readonly runningJobs: () => Promise<readonly string[]>;
}

export interface Amount {
  readonly versions: number;
  readonly bytes: number;
}

export interface Garbage {
  /** By prefix; what holds references comes before what it refers to, and so it is removed. */
  readonly found: ReadonlyMap<string, readonly ListedVersion[]>;
  /** Branches whose objects are damaged: every commit that they could point at is kept. */
  readonly damagedBranches: readonly string[];
  /**
   * Removes it for ever, except what became reachable since.
   * @returns what was removed, and why it stopped early, if it did.
   */
  remove(): Promise<{ removed: ReadonlyMap<string, Amount>; stopped?: string }>;
}

/**
 * Finds the object versions that nothing leads to: no branch, no commit behind one, no pipeline that pins a model, no
 * record in use or young, no running job. Of exams that a running job has, everything counts as used, since it may find
 * any record of theirs. The inbox and keys that are not mammoflow's are left alone.
 *
 * ```
 *   branch ─► commit ─► trees ─► file versions
 *                 │        ├───► datum record ─► file versions
 *                 │        ├───► known outcome ─► file versions, datum records
 *                 │        └───► pipeline.json ─► model file versions
 *                 └──► earlier commits
 * ```
 *
 * @throws MammoflowError `invalid-argument` for a grace under an hour while jobs run, `missing-object` when something
 *   that a branch needs is gone, so that following the rest is not safe.
 */
export async function findGarbage(repository: Repository, settings: GarbageSettings): Promise<Garbage> {
  const { store } = repository;
  const { now } = settings;
  const graceBefore = now - settings.graceHours * HOUR_MS;
  const recordsSince = now - settings.keepRecordsDays * DAY_MS;
  const keepSince = settings.keepDays === undefined ? Number.NEGATIVE_INFINITY : now - settings.keepDays * DAY_MS;
  const jobs = new Set(await settings.runningJobs());
  if (jobs.size > 0 && settings.graceHours < SHORTEST_GRACE_HOURS) {
    throw new MammoflowError(
      'invalid-argument',
      `Jobs are running (${[...jobs].join(', ')}), so what was written in the last hour must stay.`,
      `Give --grace-hours ${SHORTEST_GRACE_HOURS} or more, or wait for them.`,
    );
  }

  const reachable = startMarking(repository);
  const busy = new Set<string>();
  const damaged = new Map<string, string>();
  const markBranches = async (): Promise<void> => {
    const heads = repository.branches(undefined, (name, error) => damaged.set(name, error.message));
    for await (const { commit } of heads) await reachable.markHistory(await repository.commit(commit), keepSince, true);
    // Where a damaged branch points is not known, so whatever it could point at is kept.
    if (damaged.size > 0) await markYoungCommits(repository, reachable, Number.NEGATIVE_INFINITY, keepSince);
  };
  await markBranches();
  await markYoungCommits(repository, reachable, recordsSince, keepSince);
  for (const job of jobs) await markJob(repository, reachable, busy, job, keepSince);
  await markMemos(store, reachable, recordsSince);
  const isBusy = (exam: string | undefined): boolean => exam !== undefined && busy.has(exam);
  const isYoung = ({ modified }: ListedVersion): boolean => modified.getTime() >= recordsSince;

  /** Marks the newest version of keys in use or young with all they lead to. */
  async function markRecords(prefix: string, mark: (key: string, bytes: Uint8Array) => void, examAt: number) {
    const limit = pLimit(CONCURRENCY);
    const marks: Promise<void>[] = [];
    for await (const version of store.listVersions(prefix)) {
      if (!version.latest || version.deleteMarker) continue;
      const { key } = version;
      if (!reachable.hasKey(key) && !isYoung(version) && !isBusy(key.split('/')[examAt])) continue;
      reachable.markKey(key);
      const read = async (): Promise<void> => {
        const object = await store.get(key);
        // A damaged one leads nowhere: what it led to is made again, or is named by the trees as well.
        if (object !== undefined) await unlessDamaged(() => mark(key, object.bytes));
      };
      marks.push(limit(read));
    }
    await Promise.all(marks);
  }
  // Outcomes lead to records, so they come first.
  await markRecords(
    knownOutcomesPrefix,
    (key, bytes) => reachable.markOutcome(parseJson(key, bytes, examOutcomeSchema) as never),
    2,
  );
  await markRecords(datumsPrefix, (key, bytes) => reachable.markRecord(parseJson(key, bytes, datumRecordSchema)), 3);

  const found = new Map<string, ListedVersion[]>();
  /** Keys read without a version id: the newest version counts, if the key is in use. */
  const isUsedKey = ({ key, latest, deleteMarker }: ListedVersion): boolean =>
    latest && !deleteMarker && reachable.hasKey(key);
  const isUsedFile = ({ key, versionId, deleteMarker }: ListedVersion): boolean =>
    !deleteMarker && (reachable.hasVersion(key, versionId) || isBusy(key.split('/')[1]));

  async function sweep(prefix: string, isUsed: (version: ListedVersion) => boolean): Promise<void> {
    const list: ListedVersion[] = [];
    for await (const version of store.listVersions(prefix)) {
      if (version.modified.getTime() < graceBefore && !isUsed(version)) list.push(version);
    }
    if (list.length > 0) found.set(prefix, oldestFirst(list));
  }
  await sweep(memosPrefix, isUsedKey);
  await sweep(leafPacksPrefix, ({ latest, deleteMarker }) => latest && !deleteMarker);
  await sweep(knownOutcomesPrefix, isUsedKey);
  const kept = await foldersToKeep(store, jobs, recordsSince);
  await sweep(jobsPrefix, ({ key, latest, deleteMarker }) => latest && !deleteMarker && kept.has(folderOf(key)));
  await sweep(datumsPrefix, isUsedKey);
  await sweep(cacheReportsPrefix, (version) => version.latest && !version.deleteMarker && isYoung(version));
  // Those of workers that died: whoever is at work renews its claim long before.
  await sweep(claimsPrefix, () => false);
  // What is still damaged is found again.
  await sweep(damagePrefix, (version) => version.latest && !version.deleteMarker && isYoung(version));
  await sweep(erasuresPrefix, ({ latest, deleteMarker }) => latest && !deleteMarker);
  await sweep(branchesPrefix, ({ latest }) => latest);
  for (const repo of ['exams', 'models', 'pipeline', ...settings.stages]) await sweep(`${repo}/`, isUsedFile);
  await sweep(commitPrefix(''), isUsedKey);
  await sweep(treesPrefix, isUsedKey);

  return {
    found,
    damagedBranches: [...damaged.keys()],
    async remove() {
      const removed = new Map<string, Amount>();
      for (const [prefix, list] of found) {
        const isUsed = prefix.startsWith('.') ? isUsedKey : isUsedFile;
        for (let start = 0; start < list.length; start += BATCH) {
          const started = (await settings.runningJobs()).filter((job) => !jobs.has(job));
          if (started.length > 0) {
            return { removed, stopped: `The job ${started[0]} began meanwhile, so the rest was left. Run it again.` };
          }
          await markBranches();
          const batch = list.slice(start, start + BATCH).filter((version) => !isUsed(version));
          await store.deleteVersions(batch);
          const { versions, bytes } = removed.get(prefix) ?? { versions: 0, bytes: 0 };
          removed.set(prefix, { versions: versions + batch.length, bytes: bytes + bytesOf(batch) });
        }
      }
      return { removed };
    },
  };
}

export const bytesOf = (versions: readonly ListedVersion[]): number =>
  versions.reduce((sum, { size }) => sum + size, 0);

/** Within a key the newest goes last, so that no earlier version surfaces in between. */
const oldestFirst = (versions: readonly ListedVersion[]): ListedVersion[] =>
  [...versions].sort((a, b) =>
    a.key === b.key
      ? Number(a.latest) - Number(b.latest) || a.modified.getTime() - b.modified.getTime()
      : a.key < b.key
        ? -1
        : 1,
  );

const folderOf = (key: string): string => key.slice(jobsPrefix.length).split('/')[0] ?? '';

/** Commits that no branch has any more, made not long ago: a deleted branch, or one that was moved. */
async function markYoungCommits(repository: Repository, reachable: Reachable, since: number, keepSince: number) {
  for await (const { key, modified } of repository.store.list(commitPrefix(''))) {
    if (modified.getTime() < since || reachable.hasKey(key)) continue;
    const id = key.slice(commitPrefix('').length, -'.json'.length);
    const commit = await unlessDamaged(() => repository.commit(id));
    if (commit !== undefined) await reachable.markHistory(commit, keepSince, false);
  }
}

/** A running job may use anything of its exams: their files, records and known outcomes. */
async function markJob(
  repository: Repository,
  reachable: Reachable,
  busy: Set<string>,
  job: string,
  keepSince: number,
): Promise<void> {
  const { store } = repository;
  const settings = await readJson(store, jobSettingsKey(job), jobSettingsSchema);
  if (settings === undefined) {
    throw new MammoflowError(
      'service-unavailable',
      `The job ${job} is still being planned, so what it will use is not known.`,
      'Try again when it has begun or ended.',
    );
  }
  await reachable.markHistory(await repository.commit(settings.commit), keepSince, true);
  reachable.markEras(settings.eras);
  for await (const { key } of store.list(jobPlanPrefix(job))) {
    const page = await readJson(store, key, jobPageSchema);
    for (const { exam, files } of page?.exams ?? []) {
      busy.add(exam);
      reachable.markFiles(files);
    }
  }
}

/** A state that planning compares with needs its trees; one that is neither young nor that of a kept commit is dropped. */
async function markMemos(store: ObjectStore, reachable: Reachable, since: number): Promise<void> {
  for await (const { key, modified } of store.list(memosPrefix)) {
    const memo = await readDerivedJson(store, key, memoSchema);
    if (memo === undefined) continue;
    const roots: Roots = { ...memo.results, exams: memo.exams };
    if (modified.getTime() < since && !Object.values(roots).every(({ tree }) => reachable.hasRoot(tree))) continue;
    reachable.markKey(key);
    await reachable.markRoots(roots);
  }
}

/** Folders of jobs that run, or that wrote something not long ago. */
async function foldersToKeep(store: ObjectStore, jobs: ReadonlySet<string>, since: number): Promise<Set<string>> {
  const folders = new Set([...jobs].map((job) => encodeURIComponent(job)));
  for await (const { key, modified } of store.list(jobsPrefix)) {
    if (modified.getTime() >= since) folders.add(folderOf(key));
  }
  return folders;
}
