import dcmjs from 'dcmjs';
import { IMPLEMENTATION_CLASS_UID } from '../data-set/write-object.js';

const { DicomDict, DicomMessage, DicomMetaDictionary } = dcmjs.data;

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

const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';

const IMPLEMENTATION_VERSION_NAME = 'MAMMOFLOW';

/**
 * A dataset as a DICOM file (PS3.10) in explicit VR little endian. dcmjs writes the elements as they are given here: its
 * own "naturalised" datasets would have numbers rewritten.
 *
 * @throws Error for a keyword that PS3.6 does not have, or a value that its representation does not take: a defect here,
 *   never the user's
 */
export function encodePart10(dataset: Dataset): Buffer {
  const meta = raw({
    MediaStorageSOPClassUID: dataset.SOPClassUID,
    MediaStorageSOPInstanceUID: dataset.SOPInstanceUID,
  });
  const dict = new DicomDict({
    ...meta,
    '00020001': { vr: 'OB', Value: [new Uint8Array([0, 1]).buffer] },
    '00020010': { vr: 'UI', Value: [EXPLICIT_LITTLE_ENDIAN] },
    '00020012': { vr: 'UI', Value: [IMPLEMENTATION_CLASS_UID] },
    '00020013': { vr: 'SH', Value: [IMPLEMENTATION_VERSION_NAME] },
  });
  dict.dict = raw(dataset);
  return Buffer.from(dict.write());
}

/** Reads a file in a form like `encodePart10` takes it: every attribute an array, sequences arrays of datasets. */
export function decodePart10(bytes: Uint8Array): Dataset {
  const copy = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  return named(DicomMessage.readFile(copy).dict);
}

function raw(dataset: Dataset): dcmjsRaw {
  const elements: dcmjsRaw = {};
  for (const [keyword, value] of Object.entries(dataset)) {
    if (value === undefined) continue;
    const entry = DicomMetaDictionary.nameMap[keyword];
    if (entry === undefined) throw new Error(`PS3.6 has no attribute ${keyword}`);
    const vr = representation(entry.vr, keyword, dataset);
    elements[entry.tag.replaceAll(/[(),]/g, '')] = { vr, Value: elementValues(vr, keyword, value) };
  }
  return elements;
}

type dcmjsRaw = Record<string, { vr: string; Value: readonly unknown[] }>;

/** PS3.6 leaves the representation of pixels, and of values of pixels, open. */
function representation(vr: string, keyword: string, dataset: Dataset): string {
  if (vr === 'ox') return dataset.BitsAllocated === 8 ? 'OB' : 'OW';
  if (vr === 'xs') return 'US';
  if (vr === 'lt') return 'OW';
  if (/^[A-Z]{2}$/.test(vr)) return vr;
  throw new Error(`the representation ${vr} of ${keyword} is not settled here`);
}

function elementValues(vr: string, keyword: string, value: Exclude<Value, undefined>): readonly unknown[] {
  if (value === null) return [];
  if (value instanceof Uint8Array || value instanceof Float32Array) return [evenBytes(value)];
  const values = Array.isArray(value) ? value : [value];
  switch (vr) {
    case 'SQ':
      return (values as readonly Dataset[]).map(raw);
    case 'DS':
      return values.map((number) => (typeof number === 'number' ? decimalString(number) : number));
    case 'IS':
      return values.map(String);
    case 'PN':
      return values.map(personName);
    default:
      if (values.some((one) => typeof one === 'object')) throw new Error(`${keyword} takes no sequence`);
      return values;
  }
}

/** The bytes of an array, little endian as memory is on every platform that Node runs on here, and even in number. */
function evenBytes(values: Uint8Array | Float32Array): ArrayBuffer {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const even = new Uint8Array(bytes.length + (bytes.length % 2));
  even.set(bytes);
  return even.buffer;
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

/** `Family^Given=Ideographic=Phonetic` in the groups that dcmjs writes. */
function personName(name: string): Record<string, string> {
  const [alphabetic = '', ideographic, phonetic] = name.split('=');
  return {
    Alphabetic: alphabetic,
    ...(ideographic && { Ideographic: ideographic }),
    ...(phonetic && { Phonetic: phonetic }),
  };
}

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
