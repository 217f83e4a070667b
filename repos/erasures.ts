import { z } from 'zod';
import { sha256Schema } from '../pipeline/bundle.js';
import type { Json } from '../pipeline/canonical-json.js';
import type { FileEntry, TreeItem } from '../pipeline/commit.js';
import { readJson, writeJson } from './json-objects.js';
import { cacheReportKey, cacheReportsPrefix, erasureKey, erasuresPrefix } from './layout.js';
import type { ObjectStore } from './object-store.js';
import { UNVERSIONED } from './s3/read.js';

/**
 * `erased/<exam>.json`: that an exam was erased, when and by whom. It outlives the exam, so that history can say why its
 * files are gone, and so that workers drop their copies and store nothing more of it.
 */
export const erasureSchema = z.object({
  schemaVersion: z.literal(1),
  exam: z.string(),
  /** Oldest first; more than one when an exam of this name was put again and erased again. */
  erasures: z.array(z.object({ time: z.iso.datetime(), author: z.string(), reason: z.string().optional() })).min(1),
  /** Version ids of the erased files. Files put later under the same name are not among them: they are a new exam. */
  versions: z.array(z.string()),
  /** SHA-256 of the erased files, by which caches hold them. */
  sha256: z.array(sha256Schema),
});
export type Erasure = z.infer<typeof erasureSchema>;

/** What was erased under an exam's name; undefined when nothing ever was. */
export const readErasure = (store: ObjectStore, exam: string): Promise<Erasure | undefined> =>
  readJson(store, erasureKey(exam), erasureSchema) as Promise<Erasure | undefined>;

/** Adds an erasure to what is known of earlier ones of the same name. */
export async function recordErasure(
  store: ObjectStore,
  exam: string,
  erased: { author: string; reason?: string; versions: Iterable<string>; sha256: Iterable<string> },
): Promise<Erasure> {
  const before = await readErasure(store, exam);
  const { author, reason } = erased;
  const erasure: Erasure = {
    schemaVersion: 1,
    exam,
    erasures: [
      ...(before?.erasures ?? []),
      { time: new Date(store.serverTime()).toISOString(), author, ...(reason === undefined ? {} : { reason }) },
    ],
    // Files without a version of their own cannot be told apart by it.
    versions: [...new Set([...(before?.versions ?? []), ...erased.versions])].filter((id) => id !== UNVERSIONED).sort(),
    sha256: [...new Set([...(before?.sha256 ?? []), ...erased.sha256])].sort(),
  };
  await writeJson(store, erasureKey(exam), erasure as unknown as Json);
  return erasure;
}

/** Whether these files, of an exam or of what was made from it, are among those that were erased. */
export const isErased = (erasure: Erasure, files: readonly Pick<FileEntry, 'versionId'>[]): boolean =>
  files.some(({ versionId }) => erasure.versions.includes(versionId));

/** "Erased on 2026-11-23.", of the newest erasure. */
export const erasedOn = ({ erasures }: Erasure): string => `Erased on ${erasures.at(-1)?.time.slice(0, 10)}.`;

/** An item of a commit, or of the inbox. */
type ItemOfVersions = Pick<TreeItem, 'name'> & { readonly files: readonly Pick<FileEntry, 'versionId'>[] };

/** Looks items of any commit up among the erased. One listing; markers are read for names that are among them. */
export async function openErasures(
  store: ObjectStore,
): Promise<(item: ItemOfVersions) => Promise<Erasure | undefined>> {
  const names = new Set<string>();
  for await (const { key } of store.list(erasuresPrefix)) names.add(examOfErasure(key));
  const markers = new Map<string, Promise<Erasure | undefined>>();
  return async ({ name, files }) => {
    if (!names.has(name)) return undefined;
    const reading = markers.get(name) ?? readErasure(store, name);
    markers.set(name, reading);
    const erasure = await reading;
    return erasure !== undefined && isErased(erasure, files) ? erasure : undefined;
  };
}

export const examOfErasure = (key: string): string => key.slice(erasuresPrefix.length, -'.json'.length);

/** `caches/<worker>.json`: which erasures a worker has applied to its disk cache. */
export const cacheReportSchema = z.object({
  schemaVersion: z.literal(1),
  worker: z.string(),
  /** How many erasures of that name it has applied. */
  applied: z.record(z.string(), z.number().int().positive()),
});
export type CacheReport = z.infer<typeof cacheReportSchema>;

export async function writeCacheReport(store: ObjectStore, report: CacheReport): Promise<void> {
  await writeJson(store, cacheReportKey(report.worker), report as unknown as Json);
}

/** Workers that have applied every erasure of these exams. */
export async function workersThatApplied(
  store: ObjectStore,
  workers: readonly string[],
  erasures: readonly Erasure[],
): Promise<Set<string>> {
  const there = new Set<string>();
  for await (const { key } of store.list(cacheReportsPrefix)) there.add(key);
  const applied = new Set<string>();
  for (const worker of workers) {
    const key = cacheReportKey(worker);
    const report = there.has(key) ? await readJson(store, key, cacheReportSchema) : undefined;
    const all = erasures.every(({ exam, erasures: times }) => (report?.applied[exam] ?? 0) >= times.length);
    if (report !== undefined && all) applied.add(worker);
  }
  return applied;
}
