import { open } from 'node:fs/promises';
import { sha256File, sha256Hex } from './hash.js';
import type { Body } from './object-store.js';

/** A file on local disk that is going to be stored. */
export interface LocalFile {
  readonly body: Body;
  /** Lower-case hex. */
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
}

/** Up to this size a file is held in memory: a stream for hashing and another for sending cost more than its bytes. */
const HELD_BYTES = 4 << 20;

/**
 * Hashes a file for storing. A small one is read just once, so what is sent is what was hashed; a larger one is read
 * again when it is sent, where the server compares it with the hash.
 */
export async function readLocalFile(path: string): Promise<LocalFile> {
  const file = await open(path);
  try {
    if ((await file.stat()).size <= HELD_BYTES) {
      const body = await file.readFile();
      return { body, sha256: sha256Hex(body), size: body.byteLength };
    }
  } finally {
    await file.close();
  }
  const { sha256, size } = await sha256File(path);
  return { body: { path, size }, sha256, size };
}
