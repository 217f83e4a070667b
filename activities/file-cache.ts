import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, unlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { FileEntry } from '../pipeline/commit.js';
import { damagedVersion, missingVersion } from '../repos/committed-files.js';
import { sha256File } from '../repos/hash.js';
import type { ObjectStore } from '../repos/object-store.js';

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
  /** A new empty folder on the same disk, for a stage's output. The caller removes it. */
  temporaryFolder(): Promise<string>;
}

interface Held {
  readonly size: number;
  users: number;
  lastUsed: number;
}

/** Opens the cache in a folder of its own; what an earlier process left there is used again. */
export async function openFileCache(store: ObjectStore, folder: string, maxBytes: number): Promise<FileCache> {
  const files = join(folder, 'files');
  const temporary = join(folder, 'tmp');
  // Half-written files of a process that died have no owner any more.
  await rm(temporary, { recursive: true, force: true });
  await mkdir(files, { recursive: true });
  await mkdir(temporary, { recursive: true });

  const held = new Map<string, Held>();
  for (const name of await readdir(files)) {
    const found = await stat(join(files, name));
    held.set(name, { size: found.size, users: 0, lastUsed: found.mtimeMs });
  }
  const underWay = new Map<string, Promise<void>>();

  async function fetchFile(entry: FileEntry): Promise<void> {
    const stream = await store.getStream(entry.key, entry.versionId);
    if (stream === undefined) throw missingVersion(entry);
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

  /** Removes the files unused for longest until the rest fits. */
  async function evict(keep: string): Promise<void> {
    let total = [...held.values()].reduce((sum, file) => sum + file.size, 0);
    const oldestFirst = [...held].sort(([, a], [, b]) => a.lastUsed - b.lastUsed);
    for (const [name, file] of oldestFirst) {
      if (total <= maxBytes) return;
      if (file.users > 0 || name === keep) continue;
      held.delete(name);
      total -= file.size;
      await unlink(join(files, name)).catch(() => undefined);
    }
  }

  return {
    async get(entry) {
      const path = join(files, entry.sha256);
      let file = held.get(entry.sha256);
      while (file === undefined) {
        let fetching = underWay.get(entry.sha256);
        if (fetching === undefined) {
          fetching = fetchFile(entry).finally(() => underWay.delete(entry.sha256));
          underWay.set(entry.sha256, fetching);
        }
        await fetching;
        file = held.get(entry.sha256);
      }
      const mine = file;
      mine.users += 1;
      mine.lastUsed = Date.now();
      void utimes(path, new Date(), new Date()).catch(() => undefined);
      let released = false;
      return {
        path,
        release() {
          if (!released) mine.users -= 1;
          released = true;
        },
      };
    },

    async temporaryFolder() {
      const path = join(temporary, randomUUID());
      await mkdir(path);
      return path;
    },
  };
}
