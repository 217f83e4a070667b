import pLimit from 'p-limit';
import { fileKey } from './layout.js';
import type { ObjectStore } from './object-store.js';

/** Keys a page of a listing holds (S3's limit). */
const KEYS_A_PAGE = 1_000;
/** Listings under way at once. */
const CONCURRENCY = 16;

/**
 * Which keys of some items exist, committed or left by an upload that died. Lists the whole repo or item by item,
 * whichever takes fewer requests; either is far fewer than asking for every file.
 *
 * @param filesInRepo how many files the repo has, to judge by.
 */
export async function existingKeys(
  store: ObjectStore,
  repo: string,
  items: readonly string[],
  filesInRepo: number,
): Promise<Set<string>> {
  const keys = new Set<string>();
  const list = async (prefix: string): Promise<void> => {
    for await (const { key } of store.list(prefix)) keys.add(key);
  };
  if (filesInRepo / KEYS_A_PAGE < items.length) {
    await list(`${repo}/`);
  } else {
    const limit = pLimit(CONCURRENCY);
    await Promise.all(items.map((item) => limit(() => list(fileKey(repo, item, '')))));
  }
  return keys;
}
