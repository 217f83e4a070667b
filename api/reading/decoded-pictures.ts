import { LRUCache } from 'lru-cache';
import type { Repository } from '../../repos/repository.js';

/** Some views of full size, or the heatmaps of one exam. */
const KEPT_BYTES = 192 * 1024 * 1024;

interface Decoded {
  readonly kept: LRUCache<string, { readonly value: unknown; readonly bytes: number }>;
  readonly underWay: Map<string, Promise<unknown>>;
}
const DECODED = new WeakMap<Repository, Decoded>();

/**
 * What was decoded lately, so that whoever asks for a coarse level of a picture and then for all of it has it read and decoded
 * once. What is kept is named by its hash, so it is never old; that it was not erased is for the caller to look at first.
 *
 * @param key names the bytes.
 * @param bytesOf how much of memory it takes.
 * @throws what `decode` throws, which is not kept.
 */
export async function decodedOnce<T>(
  repository: Repository,
  key: string,
  decode: () => Promise<T>,
  bytesOf: (value: T) => number,
): Promise<T> {
  const { kept, underWay } = decodedOf(repository);
  const known = kept.get(key);
  if (known !== undefined) return known.value as T;
  const other = underWay.get(key);
  if (other !== undefined) return other as Promise<T>;
  const decoding = decode();
  underWay.set(key, decoding);
  try {
    const value = await decoding;
    kept.set(key, { value, bytes: bytesOf(value) });
    return value;
  } finally {
    underWay.delete(key);
  }
}

function decodedOf(repository: Repository): Decoded {
  const decoded = DECODED.get(repository) ?? {
    kept: new LRUCache({ maxSize: KEPT_BYTES, sizeCalculation: ({ bytes }) => Math.max(1, bytes) }),
    underWay: new Map(),
  };
  DECODED.set(repository, decoded);
  return decoded;
}
