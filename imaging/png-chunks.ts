import { crc32 } from 'node:zlib';

/** The eight bytes that every PNG begins with. */
export const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** A chunk of a PNG: its type and where it lies in the file. */
export interface PngChunk {
  readonly type: string;
  /** The chunk as a whole: length, type, data and checksum. */
  readonly bytes: Buffer;
  readonly data: Buffer;
}

/** Why a file cannot be walked as a PNG. */
export type PngDamage = 'not-png' | 'cut-short' | 'bad-checksum';

export class PngDamageError extends Error {
  constructor(readonly damage: PngDamage) {
    super(`PNG damaged: ${damage}`);
  }
}

export const isPng = (bytes: Buffer): boolean => bytes.subarray(0, 8).equals(PNG_SIGNATURE);

/**
 * Walks the chunks of a PNG from the first to `IEND` and verifies each checksum; nothing is decompressed. Bytes after
 * `IEND` are left alone.
 * @throws PngDamageError when the file is no PNG, ends before `IEND`, or a checksum is wrong.
 */
export function* pngChunks(bytes: Buffer): Generator<PngChunk> {
  if (!isPng(bytes)) throw new PngDamageError('not-png');
  for (let offset = PNG_SIGNATURE.length; ; ) {
    if (offset + 12 > bytes.length) throw new PngDamageError('cut-short');
    const length = bytes.readUInt32BE(offset);
    const end = offset + 12 + length;
    if (end > bytes.length) throw new PngDamageError('cut-short');
    const chunk = bytes.subarray(offset, end);
    if (crc32(chunk.subarray(4, 8 + length)) !== chunk.readUInt32BE(8 + length))
      throw new PngDamageError('bad-checksum');
    const type = chunk.toString('latin1', 4, 8);
    yield { type, bytes: chunk, data: chunk.subarray(8, 8 + length) };
    if (type === 'IEND') return;
    offset = end;
  }
}

/** Encodes one chunk. */
export function pngChunk(type: string, data: Buffer): Buffer {
  const chunk = Buffer.alloc(12 + data.length);
  chunk.writeUInt32BE(data.length, 0);
  chunk.write(type, 4, 'latin1');
  data.copy(chunk, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 8 + data.length)), 8 + data.length);
  return chunk;
}
