import { sharp } from '../../imaging/sharp.js';
import type { DicomObject } from '../data-set/read-object.js';
import { TAGS } from '../data-set/tags.js';
import type { PixelFormat } from '../image/describe-image.js';
import { invalidObject } from '../refusal.js';
import { decompressWithDcmtk } from './dcmdjpeg.js';
import { decodeJpegLossless } from './decode-jpeg-lossless.js';
import { decodeRle } from './decode-rle.js';
import { checkJpeg2000 } from './jpeg-2000-markers.js';
import { readJpegHeader, wholeStream } from './jpeg-markers.js';
import { decodeWithNativeCodecs } from './native-codecs.js';

/** Stored values, rows × columns: what pydicom calls `pixel_array`. */
export type StoredValues = Uint16Array | Int16Array;

/**
 * Decodes the stored values of a single-frame grey picture: no modality or VOI transformation and no inversion. Bits above
 * Bits Stored, where old objects keep overlays, are masked; signed values are extended from Bits Stored.
 *
 * @param object read whole.
 * @param bytes the file it was read from, for the one syntax that another program decodes.
 * @throws ExamError `invalid-dicom` where the pixels are not all there, or not what the object says of them;
 *   `unsupported-dicom` for JPEG Extended with 12 bits where DCMTK is not installed.
 */
export async function decodePixels(
  object: DicomObject,
  format: PixelFormat,
  what: string,
  bytes: Buffer,
): Promise<StoredValues> {
  const { compression } = object.syntax;
  if (compression === 'none') return storedValues(nativeFrame(object, format, what), format);
  const frame = encapsulatedFrame(object, what);
  switch (compression) {
    case 'rle': {
      const { rows, columns, bitsAllocated } = format;
      return storedValues(decodeRle(frame, rows * columns, bitsAllocated === 8 ? 1 : 2, what), format);
    }
    case 'jpeg-lossless': {
      const { header, values } = decodeJpegLossless(frame, what);
      checkSize(header, format, what);
      return coded(values, header.precision, format, what);
    }
    case 'jpeg-baseline':
    case 'jpeg-extended':
      return decodeLossyJpeg(frame, format, what, bytes);
    case 'jpeg-ls': {
      const whole = wholeStream(frame, what);
      const header = readJpegHeader(whole, what);
      if (header.process !== 0xf7) throw invalidObject(what, 'has pixels that are not JPEG-LS, as it says');
      checkSize(header, format, what);
      return coded(
        storedWords(await decodeWithNativeCodecs('decodeJpegLs', whole, format, what), format),
        header.precision,
        format,
        what,
      );
    }
    case 'jpeg-2000':
    case 'htj2k': {
      const whole = wholeStream(frame, what);
      const header = checkJpeg2000(whole, what);
      checkSize(header, format, what);
      if (header.signed !== format.signed) {
        throw invalidObject(
          what,
          `says ${format.signed ? 'signed' : 'unsigned'} in Pixel Representation, and its JPEG 2000 stream the opposite`,
        );
      }
      const decode = compression === 'htj2k' ? 'decodeHtJpeg2000' : 'decodeJpeg2000';
      return coded(
        storedWords(await decodeWithNativeCodecs(decode, whole, format, what), format),
        header.precision,
        format,
        what,
      );
    }
  }
}

/** The bytes of uncompressed pixels, in little-endian order. */
function nativeFrame({ dataSet, syntax }: DicomObject, format: PixelFormat, what: string): Buffer {
  const element = dataSet.elements.get(TAGS.PixelData);
  if (element === undefined) throw invalidObject(what, 'has no pixels');
  if (element.fragments !== undefined) throw invalidObject(what, `has compressed pixels in ${syntax.name}`);
  const { rows, columns, bitsAllocated } = format;
  const expected = (rows * columns * bitsAllocated) / 8;
  // The length of a value is even.
  if (element.length !== expected + (expected % 2)) {
    throw invalidObject(what, `has ${element.length} bytes of pixels, and its size asks for ${expected}`);
  }
  const value = dataSet.bytes.subarray(element.offset, element.offset + element.length);
  // Bytes of OW are swapped whatever is in them (PS3.5, A.3).
  const isSwapped = dataSet.bigEndian && (bitsAllocated === 16 || element.vr === 'OW');
  return isSwapped ? Buffer.from(value).swap16().subarray(0, expected) : value.subarray(0, expected);
}

/**
 * All fragments of the one frame. An empty offset table says nothing of how many frames there are, so it is Number of
 * Frames that counts, and a table that contradicts it is an error.
 */
function encapsulatedFrame({ dataSet, syntax }: DicomObject, what: string): Buffer {
  const element = dataSet.elements.get(TAGS.PixelData);
  if (element === undefined) throw invalidObject(what, 'has no pixels');
  const { fragments, offsetTable } = element;
  if (fragments === undefined) throw invalidObject(what, `has uncompressed pixels in ${syntax.name}`);
  if (fragments.length === 0) throw invalidObject(what, 'has no pixels: its pixel data has no fragment');
  const tableEntries = [
    (offsetTable?.length ?? 0) / 4,
    (dataSet.elements.get(TAGS.ExtendedOffsetTable)?.length ?? 0) / 8,
  ];
  if (tableEntries.some((entries) => entries > 1)) {
    throw invalidObject(what, 'has one frame by Number of Frames, and more by its offset table');
  }
  const frame = fragments.length === 1 ? (fragments[0] as Buffer) : Buffer.concat(fragments);
  const lengths = dataSet.elements.get(TAGS.ExtendedOffsetTableLengths);
  const stated = lengths?.length === 8 ? dataSet.bytes.readBigUInt64LE(lengths.offset) : undefined;
  if (stated !== undefined && BigInt(frame.length) < stated) {
    throw invalidObject(what, `is cut short: ${frame.length} of ${stated} bytes of its frame are there`);
  }
  return frame;
}

/** Lossy by nature, and what is checked is that the decoders of libjpeg's family agree on every pixel. */
async function decodeLossyJpeg(frame: Buffer, format: PixelFormat, what: string, bytes: Buffer): Promise<StoredValues> {
  const whole = wholeStream(frame, what);
  const header = readJpegHeader(whole, what);
  if (header.process !== 0xc0 && header.process !== 0xc1) {
    throw invalidObject(what, 'has pixels that are not sequential JPEG, as it says');
  }
  checkSize(header, format, what);
  if (header.precision === 8) {
    const decoded = await sharp(whole, { failOn: 'warning' })
      .toColourspace('b-w')
      .raw()
      .toBuffer({ resolveWithObject: true })
      .catch((cause) => {
        throw invalidObject(what, 'is damaged: its JPEG pixels cannot be decoded', undefined, cause);
      });
    if (decoded.info.channels !== 1 || decoded.data.length !== format.rows * format.columns) {
      throw invalidObject(what, 'has JPEG pixels of another size than it says');
    }
    return coded(Uint16Array.from(decoded.data), 8, format, what);
  }
  const plain = await decompressWithDcmtk(bytes, what);
  return coded(storedWords(nativeFrame(plain, format, what), format), header.precision, format, what);
}

function checkSize(
  { rows, columns, components, precision }: { rows: number; columns: number; components: number; precision: number },
  format: PixelFormat,
  what: string,
): void {
  const problem =
    components !== 1
      ? `${components} components`
      : rows !== format.rows || columns !== format.columns
        ? `${columns} × ${rows} pixels, and its attributes ${format.columns} × ${format.rows}`
        : precision > format.bitsAllocated
          ? `${precision} bits, and Bits Allocated is ${format.bitsAllocated}`
          : undefined;
  if (problem !== undefined) throw invalidObject(what, `cannot be right: its compressed pixels have ${problem}`);
}

const storedWords = (frame: Buffer, { bitsAllocated }: PixelFormat): Uint16Array => {
  if (bitsAllocated === 8) return Uint16Array.from(frame);
  const words = new Uint16Array(frame.length >> 1);
  for (let at = 0; at < words.length; at += 1)
    words[at] = (frame[2 * at] as number) | ((frame[2 * at + 1] as number) << 8);
  return words;
};

/** Uncompressed values: bits above Bits Stored are no part of them. */
const storedValues = (frame: Buffer, format: PixelFormat): StoredValues => extended(storedWords(frame, format), format);

/**
 * Compressed values. Their own precision says which bits are theirs; a value that then does not fit Bits Stored shows that
 * one of the two is wrong, and which cannot be known.
 */
function coded(words: Uint16Array, precision: number, format: PixelFormat, what: string): StoredValues {
  const { bitsStored, signed } = format;
  if (precision > bitsStored) {
    const limit = signed ? 1 << (bitsStored - 1) : 1 << bitsStored;
    for (const word of words) {
      const value = signed ? signExtended(word, precision) : word & ((1 << precision) - 1);
      if (value >= limit || (signed && value < -limit)) {
        throw invalidObject(what, `cannot be right: it has values of more than the ${bitsStored} bits that it says`);
      }
    }
  }
  return extended(words, { ...format, bitsStored: Math.min(bitsStored, signed ? precision : bitsStored) });
}

const signExtended = (word: number, bits: number): number => (word << (32 - bits)) >> (32 - bits);

function extended(words: Uint16Array, { bitsStored, signed }: PixelFormat): StoredValues {
  if (!signed) {
    if (bitsStored === 16) return words;
    const mask = (1 << bitsStored) - 1;
    for (let at = 0; at < words.length; at += 1) words[at] = (words[at] as number) & mask;
    return words;
  }
  const values = new Int16Array(words.buffer, words.byteOffset, words.length);
  for (let at = 0; at < values.length; at += 1) values[at] = signExtended(words[at] as number, bitsStored);
  return values;
}
