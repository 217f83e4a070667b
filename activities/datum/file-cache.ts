import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, statfs, unlink, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { FileEntry } from '../../pipeline/commit.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { damagedVersion, missingVersion } from '../../repos/committed-files.js';
import { sha256File } from '../../repos/hash.js';
import type { ObjectStore } from '../../repos/object-store.js';

/** A local copy that stays until released. */
export interface CachedFile {
  readonly path: string;
  release(): void;
}

/**
 * Committed files on local disk, by SHA-256: a model is fetched once and not once an exam, whichever commit or key it
 * came from. Bounded in size; files in use are never removed.
 */
export interface FileCache {
  /** A verified local copy. @throws MammoflowError `missing-object` or `corrupt-data`. */
  get(entry: FileEntry): Promise<CachedFile>;
  /**
   * Removes files, whatever they came from, and never fetches these object versions again.
   * @returns how many are in use by a stage that is running; ask again when it has ended.
   */
  forget(files: { readonly sha256: readonly string[]; readonly versions: readonly string[] }): Promise<number>;
  /** A new empty folder on the same disk, for a stage's output. The caller removes it. */
  temporaryFolder(): Promise<string>;
  /** What went wrong, with folder and machine named where it was this disk that was full. */
  explained(error: unknown): unknown;
}

interface Held {
  readonly size: number;
  users: number;
  lastUsed: number;
}

/** What a stage writes for an exam, and some more: so much is kept free by giving up files that nobody uses. */
const ROOM_FOR_OUTPUT_BYTES = 200e6;

/** As Node, libvips and the runtime say that a disk, or a quota of it, is full. */
const DISK_FULL = /ENOSPC|EDQUOT|no space left|disk quota/i;

/** Opens the cache in a folder of its own; what an earlier process left there is used again. */
export async function openFileCache(store: ObjectStore, folder: string, maxBytes: number): Promise<FileCache> {
  const files = join(folder, 'files');
  // Workers on one machine may share the folder, so each has a corner of its own for what is not finished.
  const temporary = join(folder, 'tmp', String(process.pid));
  await removeAbandoned(join(folder, 'tmp'));
  await makeFolders();

  const held = new Map<string, Held>();
  for (const name of await readdir(files)) {
    const found = await stat(join(files, name));
    held.set(name, { size: found.size, users: 0, lastUsed: found.mtimeMs });
  }
  const underWay = new Map<string, Promise<void>>();
  const forgotten = new Set<string>();

  /** Where a version is gone or damaged, the same bytes may have been put again: then the newest version has them. */
  async function fetchSomeVersion(entry: FileEntry): Promise<void> {
    try {
      return await fetchFile(entry);
    } catch (error) {
      const isFault = error instanceof MammoflowError && ['missing-object', 'corrupt-data'].includes(error.code);
      const newest = isFault ? await store.head(entry.key) : undefined;
      const isOther = newest?.sha256 === entry.sha256 && newest.versionId !== entry.versionId;
      if (!isOther || forgotten.has(newest.versionId)) throw error;
      await fetchFile({ ...entry, versionId: newest.versionId }).catch(() => {
        throw error;
      });
    }
  }

  async function fetchFile(entry: FileEntry): Promise<void> {
    const stream = await store.getStream(entry.key, entry.versionId);
    if (stream === undefined) throw missingVersion(entry);
    await makeFolders();
    await makeRoom(entry.size);
    const draft = join(temporary, randomUUID());
    try {
      await pipeline(stream, createWriteStream(draft));
      if ((await sha256File(draft)).sha256 !== entry.sha256) throw damagedVersion(entry);
      await rename(draft, join(files, entry.sha256));
    } finally {
      await rm(draft, { force: true });
    }
    held.set(entry.sha256, { size: entry.size, users: 0, lastUsed: Date.now() });
    await evict(entry.sha256);
  }

  /** Both may be gone: cleaners of temporary files empty folders that look forgotten. */
  async function makeFolders(): Promise<void> {
    await mkdir(files, { recursive: true });
    await mkdir(temporary, { recursive: true });
  }

  /** Removes the files unused for longest until the rest fits. */
  async function evict(keep: string): Promise<void> {
    const total = [...held.values()].reduce((sum, file) => sum + file.size, 0);
    await giveUp(total - maxBytes, keep);
  }

  /** Keeps as much of the disk free as is about to be written, whoever else fills it. */
  async function makeRoom(bytes: number): Promise<void> {
    const { bavail, bsize } = await statfs(files);
    await giveUp(bytes + ROOM_FOR_OUTPUT_BYTES - bavail * bsize);
  }

  async function giveUp(bytes: number, keep?: string): Promise<void> {
    let left = bytes;
    const oldestFirst = [...held].sort(([, a], [, b]) => a.lastUsed - b.lastUsed);
    for (const [name, file] of oldestFirst) {
      if (left <= 0) return;
      if (file.users > 0 || name === keep) continue;
      held.delete(name);
      left -= file.size;
      await unlink(join(files, name)).catch(() => undefined);
    }
  }

  return {
    async get(entry) {
      const path = join(files, entry.sha256);
      for (;;) {
        if (forgotten.has(entry.versionId)) throw missingVersion(entry);
        const mine = held.get(entry.sha256);
        if (mine === undefined) {
          let fetching = underWay.get(entry.sha256);
          if (fetching === undefined) {
            fetching = fetchSomeVersion(entry).finally(() => underWay.delete(entry.sha256));
            underWay.set(entry.sha256, fetching);
          }
          await fetching;
          continue;
        }
        mine.users += 1;
        mine.lastUsed = Date.now();
        try {
          await utimes(path, new Date(), new Date());
        } catch {
          // Somebody else removed it, for instance an erasure that was run on this machine.
          mine.users -= 1;
          if (held.get(entry.sha256) === mine) held.delete(entry.sha256);
          continue;
        }
        let released = false;
        return {
          path,
          release() {
            if (!released) mine.users -= 1;
            released = true;
          },
        };
      }
    },

    async forget({ sha256, versions }) {
      for (const version of versions) forgotten.add(version);
      let inUse = 0;
      for (const name of sha256) {
        const file = held.get(name);
        if (underWay.has(name) || (file !== undefined && file.users > 0)) inUse += 1;
        else if (file !== undefined) {
          held.delete(name);
          await rm(join(files, name), { force: true });
        }
      }
      return inUse;
    },

    async temporaryFolder() {
      await makeFolders();
      await makeRoom(0);
      const path = join(temporary, randomUUID());
      await mkdir(path);
      return path;
    },

    explained(error) {
      if (!(error instanceof Error) || error instanceof MammoflowError || !DISK_FULL.test(error.message)) return error;
      return new MammoflowError(
        'service-unavailable',
        `The disk of ${folder} on ${hostname()}, the cache of this worker (process ${process.pid}), is full.`,
        'Free some space there, or start the worker with another folder (--cache or MAMMOFLOW_CACHE).',
        { cause: error },
      );
    },
  };
}

/** Removes half-written files of processes that died; a pid of before that is this process's own now is one of them. */
async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch((): string[] => [])) {
    const pid = Number(name);
    if (pid !== process.pid && isAlive(pid)) continue;
    await rm(join(folder, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
