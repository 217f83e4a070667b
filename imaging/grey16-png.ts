import { readFile } from 'node:fs/promises';
import { ExamError } from '../pipeline/errors.js';
import type { View } from '../pipeline/exam.js';
import { fileKind } from './file-kind.js';
import type { Grey16Image } from './planes.js';
import { isPng, PNG_SIGNATURE, type PngChunk, PngDamageError, pngChunks } from './png-chunks.js';
import { sharp } from './sharp.js';

/** Beyond any mammography detector (the largest have about 4,800 × 6,000 pixels), yet decoded in 128 MiB at most. */
export const LARGEST_SIDE = 16384;
export const LARGEST_PIXELS = 64 * 1024 * 1024;

/** What a picture is, for error messages. */
export interface ImageSubject {
  readonly exam?: string;
  readonly view?: View;
  /** How to call the file where there is no view, e.g. its name. */
  readonly what?: string;
}

export interface ImageSize {
  readonly rows: number;
  readonly columns: number;
}

/**
 * Reads a 16-bit greyscale PNG as it is: no scaling, no gamma, no colour management. Ancillary chunks are dropped
 * before decoding, so that none of them can change a value (`sBIT` in NYU's images, PIPELINE.md 1.2) or take memory.
 *
 * @param source a path or the file's bytes.
 * @throws ExamError `invalid-image` for everything `checkGrey16Png` refuses, and for pixel data that cannot be decoded.
 */
export async function readGrey16Png(source: string | Buffer, subject: ImageSubject = {}): Promise<Grey16Image> {
  const bytes = await bytesOf(source);
  const { rows, columns, pixelChunks } = inspect(bytes, subject);
  try {
    const { data, info } = await sharp(Buffer.concat([PNG_SIGNATURE, ...pixelChunks.map((chunk) => chunk.bytes)]), {
      failOn: 'warning',
      limitInputPixels: LARGEST_PIXELS,
      ignoreIcc: true,
    })
      .toColourspace('grey16')
      .raw({ depth: 'ushort' })
      .toBuffer({ resolveWithObject: true });
    if (info.channels !== 1 || data.length !== 2 * rows * columns) throw new Error('unexpected decoded size');
    return { rows, columns, pixels: new Uint16Array(data.buffer, data.byteOffset, rows * columns) };
  } catch (cause) {
    throw refusal(subject, 'is damaged: its pixels cannot be decoded', 'Export it again and put it once more.', cause);
  }
}

/**
 * Checks that a file is a complete 16-bit greyscale PNG of a sane size: header, chunk structure and checksums, without
 * decoding a pixel. Cheap enough to do for every file that is put.
 *
 * @param source a path or the file's bytes.
 * @throws ExamError `invalid-image` with one sentence: empty, no PNG, cut short, damaged, another kind of PNG, too large.
 */
export async function checkGrey16Png(source: string | Buffer, subject: ImageSubject = {}): Promise<ImageSize> {
  const { rows, columns } = inspect(await bytesOf(source), subject);
  return { rows, columns };
}

/**
 * Writes a 16-bit greyscale PNG that holds exactly these pixels. The same image gives the same bytes; no time and no
 * program name is written.
 */
export async function writeGrey16Png({ rows, columns, pixels }: Grey16Image): Promise<Buffer> {
  return sharp(pixels, { raw: { width: columns, height: rows, channels: 1 }, limitInputPixels: LARGEST_PIXELS })
    .toColourspace('grey16')
    .png({ compressionLevel: 6, adaptiveFiltering: false })
    .toBuffer();
}

const bytesOf = async (source: string | Buffer): Promise<Buffer> =>
  typeof source === 'string' ? readFile(source) : source;

const EXPORT_AGAIN = 'Export it as a single-channel 16-bit greyscale PNG.';
const PUT_AGAIN = 'Copy it again from its source and put it once more.';

/** The five colour types of PNG (PNG specification 11.2.1). */
const COLOUR_TYPES: Readonly<Record<number, string>> = {
  0: 'greyscale',
  2: 'RGB',
  3: 'palette',
  4: 'greyscale with transparency',
  6: 'RGB with transparency',
};

function inspect(bytes: Buffer, subject: ImageSubject): ImageSize & { pixelChunks: PngChunk[] } {
  if (bytes.length === 0) throw refusal(subject, 'is empty (zero bytes)', PUT_AGAIN);
  if (!isPng(bytes)) throw noPng(bytes, subject);
  let size: ImageSize | undefined;
  const pixelChunks: PngChunk[] = [];
  let pixelBytes = 0;
  try {
    for (const chunk of pngChunks(bytes)) {
      if (size === undefined) {
        if (chunk.type !== 'IHDR' || chunk.data.length !== 13) {
          throw refusal(subject, 'is damaged: it does not begin with an image header', PUT_AGAIN);
        }
        size = readHeader(chunk.data, subject);
      } else if (chunk.type === 'tRNS') {
        throw refusal(subject, 'has a transparent colour', EXPORT_AGAIN);
      }
      if (chunk.type === 'IDAT') pixelBytes += chunk.data.length;
      if (chunk.type === 'IHDR' || chunk.type === 'IDAT' || chunk.type === 'IEND') pixelChunks.push(chunk);
    }
  } catch (cause) {
    if (!(cause instanceof PngDamageError)) throw cause;
    if (cause.damage === 'cut-short') throw refusal(subject, 'is cut short: its end is missing', PUT_AGAIN, cause);
    throw refusal(subject, 'is damaged: a checksum does not match', PUT_AGAIN, cause);
  }
  if (size === undefined || pixelBytes === 0) throw refusal(subject, 'is damaged: it holds no pixels', PUT_AGAIN);
  return { ...size, pixelChunks };
}

function readHeader(header: Buffer, subject: ImageSubject): ImageSize {
  const columns = header.readUInt32BE(0);
  const rows = header.readUInt32BE(4);
  const depth = header[8] as number;
  const colour = header[9] as number;
  if (colour !== 0) {
    const kind = COLOUR_TYPES[colour] ?? 'unknown';
    throw refusal(subject, `is ${anA(depth)} ${depth}-bit ${kind} PNG, not 16-bit greyscale`, EXPORT_AGAIN);
  }
  if (depth !== 16) {
    throw refusal(
      subject,
      `is ${anA(depth)} ${depth}-bit greyscale PNG, not a 16-bit one`,
      `${EXPORT_AGAIN} Its source has to have more than ${2 ** depth} grey levels: converting this file adds none.`,
    );
  }
  if (rows === 0 || columns === 0) throw refusal(subject, 'is damaged: its header gives a side of 0 pixels', PUT_AGAIN);
  if (rows > LARGEST_SIDE || columns > LARGEST_SIDE || rows * columns > LARGEST_PIXELS) {
    throw refusal(
      subject,
      `is too large: ${columns} × ${rows} pixels`,
      `Use an image of at most ${LARGEST_SIDE} pixels a side and ${LARGEST_PIXELS / 1024 / 1024} Mi pixels in all.`,
    );
  }
  return { rows, columns };
}

/** An 8-bit picture, a 16-bit one. */
const anA = (depth: number): string => (depth === 8 ? 'an' : 'a');

function noPng(bytes: Buffer, subject: ImageSubject): ExamError {
  const kind = fileKind(bytes);
  return kind === undefined
    ? refusal(subject, 'is not a PNG file', EXPORT_AGAIN)
    : refusal(subject, `is ${kind.what}, not a PNG file`, kind.asView ?? kind.next ?? EXPORT_AGAIN);
}

function refusal({ exam, view, what }: ImageSubject, problem: string, next: string, cause?: unknown): ExamError {
  const name = what ?? (view === undefined ? 'The image' : `${view}.png`);
  const message = `${exam === undefined ? name : `${name} of exam ${exam}`} ${problem}.`;
  return new ExamError('invalid-image', message, next, view, { cause });
}
