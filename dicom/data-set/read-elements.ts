import { invalidObject } from '../refusal.js';
import { SEQUENCES, TAGS, tagText } from './tags.js';
import type { TransferSyntax } from './transfer-syntaxes.js';

/** One element as it lies in its bytes. Nothing of a value is interpreted. */
export interface Element {
  readonly tag: number;
  /** Undefined in implicit VR. */
  readonly vr: string | undefined;
  /** Where its value begins in the bytes. */
  readonly offset: number;
  /** Bytes of its value; of one with undefined length, with its delimiters. */
  readonly length: number;
  /** Items of a sequence. */
  readonly items?: readonly DataSet[];
  /** The parts of encapsulated pixel data, after the first item, which is the offset table. */
  readonly fragments?: readonly Buffer[];
  readonly offsetTable?: Buffer;
}

export interface DataSet {
  readonly bytes: Buffer;
  readonly bigEndian: boolean;
  readonly elements: ReadonlyMap<number, Element>;
}

export interface ReadOptions {
  /** How to call the object in messages. */
  readonly what: string;
  /** Ends before the value of the pixel data, which need not be there. */
  readonly headOnly?: boolean;
  /** All bytes that there are where `bytes` is the beginning only. */
  readonly fileSize?: number;
}

/** More of the file is needed to read what was asked for. Never leaves this folder. */
export class MoreNeeded extends Error {}

const UNDEFINED_LENGTH = 0xffffffff;
const ITEM = 0xfffee000;
const ITEM_END = 0xfffee00d;
const SEQUENCE_END = 0xfffee0dd;
/** VRs whose length has four bytes (PS3.5, 7.1.2). */
const LONG = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']);
const SHORT = new Set([
  ...['AE', 'AS', 'AT', 'CS', 'DA', 'DS', 'DT', 'FD', 'FL', 'IS', 'LO', 'LT', 'PN', 'SH', 'SL', 'SS', 'ST'],
  ...['TM', 'UI', 'UL', 'US'],
]);
/** Real objects nest 5 deep; per-frame groups of a volume have some 100,000 elements. */
const DEEPEST = 24;
const MOST_ELEMENTS = 2_000_000;

type Encoding = Pick<TransferSyntax, 'explicit' | 'bigEndian'>;

/**
 * Reads the elements of a data set between two offsets. Lengths are believed only where they fit: an element that reaches
 * beyond what holds it, a VR that is none, a tag that does not follow the one before and a sequence without its end are
 * refused, so that a wrong length cannot pass for data.
 *
 * @throws ExamError `invalid-dicom`.
 */
export function readElements(
  bytes: Buffer,
  start: number,
  encoding: Encoding,
  options: ReadOptions,
  isDone: (tag: number) => boolean = () => false,
): { dataSet: DataSet; end: number } {
  const reader = new ElementReader(bytes, encoding, options);
  const { elements, end } = reader.readUntil(start, bytes.length, 0, isDone);
  return { dataSet: { bytes, bigEndian: encoding.bigEndian, elements }, end };
}

class ElementReader {
  private count = 0;

  constructor(
    private readonly bytes: Buffer,
    private readonly encoding: Encoding,
    private readonly options: ReadOptions,
  ) {}

  readUntil(
    start: number,
    end: number,
    depth: number,
    isDone: (tag: number) => boolean,
  ): { elements: Map<number, Element>; end: number } {
    const elements = new Map<number, Element>();
    let at = start;
    let last = -1;
    while (at < end) {
      const tag = this.tagAt(at, end);
      if (isDone(tag)) break;
      if (tag >>> 16 === 0xfffe) this.fail(at, `${tagText(tag)} stands where no item begins or ends`);
      if (tag <= last) {
        const before = elements.has(tag) ? 'is there twice' : `follows ${tagText(last)}, against the order of tags`;
        this.fail(at, `${tagText(tag)} ${before}, as after a wrong length`);
      }
      last = tag;
      this.count += 1;
      if (this.count > MOST_ELEMENTS) this.fail(at, `there are more than ${MOST_ELEMENTS} elements`);
      if (this.options.headOnly === true && depth === 0 && tag === TAGS.PixelData) {
        const { vr, offset, length } = this.header(at, end, tag);
        elements.set(tag, { tag, vr, offset, length });
        return { elements, end: offset };
      }
      const { element, next } = this.element(at, end, tag, depth);
      elements.set(tag, element);
      at = next;
    }
    return { elements, end: at };
  }

  private tagAt(at: number, end: number): number {
    this.need(at, 4, end, 'a tag');
    return (this.u16(at) * 0x10000 + this.u16(at + 2)) >>> 0;
  }

  private header(at: number, end: number, tag: number): { vr: string | undefined; offset: number; length: number } {
    if (!this.encoding.explicit) {
      this.need(at, 8, end, tagText(tag));
      return { vr: undefined, offset: at + 8, length: this.u32(at + 4) };
    }
    this.need(at, 8, end, tagText(tag));
    const vr = this.bytes.toString('latin1', at + 4, at + 6);
    if (SHORT.has(vr)) return { vr, offset: at + 8, length: this.u16(at + 6) };
    if (!LONG.has(vr))
      this.fail(at, `${tagText(tag)} has the value representation ${JSON.stringify(vr)}, which is none`);
    this.need(at, 12, end, tagText(tag));
    return { vr, offset: at + 12, length: this.u32(at + 8) };
  }

  private element(at: number, end: number, tag: number, depth: number): { element: Element; next: number } {
    const { vr, offset, length } = this.header(at, end, tag);
    if (length === UNDEFINED_LENGTH) {
      if (tag === TAGS.PixelData) return this.encapsulated(offset, end, tag, vr);
      if (vr !== undefined && vr !== 'SQ' && vr !== 'UN') this.fail(at, `${tagText(tag)} has no length`);
      return this.sequence(offset, end, undefined, tag, vr, depth);
    }
    this.need(offset, length, end, tagText(tag));
    if (vr === 'SQ' || (vr === undefined && SEQUENCES.has(tag)))
      return this.sequence(offset, offset + length, length, tag, vr, depth);
    return { element: { tag, vr, offset, length }, next: offset + length };
  }

  private sequence(
    offset: number,
    end: number,
    length: number | undefined,
    tag: number,
    vr: string | undefined,
    depth: number,
  ): { element: Element; next: number } {
    if (depth >= DEEPEST) this.fail(offset, `sequences are nested more than ${DEEPEST} deep`);
    // A sequence of unknown VR is written in implicit little endian (PS3.5, 6.2.2).
    const inner =
      vr === 'UN' ? new ElementReader(this.bytes, { explicit: false, bigEndian: false }, this.options) : this;
    const items: DataSet[] = [];
    let at = offset;
    for (;;) {
      if (length !== undefined && at === end) break;
      const what = `the items of ${tagText(tag)}`;
      inner.need(at, 8, end, what);
      const marker = inner.tagAt(at, end);
      const itemLength = inner.u32(at + 4);
      at += 8;
      if (marker === SEQUENCE_END && length === undefined) break;
      if (marker !== ITEM) inner.fail(at - 8, `${tagText(marker)} stands among ${what}`);
      if (itemLength !== UNDEFINED_LENGTH) inner.need(at, itemLength, end, what);
      const isOpen = itemLength === UNDEFINED_LENGTH;
      const read = inner.readUntil(
        at,
        isOpen ? end : at + itemLength,
        depth + 1,
        (next) => isOpen && next === ITEM_END,
      );
      items.push({ bytes: this.bytes, bigEndian: inner.encoding.bigEndian, elements: read.elements });
      at = read.end;
      if (isOpen) {
        inner.need(at, 8, end, what);
        at += 8;
      }
    }
    return { element: { tag, vr, offset, length: at - offset, items }, next: at };
  }

  private encapsulated(
    offset: number,
    end: number,
    tag: number,
    vr: string | undefined,
  ): { element: Element; next: number } {
    const parts: Buffer[] = [];
    let at = offset;
    for (;;) {
      this.need(at, 8, end, 'the end of the pixel data');
      const marker = this.tagAt(at, end);
      const length = this.u32(at + 4);
      at += 8;
      if (marker === SEQUENCE_END) break;
      if (marker !== ITEM) this.fail(at - 8, `${tagText(marker)} stands among the fragments of the pixel data`);
      this.need(at, length, end, `fragment ${parts.length} of the pixel data`);
      parts.push(this.bytes.subarray(at, at + length));
      at += length;
    }
    const [offsetTable, ...fragments] = parts;
    const element = { tag, vr, offset, length: at - offset, fragments };
    return { element: offsetTable === undefined ? element : { ...element, offsetTable }, next: at };
  }

  /** @throws MoreNeeded where the file goes on behind the bytes; ExamError where it does not. */
  private need(at: number, length: number, end: number, what: string): void {
    if (at + length <= end) return;
    const { fileSize = this.bytes.length } = this.options;
    if (end === this.bytes.length && at + length <= fileSize) throw new MoreNeeded();
    if (end < this.bytes.length) {
      this.fail(at, `${what} reaches ${at + length - end} bytes beyond the sequence or item that holds it`);
    }
    throw invalidObject(
      this.options.what,
      `is cut short: ${what} at byte ${at} needs ${length} bytes, and ${Math.max(0, fileSize - at)} are there`,
    );
  }

  private fail(at: number, problem: string): never {
    throw invalidObject(this.options.what, `is damaged at byte ${at}: ${problem}`);
  }

  private u16(at: number): number {
    return this.encoding.bigEndian ? this.bytes.readUInt16BE(at) : this.bytes.readUInt16LE(at);
  }

  private u32(at: number): number {
    return this.encoding.bigEndian ? this.bytes.readUInt32BE(at) : this.bytes.readUInt32LE(at);
  }
}
