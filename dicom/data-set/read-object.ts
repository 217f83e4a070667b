import { open } from 'node:fs/promises';
import { inflateRawSync } from 'node:zlib';
import { LARGEST_OBJECT } from '../../pipeline/exam-objects.js';
import { invalidObject, unsupportedObject } from '../refusal.js';
import { type DataSet, MoreNeeded, type ReadOptions, readElements } from './read-elements.js';
import { groupOf } from './tags.js';
import { META_SYNTAX, type TransferSyntax, transferSyntaxOf } from './transfer-syntaxes.js';
import { text } from './values.js';

/** A DICOM file: its meta information, its data set, and how that is written. */
export interface DicomObject {
  readonly meta: DataSet;
  readonly dataSet: DataSet;
  readonly syntax: TransferSyntax;
}

/** What comes before the pixels is small, but some devices keep raw data there. */
const FIRST_READ = 256 * 1024;
const LARGEST_HEAD = 64 * 1024 * 1024;
const PREAMBLE = 128;

/** Whether bytes begin as a DICOM file does (PS3.10, 7.1). */
export const beginsAsDicom = (bytes: Buffer): boolean =>
  bytes.length >= PREAMBLE + 4 && bytes.toString('latin1', PREAMBLE, PREAMBLE + 4) === 'DICM';

/**
 * Reads a DICOM file from memory.
 *
 * @throws ExamError `invalid-dicom` for a file that is cut short or whose lengths cannot be right; `unsupported-dicom` for
 *   a transfer syntax that is not read, by name.
 */
export function readObject(bytes: Buffer, options: ReadOptions): DicomObject {
  const { what } = options;
  const fileSize = options.fileSize ?? bytes.length;
  if (fileSize === 0) throw invalidObject(what, 'is empty (zero bytes)');
  if (!beginsAsDicom(bytes)) {
    throw invalidObject(
      what,
      'is no DICOM file: it has no DICM at byte 128',
      'Send DICOM files with their file header (PS3.10), since only that says how the rest is written.',
    );
  }
  const { dataSet: meta, end } = readElements(
    bytes,
    PREAMBLE + 4,
    META_SYNTAX,
    { ...options, headOnly: false },
    (tag) => groupOf(tag) !== 0x0002,
  );
  const uid = text(meta, 'TransferSyntaxUID');
  if (uid === undefined) throw invalidObject(what, 'does not say its transfer syntax (0002,0010)');
  const syntax = transferSyntaxOf(uid);
  if (syntax === undefined) {
    throw unsupportedObject(
      what,
      `has the transfer syntax ${/^[0-9.]{1,64}$/.test(uid) ? uid : '(not a UID)'}, which is not read`,
      'Have it sent in Explicit VR Little Endian, or in a syntax of docs/dicom.md.',
    );
  }
  if (!syntax.deflated) return { meta, dataSet: readElements(bytes, end, syntax, options).dataSet, syntax };
  if (bytes.length < fileSize) throw new MoreNeeded();
  const inflated = inflate(bytes.subarray(end), what);
  const { fileSize: _, ...rest } = options;
  return { meta, dataSet: readElements(inflated, 0, syntax, rest).dataSet, syntax };
}

function inflate(bytes: Buffer, what: string): Buffer {
  try {
    return inflateRawSync(bytes, { maxOutputLength: LARGEST_OBJECT });
  } catch (cause) {
    const isLarge = (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    throw invalidObject(
      what,
      isLarge ? `inflates to more than ${LARGEST_OBJECT / 2 ** 20} MiB` : 'is damaged: its data set cannot be inflated',
      undefined,
      cause,
    );
  }
}

/**
 * Reads a DICOM file up to its pixels, however large it is: memory is bounded by what comes before them. Only a deflated
 * file is read whole, since its parts cannot be told before.
 *
 * @throws as `readObject`; also `invalid-dicom` for more than 64 MiB before the pixels.
 */
export async function readHead(path: string, what: string): Promise<DicomObject & { readonly size: number }> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    for (let length = Math.min(size, FIRST_READ); ; length = Math.min(size, 4 * length)) {
      const bytes = Buffer.alloc(length);
      for (let at = 0; at < length; ) {
        const { bytesRead } = await file.read(bytes, at, length - at, at);
        if (bytesRead === 0) throw invalidObject(what, 'became shorter while it was read');
        at += bytesRead;
      }
      try {
        return { ...readObject(bytes, { what, headOnly: true, fileSize: size }), size };
      } catch (error) {
        if (!(error instanceof MoreNeeded)) throw error;
        if (length === size) throw invalidObject(what, 'is cut short');
        if (length > LARGEST_HEAD) {
          throw invalidObject(what, `has more than ${LARGEST_HEAD / 2 ** 20} MiB before its pixels`);
        }
      }
    }
  } finally {
    await file.close();
  }
}

/**
 * Reads the head of an object that comes as a stream, and no more of the stream than that takes.
 *
 * @param size of the whole object, in bytes.
 * @throws as `readHead`.
 */
export async function readHeadOfStream(
  stream: AsyncIterable<Uint8Array>,
  size: number,
  what: string,
): Promise<DicomObject> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  let enough = Math.min(size, FIRST_READ);
  // Breaking off destroys the stream.
  for await (const chunk of stream) {
    chunks.push(chunk);
    length += chunk.length;
    if (length < enough) continue;
    try {
      return readObject(Buffer.concat(chunks, length), { what, headOnly: true, fileSize: size });
    } catch (error) {
      if (!(error instanceof MoreNeeded)) throw error;
      if (length >= size) throw invalidObject(what, 'is cut short');
      if (length > LARGEST_HEAD) {
        throw invalidObject(what, `has more than ${LARGEST_HEAD / 2 ** 20} MiB before its pixels`);
      }
      enough = Math.min(size, 4 * length);
    }
  }
  if (size === 0) throw invalidObject(what, 'is empty (zero bytes)');
  // An object of the bucket never changes under its version, so the connection ended early.
  throw new Error(`${what}: ${length} of ${size} bytes came`);
}

/**
 * Reads a whole DICOM file.
 * @throws as `readObject`; also `invalid-dicom` for more than 512 MiB.
 */
export async function readWhole(path: string, what: string): Promise<DicomObject> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    if (size > LARGEST_OBJECT) throw tooLarge(what, size);
    return readObject(await file.readFile(), { what });
  } finally {
    await file.close();
  }
}

export const tooLarge = (what: string, size: number) =>
  invalidObject(
    what,
    `has ${(size / 2 ** 20).toFixed(0)} MiB, and an image of one frame is read up to ${LARGEST_OBJECT / 2 ** 20} MiB`,
    'Send the single-frame presentation image, compressed without loss where it is as large as this.',
  );
