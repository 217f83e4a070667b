import { invalidObject } from '../refusal.js';
import { type JpegHeader, readJpegHeader, wholeStream } from './jpeg-markers.js';

/*
 * Lossless JPEG, process 14 (ITU-T T.81, annex H): each sample is a predictor of its neighbours plus a difference, modulo
 * 2^16, and the difference is a Huffman code for its number of bits followed by these bits.
 *
 *     c b        predictors: 1 a   2 b   3 c   4 a+b−c   5 a+((b−c)>>1)   6 b+((a−c)>>1)   7 (a+b)>>1
 *     a x
 *
 * Written here because what was found goes on without a word where the stream ends too early (libjpeg in dcmjs-codecs) or
 * is wrong for predictor 7 (jpeg-lossless-decoder-js): this one ends with an error unless every sample was coded and
 * nothing is left over.
 */

const LOOKUP_BITS = 9;

interface HuffmanTable {
  /** By the next nine bits: length of the code in the upper byte, value in the lower; 0 where the code is longer. */
  readonly lookup: Uint16Array;
  /** Per length: the largest code, the first code and where its values begin; −1 where there is none. */
  readonly largest: Int32Array;
  readonly offset: Int32Array;
  readonly values: Buffer;
}

/**
 * Decodes one frame of one component.
 * @returns stored values, rows × columns, as unsigned 16 bits.
 * @throws ExamError `invalid-dicom` for a stream that is not whole or not lossless JPEG of one component.
 */
export function decodeJpegLossless(frame: Buffer, what: string): { header: JpegHeader; values: Uint16Array } {
  const bytes = wholeStream(frame, what);
  const header = readJpegHeader(bytes, what);
  const broken = (problem: string): never => {
    throw invalidObject(what, `is damaged: its lossless JPEG stream ${problem}`);
  };
  if (header.process !== 0xc3) broken('is of another process');
  if (header.components !== 1) broken(`has ${header.components} components`);
  const { scan, rows, columns, precision } = header;
  if (scan.length !== 6 || scan[0] !== 1) broken('has a wrong scan header');
  const tableNumber = (scan[2] as number) >> 4;
  const predictor = scan[3] as number;
  const pointTransform = (scan[5] as number) & 15;
  if (predictor < 1 || predictor > 7) broken(`has predictor ${predictor}`);
  if (precision < 2 || precision > 16 || pointTransform >= precision) broken('has a precision that is none');
  const table = tableNumbered(header.huffmanTables, tableNumber) ?? broken('lacks its Huffman table');
  // Marker segments between restart intervals are of no use for one scan; the interval is whole rows (T.81, H.1.1).
  const { restartInterval } = header;
  if (restartInterval % columns !== 0) broken('has a restart interval that is not whole rows');
  const rowsAtOnce = restartInterval === 0 ? rows : restartInterval / columns;

  const reader = new BitReader(bytes, header.dataAt, bytes.length - 2, broken);
  const values = new Uint16Array(rows * columns);
  const first = 1 << (precision - pointTransform - 1);
  for (let row = 0; row < rows; row += 1) {
    const fresh = row % rowsAtOnce === 0;
    if (fresh && row > 0) reader.restart((row / rowsAtOnce - 1) & 7);
    let at = row * columns;
    // The first sample of a row is predicted from above, the first of all from the middle of the range.
    let left = fresh ? first : (values[at - columns] as number);
    left = values[at] = (left + reader.difference(table)) & 0xffff;
    at += 1;
    const end = (row + 1) * columns;
    if (fresh || predictor === 1) {
      for (; at < end; at += 1) left = values[at] = (left + reader.difference(table)) & 0xffff;
      continue;
    }
    for (; at < end; at += 1) {
      const above = values[at - columns] as number;
      const corner = values[at - columns - 1] as number;
      left = values[at] = (predict(predictor, left, above, corner) + reader.difference(table)) & 0xffff;
    }
  }
  reader.finish();
  if (pointTransform > 0)
    for (let at = 0; at < values.length; at += 1) values[at] = (values[at] as number) << pointTransform;
  return { header, values };
}

function predict(predictor: number, a: number, b: number, c: number): number {
  switch (predictor) {
    case 2:
      return b;
    case 3:
      return c;
    case 4:
      return a + b - c;
    case 5:
      return a + ((b - c) >> 1);
    case 6:
      return b + ((a - c) >> 1);
    default:
      return (a + b) >> 1;
  }
}

function tableNumbered(segments: readonly Buffer[], number: number): HuffmanTable | undefined {
  let found: HuffmanTable | undefined;
  for (const segment of segments) {
    for (let at = 0; at + 17 <= segment.length; ) {
      const identity = segment[at] as number;
      const counts = segment.subarray(at + 1, at + 17);
      const total = counts.reduce((sum, count) => sum + count, 0);
      const values = segment.subarray(at + 17, at + 17 + total);
      if (values.length !== total) return undefined;
      if (identity === number) found = tableOf(counts, values);
      at += 17 + total;
    }
  }
  return found;
}

function tableOf(counts: Buffer, values: Buffer): HuffmanTable {
  const lookup = new Uint16Array(1 << LOOKUP_BITS);
  const largest = new Int32Array(18).fill(-1);
  const offset = new Int32Array(18);
  let code = 0;
  let index = 0;
  for (let length = 1; length <= 16; length += 1) {
    const count = counts[length - 1] as number;
    offset[length] = index - code;
    for (let n = 0; n < count; n += 1, code += 1, index += 1) {
      if (length > LOOKUP_BITS) continue;
      const from = code << (LOOKUP_BITS - length);
      lookup.fill((length << 8) | (values[index] as number), from, from + (1 << (LOOKUP_BITS - length)));
    }
    if (count > 0) largest[length] = code - 1;
    code <<= 1;
  }
  return { lookup, largest, offset, values };
}

class BitReader {
  private bits = 0;
  private count = 0;
  /** Zeros put behind the end so that a code can be looked up; using one of them is an error. */
  private missing = 0;

  constructor(
    private readonly bytes: Buffer,
    private at: number,
    private readonly end: number,
    private readonly broken: (problem: string) => never,
  ) {}

  /** At least 16 bits in `bits`, with zeros where a marker or the end follows. */
  private fill(): void {
    while (this.count <= 16) {
      let byte = 0;
      if (this.at < this.end && !(this.bytes[this.at] === 0xff && this.bytes[this.at + 1] !== 0x00)) {
        byte = this.bytes[this.at] as number;
        this.at += byte === 0xff ? 2 : 1;
      } else this.missing += 8;
      this.bits = ((this.bits << 8) | byte) & 0x1ffffff;
      this.count += 8;
    }
  }

  private take(length: number): number {
    this.count -= length;
    if (this.count < this.missing) this.broken('ends before its last pixel');
    return (this.bits >> this.count) & ((1 << length) - 1);
  }

  difference(table: HuffmanTable): number {
    if (this.count < 16) this.fill();
    const found = table.lookup[(this.bits >> (this.count - LOOKUP_BITS)) & ((1 << LOOKUP_BITS) - 1)] as number;
    let size: number;
    if (found !== 0) {
      this.take(found >> 8);
      size = found & 0xff;
    } else size = this.longCode(table);
    if (size === 0) return 0;
    if (size === 16) return 32768;
    if (size > 16) this.broken('has a code that is none');
    if (this.count < 16) this.fill();
    const value = this.take(size);
    return value < 1 << (size - 1) ? value - (1 << size) + 1 : value;
  }

  private longCode(table: HuffmanTable): number {
    for (let length = LOOKUP_BITS + 1; length <= 16; length += 1) {
      const code = (this.bits >> (this.count - length)) & ((1 << length) - 1);
      if (code <= (table.largest[length] as number)) {
        this.take(length);
        return table.values[code + (table.offset[length] as number)] as number;
      }
    }
    return this.broken('has a code that is none');
  }

  /** Less than a byte of ones may be left before a marker, and fill bytes in front of it (T.81, B.1.1.2). */
  private align(): void {
    if (this.count - this.missing >= 8) this.broken('has more than its pixels');
    while (this.bytes[this.at] === 0xff && this.bytes[this.at + 1] === 0xff) this.at += 1;
    this.bits = 0;
    this.count = 0;
    this.missing = 0;
  }

  restart(number: number): void {
    this.align();
    if (this.bytes[this.at] !== 0xff || this.bytes[this.at + 1] !== 0xd0 + number)
      this.broken('lacks a restart marker');
    this.at += 2;
  }

  finish(): void {
    this.align();
    if (this.at !== this.end) this.broken('has more than its pixels');
  }
}
