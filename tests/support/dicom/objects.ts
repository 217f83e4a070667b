import { TAGS } from '../../../dicom/data-set/tags.js';
import { type NewElement, textElement, wordElement, writeObject } from '../../../dicom/data-set/write-object.js';

export const MAMMOGRAM = '1.2.840.10008.5.1.4.1.1.1.2';
const EXPLICIT = '1.2.840.10008.1.2.1';

const code = (value: string, scheme: string): NewElement[] => [
  textElement(TAGS.CodeValue, 'SH', value),
  textElement(TAGS.CodingSchemeDesignator, 'SH', scheme),
];

/** The view's item as devices write it, with modifiers in it. */
export const viewCode = (value: string, scheme = 'SCT', ...modifiers: readonly string[]): NewElement => ({
  tag: TAGS.ViewCodeSequence,
  vr: 'SQ',
  items: [
    [
      ...code(value, scheme),
      {
        tag: TAGS.ViewModifierCodeSequence,
        vr: 'SQ',
        items: modifiers.map((modifier) => code(modifier, scheme)),
      },
    ],
  ],
});

export interface MammogramSettings {
  readonly rows?: number;
  readonly columns?: number;
  readonly bits?: number;
  readonly signed?: boolean;
  readonly pixels?: Uint16Array | Int16Array;
  /** Text attributes over the usual ones; null leaves one out. */
  readonly with?: Readonly<Record<string, readonly [string, string] | null>>;
  readonly elements?: readonly NewElement[];
  readonly transferSyntax?: string;
}

/** A small left craniocaudal mammogram, 12 bits in 16, explicit little endian, unless said otherwise. */
export function mammogram(settings: MammogramSettings = {}): Buffer {
  const { rows = 6, columns = 4, bits = 12, signed = false, transferSyntax = EXPLICIT } = settings;
  const pixels = settings.pixels ?? Uint16Array.from({ length: rows * columns }, (_, index) => index);
  const texts: Record<string, readonly [string, string] | null> = {
    SOPClassUID: ['UI', MAMMOGRAM],
    SOPInstanceUID: ['UI', '1.2.3.4'],
    StudyInstanceUID: ['UI', '1.2.3.1'],
    SeriesInstanceUID: ['UI', '1.2.3.2'],
    Modality: ['CS', 'MG'],
    PresentationIntentType: ['CS', 'FOR PRESENTATION'],
    Manufacturer: ['LO', 'HOLOGIC, Inc.'],
    ManufacturerModelName: ['LO', 'Selenia Dimensions'],
    PatientID: ['LO', 'P1'],
    PatientName: ['PN', 'Doe^Jane'],
    ImageLaterality: ['CS', 'L'],
    ViewPosition: ['CS', 'CC'],
    PhotometricInterpretation: ['CS', 'MONOCHROME2'],
    ...settings.with,
  };
  const elements = new Map<number, NewElement>();
  const set = (element: NewElement): unknown => elements.set(element.tag, element);
  for (const [keyword, value] of Object.entries(texts)) {
    if (value !== null) set(textElement(TAGS[keyword as keyof typeof TAGS], value[0], value[1]));
  }
  set(wordElement(TAGS.SamplesPerPixel, 1));
  set(wordElement(TAGS.Rows, rows));
  set(wordElement(TAGS.Columns, columns));
  set(wordElement(TAGS.BitsAllocated, 16));
  set(wordElement(TAGS.BitsStored, bits));
  set(wordElement(TAGS.HighBit, bits - 1));
  set(wordElement(TAGS.PixelRepresentation, signed ? 1 : 0));
  set({ tag: TAGS.PixelData, vr: 'OW', value: Buffer.from(pixels.buffer, pixels.byteOffset, pixels.byteLength) });
  for (const element of settings.elements ?? []) set(element);
  return writeObject([...elements.values()], {
    transferSyntax,
    sopClass: texts.SOPClassUID?.[1] ?? MAMMOGRAM,
    sopInstance: texts.SOPInstanceUID?.[1] ?? '1.2.3.4',
  });
}
