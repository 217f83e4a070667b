import { TAGS } from './tags.js';

/** An element to write: a value as bytes in little-endian order, items of a sequence, or fragments of a frame. */
export interface NewElement {
  readonly tag: number;
  readonly vr: string;
  readonly value?: Buffer;
  readonly items?: readonly (readonly NewElement[])[];
  /** Encapsulated pixel data: the fragments of the one frame. */
  readonly fragments?: readonly Buffer[];
}

const LONG = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']);
const LONGEST_SHORT_VALUE = 0xfffe;
const UNDEFINED_LENGTH = 0xffffffff;
/** Texts: padded with a space; UIDs and bytes are padded with zero (PS3.5, 6.2). */
export const TEXT: ReadonlySet<string> = new Set([
  'AE',
  'AS',
  'CS',
  'DA',
  'DS',
  'DT',
  'IS',
  'LO',
  'LT',
  'PN',
  'SH',
  'ST',
  'TM',
  'UC',
  'UR',
  'UT',
]);

/** Identifies this writer in files, as every implementation has to (PS3.7, D.3.3.2); derived from a UUID of its own. */
const IMPLEMENTATION_CLASS_UID = '2.25.165103498357283563087410187286384121923';
const IMPLEMENTATION_VERSION = 'MAMMOFLOW';

/**
 * Writes a DICOM file in explicit VR little endian, or in a syntax whose pixels are encapsulated. Elements are put in the
 * order of their tags, so the same elements give the same bytes.
 */
export function writeObject(
  elements: readonly NewElement[],
  { transferSyntax, sopClass, sopInstance }: { transferSyntax: string; sopClass: string; sopInstance: string },
): Buffer {
  const meta = written([
    { tag: 0x00020001, vr: 'OB', value: Buffer.from([0, 1]) },
    { tag: TAGS.MediaStorageSOPClassUID, vr: 'UI', value: latin(sopClass) },
    { tag: TAGS.MediaStorageSOPInstanceUID, vr: 'UI', value: latin(sopInstance) },
    { tag: TAGS.TransferSyntaxUID, vr: 'UI', value: latin(transferSyntax) },
    { tag: 0x00020012, vr: 'UI', value: latin(IMPLEMENTATION_CLASS_UID) },
    { tag: 0x00020013, vr: 'SH', value: latin(IMPLEMENTATION_VERSION) },
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(meta.reduce((sum, part) => sum + part.length, 0));
  return Buffer.concat([
    Buffer.alloc(128),
    latin('DICM'),
    ...written([{ tag: TAGS.FileMetaInformationGroupLength, vr: 'UL', value: length }]),
    ...meta,
    ...written(elements),
  ]);
}

const latin = (text: string): Buffer => Buffer.from(text, 'latin1');

/** A text value. */
export const textElement = (tag: number, vr: string, text: string): NewElement => ({ tag, vr, value: latin(text) });
/** A 16-bit value (US, SS). */
export function wordElement(tag: number, ...words: readonly number[]): NewElement {
  const value = Buffer.alloc(2 * words.length);
  for (const [index, word] of words.entries()) value.writeUInt16LE(word & 0xffff, 2 * index);
  return { tag, vr: 'US', value };
}

function written(elements: readonly NewElement[]): Buffer[] {
  return [...elements].sort((a, b) => a.tag - b.tag).flatMap(writtenElement);
}

function writtenElement({ tag, vr, value, items, fragments }: NewElement): Buffer[] {
  if (fragments !== undefined) {
    const parts = [Buffer.alloc(0), ...fragments].flatMap((fragment) => withItemHeader(evened(fragment, 'OB')));
    return [header(tag, vr, UNDEFINED_LENGTH), ...parts, marker(0xfffee0dd, 0)];
  }
  if (items !== undefined) {
    const content = items.flatMap((item) => {
      const inner = written(item);
      return [marker(0xfffee000, sizeOf(inner)), ...inner];
    });
    return [header(tag, vr, sizeOf(content)), ...content];
  }
  const bytes = evened(value ?? Buffer.alloc(0), vr);
  return [header(tag, vr, bytes.length), bytes];
}

const sizeOf = (parts: readonly Buffer[]): number => parts.reduce((sum, part) => sum + part.length, 0);
const withItemHeader = (bytes: Buffer): Buffer[] => [marker(0xfffee000, bytes.length), bytes];

function evened(value: Buffer, vr: string): Buffer {
  return value.length % 2 === 0 ? value : Buffer.concat([value, Buffer.from([TEXT.has(vr) ? 0x20 : 0])]);
}

function marker(tag: number, length: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(tag >>> 16, 0);
  bytes.writeUInt16LE(tag & 0xffff, 2);
  bytes.writeUInt32LE(length, 4);
  return bytes;
}

function header(tag: number, vr: string, length: number): Buffer {
  const isLong = LONG.has(vr);
  if (!isLong && length > LONGEST_SHORT_VALUE) {
    throw new Error(`${tag.toString(16)} has ${length} bytes, which ${vr} cannot hold`);
  }
  const bytes = Buffer.alloc(isLong ? 12 : 8);
  bytes.writeUInt16LE(tag >>> 16, 0);
  bytes.writeUInt16LE(tag & 0xffff, 2);
  bytes.write(vr, 4, 'latin1');
  if (isLong) bytes.writeUInt32LE(length, 8);
  else bytes.writeUInt16LE(length, 6);
  return bytes;
}
