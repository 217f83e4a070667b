import dcmjs from 'dcmjs';
import { EXPLICIT_LITTLE_ENDIAN } from '../data-set/transfer-syntaxes.js';
import { type NewElement, TEXT, writeObject } from '../data-set/write-object.js';

const { DicomMessage, DicomMetaDictionary } = dcmjs.data;

/** A value of an attribute; `null` writes it without one (type 2), `undefined` leaves the attribute out. */
export type Value =
  | string
  | number
  | readonly string[]
  | readonly number[]
  | readonly Dataset[]
  | Uint8Array
  | Float32Array
  | null
  | undefined;

/** Attributes by their keyword (PS3.6), e.g. `{ PatientID: 'p-17' }`. Sequences are arrays of datasets. */
export interface Dataset {
  readonly [keyword: string]: Value;
}

/**
 * A dataset as a DICOM file (PS3.10) in explicit VR little endian. Tags and representations come from dcmjs's copy of PS3.6;
 * text is written in UTF-8, which the dataset has to say (`SpecificCharacterSet`).
 *
 * @throws Error for a keyword that PS3.6 does not have, or a value that its representation does not take: a defect here,
 *   never the user's
 */
export function encodePart10(dataset: Dataset): Buffer {
  return writeObject(elementsOf(dataset), {
    transferSyntax: EXPLICIT_LITTLE_ENDIAN,
    sopClass: String(dataset.SOPClassUID),
    sopInstance: String(dataset.SOPInstanceUID),
  });
}

/** Reads a file in a form like `encodePart10` takes it: every attribute an array, sequences arrays of datasets. */
export function decodePart10(bytes: Uint8Array): Dataset {
  const copy = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  return named(DicomMessage.readFile(copy).dict);
}

function elementsOf(dataset: Dataset): NewElement[] {
  return Object.entries(dataset).flatMap(([keyword, value]): NewElement[] => {
    if (value === undefined) return [];
    const entry = DicomMetaDictionary.nameMap[keyword];
    if (entry === undefined) throw new Error(`PS3.6 has no attribute ${keyword}`);
    const tag = Number.parseInt(entry.tag.replaceAll(/[(),]/g, ''), 16);
    const vr = representation(entry.vr, keyword, dataset);
    if (vr === 'SQ') return [{ tag, vr, items: ((value ?? []) as readonly Dataset[]).map(elementsOf) }];
    return [{ tag, vr, value: valueBytes(vr, keyword, value) }];
  });
}

/** PS3.6 leaves the representation of pixels, and of values of pixels, open. */
function representation(vr: string, keyword: string, dataset: Dataset): string {
  if (vr === 'ox') return dataset.BitsAllocated === 8 ? 'OB' : 'OW';
  if (vr === 'xs') return 'US';
  if (vr === 'lt') return 'OW';
  if (/^[A-Z]{2}$/.test(vr)) return vr;
  throw new Error(`the representation ${vr} of ${keyword} is not settled here`);
}

/** Bytes of a number in each of the representations that hold numbers as such. */
const BINARY: Readonly<
  Record<string, readonly [bytes: number, write: (to: Buffer, value: number, at: number) => void]>
> = {
  US: [2, (to, value, at) => to.writeUInt16LE(value, at)],
  SS: [2, (to, value, at) => to.writeInt16LE(value, at)],
  UL: [4, (to, value, at) => to.writeUInt32LE(value, at)],
  SL: [4, (to, value, at) => to.writeInt32LE(value, at)],
  FL: [4, (to, value, at) => to.writeFloatLE(value, at)],
  FD: [8, (to, value, at) => to.writeDoubleLE(value, at)],
  // A tag: its group, then its element.
  AT: [4, (to, value, at) => to.writeUInt16LE(value & 0xffff, to.writeUInt16LE(value >>> 16, at))],
};

function valueBytes(vr: string, keyword: string, value: Exclude<Value, undefined>): Buffer {
  if (value === null) return Buffer.alloc(0);
  // In memory as in the file: little endian on every platform that Node runs on here.
  if (value instanceof Uint8Array || value instanceof Float32Array) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  }
  const values = (Array.isArray(value) ? value : [value]) as readonly (string | number | Dataset)[];
  if (values.some((one) => typeof one === 'object')) throw new Error(`${keyword} takes no sequence`);
  const binary = BINARY[vr];
  if (binary !== undefined) {
    const [size, write] = binary;
    const bytes = Buffer.alloc(size * values.length);
    for (const [index, one] of values.entries()) write(bytes, Number(one), size * index);
    return bytes;
  }
  if (!TEXT.has(vr) && vr !== 'UI') throw new Error(`${keyword} takes bytes, as ${vr} does`);
  const texts = values.map((one) => (vr === 'DS' && typeof one === 'number' ? decimalString(one) : String(one)));
  return Buffer.from(texts.join('\\'), 'utf8');
}

/** A decimal string has at most 16 characters (PS3.5 6.2): as many digits of the number as fit. */
export function decimalString(number: number): string {
  if (!Number.isFinite(number)) throw new Error(`${number} cannot be a decimal string`);
  const whole = String(number);
  if (whole.length <= 16) return whole;
  for (let digits = 16; digits > 0; digits -= 1) {
    const shorter = String(Number(number.toPrecision(digits)));
    if (shorter.length <= 16) return shorter;
  }
  throw new Error(`${number} does not fit a decimal string`);
}

type dcmjsRaw = Record<string, { vr: string; Value: readonly unknown[] }>;

function named(elements: dcmjsRaw): Dataset {
  const dataset: Record<string, Value> = {};
  for (const [tag, { vr, Value = [] }] of Object.entries(elements)) {
    const keyword = DicomMetaDictionary.dictionary[`(${tag.slice(0, 4)},${tag.slice(4)})`]?.name ?? tag;
    if (vr === 'SQ') dataset[keyword] = Value.map((item) => named(item as dcmjsRaw));
    else if (Value[0] instanceof ArrayBuffer) dataset[keyword] = new Uint8Array(Value[0]);
    else dataset[keyword] = Value.map(plain) as readonly string[];
  }
  return dataset;
}

/** dcmjs reads a person's name as its groups and some texts as objects. */
function plain(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value;
  const groups = value as Record<string, string | undefined>;
  if (!('Alphabetic' in groups)) return String(value);
  return [groups.Alphabetic, groups.Ideographic, groups.Phonetic].join('=').replace(/=+$/, '');
}
