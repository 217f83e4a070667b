import { z } from 'zod';
import type { FloatPlane, RgbPicture } from '../../imaging/planes.js';
import { sha256Schema } from '../../pipeline/bundle.js';
import { examIdSchema, VIEWS, type View } from '../../pipeline/exam.js';
import { labelProbabilitiesSchema } from '../../pipeline/predictions.js';

const perView = <Schema extends z.ZodType>(schema: Schema) =>
  z.strictObject({ L_CC: schema, R_CC: schema, L_MLO: schema, R_MLO: schema });

/** PS3.5 9.1: at most 64 digits and dots, no component with a zero in front. */
export const uidSchema = z
  .string()
  .max(64)
  .regex(/^(0|[1-9]\d*)(\.(0|[1-9]\d*))+$/, 'expected a DICOM UID');
const dateSchema = z.string().regex(/^\d{8}$/, 'expected a DICOM date, YYYYMMDD');
const timeSchema = z.string().regex(/^\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?$/, 'expected a DICOM time, HHMMSS');
/** DICOM's texts of one line hold no backslash, which separates values, and no control characters. */
const line = (longest: number) =>
  z
    .string()
    .max(longest)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    .regex(/^[^\\\u0000-\u001f\u007f]*$/, 'expected one line without a backslash');
const personName = line(3 * 64 + 2);
const count = z.number().int().nonnegative();
const size = z.number().int().min(1).max(65535);
const millimetres = z.number().positive();

/** A direction of the patient (PS3.3 C.7.6.1.1.1): anterior, posterior, right, left, head, feet; up to three letters. */
const direction = z.string().regex(/^[APRLHF]{1,3}$/, 'expected A, P, R, L, H or F, up to three letters');

/** How values of a source image become grey, so that a presentation state shows it as it was shown without one. */
const displaySchema = z.strictObject({
  inverted: z.boolean(),
  rescale: z.strictObject({ slope: z.number(), intercept: z.number() }).optional(),
  window: z
    .strictObject({
      centre: z.number(),
      width: z.number().positive(),
      function: z.enum(['LINEAR', 'LINEAR_EXACT', 'SIGMOID']).default('LINEAR'),
    })
    .optional(),
  /** A VOI LUT, which comes before a window: entries, first value mapped, bits of an entry, and the entries. */
  voiLut: z
    .strictObject({
      first: z.number().int().min(0).max(65535),
      bits: z.number().int().min(8).max(16),
      entries: z.array(z.number().int().min(0).max(65535)).min(1).max(65536),
    })
    .optional(),
});

/** What is repeated from a source image so that results stand beside it. */
const sourceSchema = z.strictObject({
  sopClassUid: uidSchema,
  sopInstanceUid: uidSchema,
  seriesInstanceUid: uidSchema,
  rows: size,
  columns: size,
  /** Row spacing, column spacing; measured in the patient or, for mammograms mostly, at the detector. */
  pixelSpacing: z.tuple([millimetres, millimetres]).optional(),
  /** Patient Orientation: where rows lead, where columns lead. */
  patientOrientation: z.tuple([direction, direction]),
  display: displaySchema.prefault({ inverted: false }),
  contentDate: dateSchema.optional(),
  contentTime: timeSchema.optional(),
});
export type SourceImage = z.infer<typeof sourceSchema>;

/** Where a heatmap lies: pixels of the view as it was taken in, half-open. */
const cropSchema = z.strictObject({ top: count, bottom: count, left: count, right: count });

const viewDetectionSchema = z.strictObject({
  crop: cropSchema,
  /** The breast's foremost point, which stands for the nipple, in the crop, as it lies on disk. */
  foremost: z.strictObject({ row: count, column: count }),
  /** Of the heatmap's file: another heatmap is another result. */
  heatmapSha256: sha256Schema,
});

const failed = z.strictObject({ status: z.literal('failed'), reason: line(1024) });
const notRun = z.strictObject({
  status: z.literal('not-run'),
  /** Why, where that is known. */
  reason: line(1024).optional(),
});

/** An object that a new one replaces. */
const predecessorSchema = z.strictObject({
  studyInstanceUid: uidSchema,
  seriesInstanceUid: uidSchema,
  sopClassUid: uidSchema,
  sopInstanceUid: uidSchema,
});
export type Predecessor = z.infer<typeof predecessorSchema>;

/**
 * All that the writers of DICOM objects need to know of one exam's result, as plain data. Pixels are read apart
 * (`ResultPixels`), a view at a time. The same value gives the same objects, byte for byte.
 */
export const examResultSchema = z
  .strictObject({
    schemaVersion: z.literal(1),
    exam: examIdSchema,
    /** When the result was first computed, as it stands in its record: not when it is written out. */
    computedAt: z.iso.datetime(),
    patient: z.strictObject({
      name: personName,
      id: line(64),
      /** Issuer of Patient ID. */
      issuer: line(64).optional(),
      birthDate: dateSchema.optional(),
      sex: z.enum(['M', 'F', 'O']).optional(),
    }),
    study: z.strictObject({
      studyInstanceUid: uidSchema,
      date: dateSchema.optional(),
      time: timeSchema.optional(),
      accessionNumber: line(16).optional(),
      id: line(16).optional(),
      description: line(64).optional(),
      referringPhysicianName: personName.optional(),
    }),
    views: perView(
      z.strictObject({
        source: sourceSchema,
        /** Whether the view was mirrored, and whether it was turned upside down, when it was taken from its source. */
        mirrored: z.boolean(),
        upsideDown: z.boolean(),
      }),
    ),
    /** The model: a bundle of the models repo, and the digest of its card. */
    bundle: z.strictObject({ name: line(128), sha256: sha256Schema, notice: line(1024).optional() }),
    /** Of mammoflow. */
    softwareVersion: line(64),
    /** The stages that made the result, with their versions and the parameters that were used. */
    stages: z.record(z.string(), z.strictObject({ version: line(64), parameters: z.record(z.string(), z.json()) })),
    /** The heatmaps. A failure says at which stage and why. */
    detection: z.discriminatedUnion('status', [
      z.strictObject({ status: z.literal('succeeded'), views: perView(viewDetectionSchema) }),
      failed,
      notRun,
    ]),
    classification: z.discriminatedUnion('status', [
      z.strictObject({
        status: z.literal('succeeded'),
        image: labelProbabilitiesSchema,
        imageheatmaps: labelProbabilitiesSchema,
      }),
      failed,
      notRun,
    ]),
    /** What the quality checks warn of: no number goes anywhere without it. */
    warnings: z
      .array(z.strictObject({ code: line(64), view: z.enum(VIEWS).optional(), message: line(1024) }))
      .default([]),
    /** Reports of earlier results of the same study, which new ones replace. */
    replaces: z
      .strictObject({ cadSr: predecessorSchema.optional(), measurementReports: z.array(predecessorSchema).default([]) })
      .prefault({}),
  })
  .superRefine(({ views, detection }, context) => {
    const issue = (path: (string | number)[], message: string): void =>
      context.addIssue({ code: 'custom', path, message });
    const seen = new Map<string, View>();
    for (const view of VIEWS) {
      const { source } = views[view];
      const other = seen.get(source.sopInstanceUid);
      if (other !== undefined) {
        issue(['views', view, 'source', 'sopInstanceUid'], `${view} and ${other} name the same source image`);
      }
      seen.set(source.sopInstanceUid, view);
      if (parallel(...source.patientOrientation)) {
        issue(['views', view, 'source', 'patientOrientation'], 'rows and columns cannot lead along the same axis');
      }
      if (detection.status !== 'succeeded') continue;
      const { crop, foremost } = detection.views[view];
      if (
        crop.bottom <= crop.top ||
        crop.right <= crop.left ||
        crop.bottom > source.rows ||
        crop.right > source.columns
      ) {
        issue(['detection', 'views', view, 'crop'], `it does not lie within ${source.rows} × ${source.columns} pixels`);
      } else if (foremost.row >= crop.bottom - crop.top || foremost.column >= crop.right - crop.left) {
        issue(['detection', 'views', view, 'foremost'], 'it does not lie within the crop');
      }
    }
  });
export type ExamResult = z.infer<typeof examResultSchema>;
export type ViewDetection = z.infer<typeof viewDetectionSchema>;

/** Reads what is not in the value, one view at a time: a heatmap has the size of its crop, as it lies on disk. */
export interface ResultPixels {
  heatmaps(view: View): Promise<{ readonly benign: FloatPlane; readonly malignant: FloatPlane }>;
  /** The absolute picture of `visualize_heatmaps`, with its legend. */
  absolutePicture(view: View): Promise<RgbPicture>;
}

const AXES = ['AP', 'RL', 'HF'] as const;

/** Whether two directions of the patient begin along one axis, so that they cannot be those of rows and columns. */
export const parallel = (one: string, other: string): boolean =>
  AXES.some((axis) => axis.includes(one.charAt(0)) && axis.includes(other.charAt(0)));
