import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning, type ProcessReference, thisProcess } from './process-identity.js';

/** Lets go of a lock. Calling it twice does no harm. */
export type Release = () => Promise<void>;

async function ownerOf(path: string): Promise<ProcessReference | undefined> {
  try {
    return JSON.parse(await readFile(join(path, 'owner.json'), 'utf8')) as ProcessReference;
  } catch {
    return undefined;
  }
}

/**
 * Takes the lock `path` if it is free, or its owner has ended.
 *
 * A lock is a folder that names its owner. It is made elsewhere and moved into place: the move fails where a lock
 * lies already, so there is never a lock without an owner in it, and a lock left by a killed process is recognised.
 * (Two processes that clear away the same dead lock in the same millisecond could both go on; where this matters the
 * work itself ends in an atomic rename too.)
 *
 * @returns the release, or who holds the lock
 */
export async function tryLock(path: string): Promise<{ release: Release } | { heldBy: ProcessReference }> {
  const self = thisProcess();
  for (;;) {
    const prepared = `${path}.${self.pid}.${randomUUID()}`;
    await mkdir(dirname(path), { recursive: true });
    await mkdir(prepared);
    await writeFile(join(prepared, 'owner.json'), JSON.stringify(self));
    try {
      await rename(prepared, path);
      return { release: () => rm(path, { recursive: true, force: true }) };
    } catch (error) {
      await rm(prepared, { recursive: true, force: true });
      const code = (error as NodeJS.ErrnoException).code;
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && code !== 'EPERM') throw error;
    }
    const owner = await ownerOf(path);
    if (owner !== undefined && isRunning(owner)) return { heldBy: owner };
    const dead = `${path}.dead.${randomUUID()}`;
    await rename(path, dead).catch(() => undefined);
    await rm(dead, { recursive: true, force: true });
  }
}

/** Who holds the lock now; undefined if nobody does. */
export async function lockHolder(path: string): Promise<ProcessReference | undefined> {
  const owner = await ownerOf(path);
  return owner !== undefined && isRunning(owner) ? owner : undefined;
}

/** Waits for the lock, does the work, lets go of it. `onWait` is called once if somebody else holds it. */
export async function withLock<T>(path: string, onWait: () => void, work: () => Promise<T>): Promise<T> {
  let waiting = false;
  for (;;) {
    const lock = await tryLock(path);
    if ('release' in lock) {
      try {
        return await work();
      } finally {
        await lock.release();
      }
    }
    if (!waiting) onWait();
    waiting = true;
    await sleep(200);
  }
}
