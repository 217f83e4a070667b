import { examOfErasure, readErasure, writeCacheReport } from '../../repos/erasures.js';
import { erasuresPrefix } from '../../repos/layout.js';
import type { ObjectStore } from '../../repos/object-store.js';
import type { FileCache } from './file-cache.js';

/** Often enough that whoever erases an exam can wait for it; a listing costs next to nothing. */
const INTERVAL_MS = 10_000;
/** S3 tells times of change to the second, so what changed just now may change again unseen. */
const SETTLED_MS = 5_000;

export interface ErasureWatch {
  /** Applies what is new. Called at the start, before the worker takes tasks, and regularly from then on. */
  look(): Promise<void>;
  close(): void;
}

/**
 * Keeps a worker's disk cache free of erased exams, and reports which erasures it has applied. An erasure is reported
 * only when none of its files is in use any more: a stage that was running then has ended, and stored nothing after.
 */
export function watchErasures(
  store: ObjectStore,
  cache: FileCache,
  worker: string,
  onError: (error: unknown) => void,
): ErasureWatch {
  const applied: Record<string, number> = {};
  const done = new Map<string, number>();

  async function look(): Promise<void> {
    let news = false;
    for await (const { key, modified } of store.list(erasuresPrefix)) {
      const exam = examOfErasure(key);
      if (done.get(exam) === modified.getTime()) continue;
      const erasure = await readErasure(store, exam);
      if (erasure === undefined || (await cache.forget(erasure)) > 0) continue;
      if (store.serverTime() - modified.getTime() > SETTLED_MS) done.set(exam, modified.getTime());
      if (applied[exam] === erasure.erasures.length) continue;
      applied[exam] = erasure.erasures.length;
      news = true;
    }
    if (news) await writeCacheReport(store, { schemaVersion: 1, worker, applied });
  }

  let looking = false;
  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    look()
      .catch(onError)
      .finally(() => {
        looking = false;
      });
  }, INTERVAL_MS);
  return { look, close: () => clearInterval(timer) };
}
