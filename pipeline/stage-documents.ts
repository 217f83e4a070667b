import { z } from 'zod';
import { MammoflowError } from './errors.js';
import { examIdSchema, horizontalFlipSchema, VIEWS } from './exam.js';
import { RESEARCH_USE_ONLY } from './predictions.js';

const index = z.number().int();
const count = index.nonnegative();
const shape = z.tuple([count, count]);

const perView = <Schema extends z.ZodType>(schema: Schema) =>
  z.strictObject({ L_CC: schema, R_CC: schema, L_MLO: schema, R_MLO: schema });

/** The crop stage's document, in the terms of the original program (PIPELINE.md 2). */
export const CROP_FILE = 'crop.json';
const cropViewSchema = z.strictObject({
  /** Rows and columns of the view as it came. */
  source_shape: shape,
  /** Rows and columns of the cropped view. */
  shape,
  /** Top, bottom, left and right of the crop in the view as it came, half-open. */
  window_location: z.tuple([count, count, count, count]),
  /** First and last row of the breast's foremost point, and its column: in the crop, in training orientation. */
  rightmost_points: z.tuple([z.tuple([count, count]), count]),
  /** The breast's lowest row, and its first and last column there: in the crop, in training orientation. */
  bottommost_points: z.tuple([count, z.tuple([count, count])]),
  distance_from_starting_side: count,
});
export type CropViewDocument = z.infer<typeof cropViewSchema>;

export const cropDocumentSchema = z.strictObject({
  schemaVersion: z.literal(1),
  exam: examIdSchema,
  notice: z.literal(RESEARCH_USE_ONLY),
  horizontal_flip: horizontalFlipSchema,
  views: perView(cropViewSchema),
});
export type CropDocument = z.infer<typeof cropDocumentSchema>;

/** The extract_centers stage's document. */
export const CENTERS_FILE = 'centers.json';
const centerViewSchema = z.strictObject({
  /** `[y, x]` in the crop in training orientation; either may be negative. */
  best_center: z.tuple([index, index]),
});

export const centersDocumentSchema = z.strictObject({
  schemaVersion: z.literal(1),
  exam: examIdSchema,
  notice: z.literal(RESEARCH_USE_ONLY),
  views: perView(centerViewSchema),
});
export type CentersDocument = z.infer<typeof centersDocumentSchema>;

/** The document of the stage that reads DICOM: which object each view comes from, and what was done with its pixels. */
const readViewSchema = z.strictObject({
  /** SOP Instance UID, without identity. */
  instance: z.string(),
  device: z.string(),
  /** Id and version of the policy. */
  policy: z.string(),
  transfer_syntax: z.string(),
  shape,
  /** Between rows and between columns, as the object says; null where it does not. */
  spacing_mm: z.tuple([z.number(), z.number()]).nullable(),
  /** Bits that the values had before they were scaled to 16. */
  bits: count,
  inverted: z.boolean(),
  mirrored: z.boolean(),
  upended: z.boolean(),
  pixels_to_background: count,
});
export type ReadViewDocument = z.infer<typeof readViewSchema>;

export const viewsDocumentSchema = z.strictObject({
  schemaVersion: z.literal(1),
  exam: examIdSchema,
  notice: z.literal(RESEARCH_USE_ONLY),
  views: perView(readViewSchema),
  left_out: z.array(z.strictObject({ instance: z.string(), view: z.enum(VIEWS).optional(), reason: z.string() })),
  warnings: z.array(z.string()),
});
export type ViewsDocument = z.infer<typeof viewsDocumentSchema>;

/** A document as the bytes of its file: keys in the order given, so the same document gives the same bytes. */
export const documentBytes = (document: CropDocument | CentersDocument | ViewsDocument): string =>
  `${JSON.stringify(document, undefined, 2)}\n`;

/**
 * Reads a document that a stage upstream wrote.
 * @throws MammoflowError `corrupt-data` when it is not what that stage writes.
 */
export function parseDocument<Schema extends z.ZodType>(schema: Schema, text: string, file: string): z.infer<Schema> {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new MammoflowError('corrupt-data', `${file} is not the document that its stage writes.`, undefined, {
      cause,
    });
  }
}
