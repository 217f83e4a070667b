import type { DataSet, Element } from '../data-set/read-elements.js';
import type { DicomObject } from '../data-set/read-object.js';
import { TAGS } from '../data-set/tags.js';
import { EXPLICIT_LITTLE_ENDIAN } from '../data-set/transfer-syntaxes.js';
import { text } from '../data-set/values.js';
import { type NewElement, textElement, writeObject } from '../data-set/write-object.js';
import { identityOf, type PixelFormat, pixelFormatOf } from '../image/describe-image.js';
import { saysBurnedIn } from '../image/image-kind.js';
import { invalidObject } from '../refusal.js';
import { withoutComments } from './clean-frame.js';
import { KEPT_ATTRIBUTES, type KeptAttribute } from './kept-attributes.js';
import { type Pseudonyms, shiftedDate } from './pseudonyms.js';

export interface Deidentified {
  readonly bytes: Buffer;
  /** Its SOP Instance UID now. */
  readonly instance: string;
}

/** Recognizable Visual Features (0028,0302): a face, say. */
const RECOGNIZABLE = 0x00280302;

/**
 * An object without identity: what `KEPT_ATTRIBUTES` keeps, with pseudonyms, other UIDs and shifted dates, and its pixels.
 * The same object and key give the same bytes. Native pixels are written in explicit little endian without what lies above
 * Bits Stored (old overlays); compressed ones as they are, without their comments.
 *
 * @param object read whole.
 * @throws ExamError `invalid-dicom` where the object says that text is burned into its pixels, or does not say whose it is.
 */
export function deidentify(object: DicomObject, pseudonyms: Pseudonyms, what: string): Deidentified {
  const { dataSet, syntax } = object;
  const identity = identityOf(object, what);
  const format = pixelFormatOf(object, what);
  const recognizable = dataSet.elements.get(RECOGNIZABLE);
  if (
    saysBurnedIn(object) ||
    (recognizable !== undefined && bytesIn(dataSet, recognizable).toString().trim() === 'YES')
  ) {
    throw invalidObject(
      what,
      'says that there is text or a face in its pixels, which cannot be taken out here',
      'Send the picture without it.',
    );
  }
  const patientId = text(dataSet, 'PatientID');
  if (patientId === undefined) {
    throw invalidObject(what, 'has no Patient ID, so that it cannot get a pseudonym', 'Send it with one.');
  }
  const issuer = text(dataSet, 'IssuerOfPatientID');
  const context: Context = {
    pseudonyms,
    patient: pseudonyms.patient(patientId, issuer),
    daysBack: pseudonyms.daysBack(patientId, issuer),
  };
  const instance = pseudonyms.uid(identity.SOPInstanceUID);
  const elements = [...keptOf(dataSet, context), ...STATEMENTS, pixelsOf(object, format, what)];
  const transferSyntax = syntax.compression === 'none' ? EXPLICIT_LITTLE_ENDIAN : syntax.uid;
  return {
    bytes: writeObject(elements, { transferSyntax, sopClass: identity.SOPClassUID, sopInstance: instance }),
    instance,
  };
}

interface Context {
  readonly pseudonyms: Pseudonyms;
  readonly patient: string;
  readonly daysBack: number;
}

const method = (code: string, meaning: string): NewElement[] => [
  textElement(TAGS.CodeValue, 'SH', code),
  textElement(TAGS.CodingSchemeDesignator, 'SH', 'DCM'),
  textElement(TAGS.CodeMeaning, 'LO', meaning),
];

/** What the profile asks an object to say of itself (PS3.15, E.1.1; codes of CID 7050). */
const STATEMENTS: readonly NewElement[] = [
  textElement(0x00120062, 'CS', 'YES'),
  textElement(0x00120063, 'LO', 'mammoflow: attributes by list, keyed pseudonyms'),
  {
    tag: 0x00120064,
    vr: 'SQ',
    items: [
      method('113100', 'Basic Application Confidentiality Profile'),
      method('113107', 'Retain Longitudinal Temporal Information Modified Dates Option'),
    ],
  },
  textElement(0x00280303, 'CS', 'MODIFIED'),
];

function keptOf(dataSet: DataSet, context: Context): NewElement[] {
  return [...dataSet.elements.values()].flatMap((element) => {
    const attribute = KEPT_ATTRIBUTES.get(element.tag);
    const kept = attribute && treated(dataSet, element, attribute, context);
    return kept === undefined ? [] : [kept];
  });
}

const bytesIn = ({ bytes }: DataSet, { offset, length }: Element): Buffer => bytes.subarray(offset, offset + length);

const CODE = /^[A-Z0-9 _\\.-]*$/i;
const NUMBERS = /^[0-9+\-.eE \\]*$/;
const TIME = /^[0-9.: ]*$/;
/** Names of makers and models: no caret, which separates the parts of a person's name. */
const DEVICE = /^[\w .,&()/+-]{0,64}$/;

function treated(
  dataSet: DataSet,
  element: Element,
  { tag, vr, treatment }: KeptAttribute,
  { pseudonyms, patient, daysBack }: Context,
): NewElement | undefined {
  if (treatment === 'items') {
    if (element.items === undefined) return undefined;
    return { tag, vr, items: element.items.map((item) => keptOf(item, { pseudonyms, patient, daysBack })) };
  }
  const value = bytesIn(dataSet, element);
  if (treatment === 'word' || treatment === 'table') {
    // US or SS as it came: which of the two follows from Pixel Representation.
    const own = element.vr === 'SS' || element.vr === 'US' || element.vr === 'OW' ? element.vr : vr;
    return { tag, vr: own, value: littleEndian(dataSet, value) };
  }
  const said = value.toString('latin1').replace(/[\0 ]+$/, '');
  const replaced = ((): string => {
    switch (treatment) {
      case 'empty':
        return '';
      case 'patient':
        return patient;
      case 'uid':
        return said === '' ? '' : pseudonyms.uid(said);
      case 'class':
        return /^[0-9.]*$/.test(said) ? said : '';
      case 'date':
        return shiftedDate(said, daysBack) ?? '';
      case 'number':
        return NUMBERS.test(said) ? said : '';
      case 'time':
        return TIME.test(said) ? said : '';
      case 'text':
        return DEVICE.test(said) ? said : '';
      default:
        return CODE.test(said) ? said : '';
    }
  })();
  return textElement(tag, vr, replaced);
}

const littleEndian = ({ bigEndian }: DataSet, value: Buffer): Buffer =>
  bigEndian ? Buffer.from(value.subarray(0, value.length & ~1)).swap16() : value;

function pixelsOf({ dataSet, syntax }: DicomObject, format: PixelFormat, what: string): NewElement {
  const element = dataSet.elements.get(TAGS.PixelData);
  if (element === undefined) throw invalidObject(what, 'has no pixels');
  const { fragments } = element;
  if (fragments !== undefined) {
    const frame = withoutComments(
      fragments.length === 1 ? (fragments[0] as Buffer) : Buffer.concat(fragments),
      syntax.compression,
    );
    return { tag: TAGS.PixelData, vr: 'OB', fragments: [frame] };
  }
  const value = bytesIn(dataSet, element);
  const { bitsAllocated, bitsStored } = format;
  const swapped = dataSet.bigEndian && (bitsAllocated === 16 || element.vr === 'OW');
  const pixels = swapped ? Buffer.from(value.subarray(0, value.length & ~1)).swap16() : Buffer.from(value);
  if (bitsAllocated === 16 && bitsStored < 16) {
    const mask = (1 << (bitsStored - 8)) - 1;
    for (let at = 1; at < pixels.length; at += 2) pixels[at] = (pixels[at] as number) & mask;
  }
  return { tag: TAGS.PixelData, vr: bitsAllocated === 16 ? 'OW' : 'OB', value: pixels };
}
