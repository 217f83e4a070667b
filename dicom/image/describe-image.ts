import { z } from 'zod';
import { LARGEST_PIXELS, LARGEST_SIDE } from '../../imaging/grey16-png.js';
import type { DicomObject } from '../data-set/read-object.js';
import { TAGS } from '../data-set/tags.js';
import { decimals, text, texts, words } from '../data-set/values.js';
import { invalidObject } from '../refusal.js';

const uid = z
  .string()
  .regex(/^[0-9]+(\.[0-9]+)*$/, 'is no UID')
  .max(64, 'is longer than 64 characters');
const count = z.number().int().positive();

/** What an object has to say of itself before anything else is asked: enough to group it and to leave it out with a reason. */
const identitySchema = z.object({
  SOPClassUID: uid,
  SOPInstanceUID: uid,
  StudyInstanceUID: uid,
  SeriesInstanceUID: uid,
});

/** The Image Pixel module (PS3.3, C.7.6.3) as far as a grey single-frame image can have it. */
const pixelsSchema = z
  .object({
    Rows: count.max(LARGEST_SIDE),
    Columns: count.max(LARGEST_SIDE),
    SamplesPerPixel: z.literal(1, 'is not 1, so it is no grey picture'),
    PhotometricInterpretation: z.enum(['MONOCHROME1', 'MONOCHROME2'], 'is neither MONOCHROME1 nor MONOCHROME2'),
    BitsAllocated: z.union([z.literal(8), z.literal(16)], 'is neither 8 nor 16'),
    BitsStored: z.number().int().min(8, 'is less than 8').max(16, 'is more than 16'),
    HighBit: z.number().int(),
    PixelRepresentation: z.union([z.literal(0), z.literal(1)], 'is neither 0 nor 1'),
  })
  .refine(({ BitsStored, BitsAllocated }) => BitsStored <= BitsAllocated, {
    message: 'is more than Bits Allocated',
    path: ['BitsStored'],
  })
  .refine(({ HighBit, BitsStored }) => HighBit === BitsStored - 1, {
    message: 'is not Bits Stored less one, as the standard asks for',
    path: ['HighBit'],
  })
  .refine(({ Rows, Columns }) => Rows * Columns <= LARGEST_PIXELS, {
    message: `times Columns is more than ${LARGEST_PIXELS / 2 ** 20} Mi pixels`,
    path: ['Rows'],
  });

export type ObjectIdentity = z.infer<typeof identitySchema>;

/** How the pixels of a picture are stored. */
export interface PixelFormat {
  readonly rows: number;
  readonly columns: number;
  readonly bitsAllocated: 8 | 16;
  readonly bitsStored: number;
  readonly signed: boolean;
  readonly photometric: 'MONOCHROME1' | 'MONOCHROME2';
}

/**
 * The UIDs that every object has.
 * @throws ExamError `invalid-dicom` where one is missing or none, or where file header and data set are of different objects.
 */
export function identityOf({ dataSet, meta }: DicomObject, what: string): ObjectIdentity {
  const identity = checked(
    identitySchema,
    {
      SOPClassUID: text(dataSet, 'SOPClassUID'),
      SOPInstanceUID: text(dataSet, 'SOPInstanceUID'),
      StudyInstanceUID: text(dataSet, 'StudyInstanceUID'),
      SeriesInstanceUID: text(dataSet, 'SeriesInstanceUID'),
    },
    what,
  );
  const named = text(meta, 'MediaStorageSOPInstanceUID');
  if (named !== undefined && named !== identity.SOPInstanceUID) {
    throw invalidObject(what, 'names another SOP instance in its file header than in its data set');
  }
  return identity;
}

/** @throws ExamError `invalid-dicom` naming the attribute that cannot be right. */
export function pixelFormatOf({ dataSet }: DicomObject, what: string): PixelFormat {
  const [frames = 1] = decimals(dataSet, 'NumberOfFrames');
  if (frames !== 1) throw invalidObject(what, `has ${frames} frames`, 'Send the single-frame presentation image.');
  const found = checked(
    pixelsSchema,
    {
      Rows: words(dataSet, 'Rows')[0],
      Columns: words(dataSet, 'Columns')[0],
      SamplesPerPixel: words(dataSet, 'SamplesPerPixel')[0],
      PhotometricInterpretation: text(dataSet, 'PhotometricInterpretation'),
      BitsAllocated: words(dataSet, 'BitsAllocated')[0],
      BitsStored: words(dataSet, 'BitsStored')[0],
      HighBit: words(dataSet, 'HighBit')[0],
      PixelRepresentation: words(dataSet, 'PixelRepresentation')[0],
    },
    what,
  );
  return {
    rows: found.Rows,
    columns: found.Columns,
    bitsAllocated: found.BitsAllocated,
    bitsStored: found.BitsStored,
    signed: found.PixelRepresentation === 1,
    photometric: found.PhotometricInterpretation,
  };
}

/** Millimetres between rows and between columns at the detector or in the picture; undefined where neither is said. */
export function spacingOf({ dataSet }: DicomObject): readonly [number, number] | undefined {
  for (const keyword of ['ImagerPixelSpacing', 'PixelSpacing'] as const) {
    const [rows, columns] = decimals(dataSet, keyword);
    if (rows !== undefined && columns !== undefined && rows > 0 && columns > 0) return [rows, columns];
  }
  return undefined;
}

/** The value that stands for no breast, or the range of such values (PS3.3, C.7.5.1.1.2). */
export function paddingOf({ dataSet }: DicomObject, signed: boolean): readonly [number, number] | undefined {
  const [value] = words(dataSet, 'PixelPaddingValue', signed);
  if (value === undefined) return undefined;
  const [limit = value] = words(dataSet, 'PixelPaddingRangeLimit', signed);
  return value <= limit ? [value, limit] : [limit, value];
}

/** Patient Orientation: where the columns and the rows go to, e.g. `['A', 'R']`. Undefined where it is not said. */
export function orientationOf({ dataSet }: DicomObject): readonly [string, string] | undefined {
  const [row, column] = texts(dataSet, 'PatientOrientation');
  return row && column ? [row, column] : undefined;
}

export const hasPixels = ({ dataSet }: DicomObject): boolean => dataSet.elements.has(TAGS.PixelData);

function checked<T>(schema: z.ZodType<T>, values: Record<string, unknown>, what: string): T {
  const result = schema.safeParse(values);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const keyword = String(issue?.path[0] ?? '');
  const name = keyword.replace(/([a-z])([A-Z])/g, '$1 $2').replace('SOPClass', 'SOP Class');
  const problem = values[keyword] === undefined ? 'is missing' : (issue?.message ?? 'is wrong');
  throw invalidObject(what, `cannot be right: ${name} ${problem}`);
}
