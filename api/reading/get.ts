import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { DEFAULT_BRANCH, type FileEntry, type TreeItem } from '../../pipeline/commit.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { damagedVersion, missingVersion, readFileEntry } from '../../repos/committed-files.js';
import { concurrently } from '../../repos/concurrently.js';
import { erasedOn, openErasures } from '../../repos/erasures.js';
import { sha256File } from '../../repos/hash.js';
import { recordDamage } from '../../repos/known-damage.js';
import type { ObjectStore } from '../../repos/object-store.js';
import { viewRepo } from '../../repos/read-tree.js';
import type { Session } from '../session.js';
import { findFiles, type LsItemOptions, type RepoState } from './ls.js';

/** Files downloaded at once. */
const CONCURRENCY = 8;

export interface GetOptions extends RepoState {
  /** One exam or bundle; all of them unless said. */
  readonly item?: string | undefined;
  /** One file of it. */
  readonly file?: string | undefined;
  /** Files lie in `<folder>/<exam or bundle>/<file>`. */
  readonly folder: string;
  /** Overwrite files that are there and differ. */
  readonly force?: boolean;
  readonly onProgress?: (done: number, files: number) => void;
  readonly signal?: AbortSignal;
}

export interface GetOutcome {
  /** Paths of the files that are there now, verified. */
  readonly written: readonly string[];
  /** Exams that were erased since. */
  readonly erased: readonly string[];
  /** Files that are gone from the bucket or damaged, and the sentence that says so; the others were downloaded. */
  readonly bad: readonly { readonly path: string; readonly reason: string }[];
}

/**
 * Downloads a repo, an exam or a file as it was at a state. Every file is checked against the SHA-256 that it was
 * committed with, and appears under its name only when it is whole. A file that is gone or damaged is passed over and named,
 * and word of it is left for `put` and for jobs.
 *
 * @throws MammoflowError `not-found` when it is not there; `missing-object` when the exam was erased; `invalid-argument` when other files of the same names are in the folder, and then none is written.
 * @example
 * await mammoflow.get({ repo: 'visualize_heatmaps', item: 'exam-17', folder: './pictures' });
 */
export async function get({ repository }: Session, options: GetOptions): Promise<GetOutcome> {
  const { repo, ref = DEFAULT_BRANCH, item, file, folder, onProgress, signal } = options;
  const view = viewRepo(repository, await repository.resolve(ref, repo), repo);
  let chosen: { item: TreeItem; file: FileEntry }[] = [];
  if (item === undefined) {
    for await (const found of view.items()) for (const entry of found.files) chosen.push({ item: found, file: entry });
  } else {
    const { found, files } = await findFiles(view, { repo, ref, item, file });
    chosen = files.map((entry) => ({ item: found, file: entry }));
  }
  const erased = new Set<string>();
  const erasureOf = await openErasures(repository.store);
  for (const { item: found } of chosen) {
    const erasure = await erasureOf(found);
    if (erasure === undefined) continue;
    if (item !== undefined) throw erasedItem(found.name, erasedOn(erasure));
    erased.add(found.name);
  }
  const files = chosen
    .filter((one) => !erased.has(one.item.name))
    .map((one) => ({
      entry: one.file,
      item: one.item.name,
      path: join(resolve(folder), one.item.name, one.file.path),
    }));
  const wanted = options.force === true ? files : await notThereYet(files);
  let done = files.length - wanted.length;
  const bad = new Map<string, string>();
  const fetch = async ({ entry, item: name, path }: FileToGet): Promise<void> => {
    try {
      await download(repository.store, entry, path);
    } catch (error) {
      const isMissing = error instanceof MammoflowError && error.code === 'missing-object';
      if (!(error instanceof MammoflowError) || (!isMissing && error.code !== 'corrupt-data')) throw error;
      bad.set(path, error.sentence);
      const { key, versionId } = entry;
      // Whoever may only read still gets to know.
      await recordDamage(repository.store, {
        repo,
        item: name,
        key,
        versionId,
        what: isMissing ? 'missing' : 'damaged',
      }).catch(() => undefined);
    }
    done += 1;
    onProgress?.(done, files.length);
  };
  await concurrently(wanted, CONCURRENCY, fetch, signal);
  return {
    written: files.filter(({ path }) => !bad.has(path)).map(({ path }) => path),
    erased: [...erased],
    bad: [...bad].map(([path, reason]) => ({ path, reason })),
  };
}

/**
 * One committed file, verified.
 *
 * @throws MammoflowError as {@link get} does.
 * @example
 * const bytes = await mammoflow.read({ repo: 'classify', item: 'exam-17', file: 'predictions.json' });
 */
export async function read(
  { repository }: Session,
  options: LsItemOptions & { readonly file: string },
): Promise<Uint8Array> {
  const { repo, ref = DEFAULT_BRANCH } = options;
  const { found, files } = await findFiles(viewRepo(repository, await repository.resolve(ref, repo), repo), options);
  const erasure = await (await openErasures(repository.store))(found);
  if (erasure !== undefined) throw erasedItem(found.name, erasedOn(erasure));
  return readFileEntry(repository.store, files[0] as FileEntry);
}

const erasedItem = (name: string, when: string): MammoflowError =>
  new MammoflowError(
    'missing-object',
    `Exam ${name}: ${when}`,
    'Its names and hashes stay in the history: see `mammoflow ls`.',
  );

interface FileToGet {
  readonly item: string;
  readonly entry: FileEntry;
  readonly path: string;
}

/** Files that are in the folder already need not be fetched; others of the same name are somebody's. */
async function notThereYet(files: readonly FileToGet[]): Promise<FileToGet[]> {
  const wanted: FileToGet[] = [];
  const others: string[] = [];
  for (const file of files) {
    const there = await sha256File(file.path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (there === undefined) wanted.push(file);
    else if (there.sha256 !== file.entry.sha256) others.push(file.path);
  }
  if (others.length === 0) return wanted;
  throw new MammoflowError(
    'invalid-argument',
    `${others[0]} is there and has another content${others.length === 1 ? '' : `, and so have ${others.length - 1} more files`}.`,
    'Choose another folder, or overwrite them with --force.',
  );
}

async function download(store: ObjectStore, entry: FileEntry, path: string): Promise<void> {
  const stream = await store.getStream(entry.key, entry.versionId);
  if (stream === undefined) throw missingVersion(entry);
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.part`;
  try {
    await pipeline(stream, createWriteStream(draft));
    if ((await sha256File(draft)).sha256 !== entry.sha256) throw damagedVersion(entry);
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}
