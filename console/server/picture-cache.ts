import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { LRUCache } from 'lru-cache';
import pLimit from 'p-limit';

/** Pixels as they are sent. */
export interface SentPicture {
  readonly rows: number;
  readonly columns: number;
  /** At level 0. */
  readonly full: { readonly rows: number; readonly columns: number };
  readonly bytes: Buffer;
  readonly gzipped: boolean;
}

interface Picture {
  readonly rows: number;
  readonly columns: number;
  readonly full: { readonly rows: number; readonly columns: number };
  readonly pixels: Uint16Array | Float32Array;
}

/** Some exams at full size, as they are and packed. */
const CACHE_BYTES = 384 * 1024 * 1024;
/** A picture of full size takes some 60 MB while it is unpacked. */
const AT_ONCE = 2;
/** Level 1: a view of 17 MB takes a third of a second, and is three times smaller. */
const LEVEL = { level: constants.Z_BEST_SPEED };
const pack = promisify(gzip);

/**
 * Keeps pictures that were unpacked and packed lately. What is kept is named by the SHA-256 that it was committed with, so it
 * is never old.
 */
export function openPictureCache() {
  const cache = new LRUCache<string, Promise<SentPicture>>({
    maxSize: CACHE_BYTES,
    // Counted anew when it is there: a promise has no size.
    sizeCalculation: () => 1,
  });
  const limit = pLimit(AT_ONCE);

  function remember(key: string, make: () => Promise<SentPicture>): Promise<SentPicture> {
    const known = cache.get(key);
    if (known !== undefined) return known;
    const making = limit(make);
    cache.set(key, making);
    making.then(
      ({ bytes }) => cache.set(key, making, { size: bytes.byteLength }),
      () => cache.delete(key),
    );
    return making;
  }

  return {
    /**
     * @param key what the picture is, but for how it is packed.
     * @param read reads it where it is not there.
     */
    async picture(key: string, zipped: boolean, read: () => Promise<Picture>): Promise<SentPicture> {
      const plain = (): Promise<SentPicture> =>
        remember(key, async () => {
          const { rows, columns, full, pixels } = await read();
          // Little-endian, as every platform is that this runs on.
          return {
            rows,
            columns,
            full,
            bytes: Buffer.from(pixels.buffer, pixels.byteOffset, pixels.byteLength),
            gzipped: false,
          };
        });
      if (!zipped) return plain();
      const known = cache.get(`${key}.gz`);
      if (known !== undefined) return known;
      const { bytes, ...size } = await plain();
      return remember(`${key}.gz`, async () => ({ ...size, bytes: await pack(bytes, LEVEL), gzipped: true }));
    },
  };
}

export type PictureCache = ReturnType<typeof openPictureCache>;
