import { z } from 'zod';
import { VIEWS } from '../../../pipeline/exam.js';
import { predictionsSchema } from '../../../pipeline/predictions.js';

const place = { row: z.number(), column: z.number() };
const circleSchema = z.object({ ...place, radius: z.number().positive() });
const peakSchema = z.object({ ...place, value: z.number() });

const lesionKinds = z.enum(['benign', 'malignant']);
export type LesionKind = z.infer<typeof lesionKinds>;

const measuredViewSchema = z.object({
  lesions: z.array(circleSchema.extend({ kind: lesionKinds, form: z.string() })),
  /** Of the malignant heatmap. */
  peak: peakSchema,
  /** Of the malignant heatmap at each of `MARK_THRESHOLDS`. */
  marks: z.array(z.object({ threshold: z.number(), marks: z.array(peakSchema) })),
});

/**
 * What is true of a phantom exam and what the service made of it. Places are in pixels of the cropped view as it lies on
 * disk, which heatmaps share.
 */
export const measuredExamSchema = z.object({
  exam: z.string(),
  kind: z.string(),
  labels: z.object({
    left_benign: z.boolean(),
    right_benign: z.boolean(),
    left_malignant: z.boolean(),
    right_malignant: z.boolean(),
  }),
  predictions: predictionsSchema,
  views: z.record(z.enum(VIEWS), measuredViewSchema),
});
export type MeasuredExam = z.infer<typeof measuredExamSchema>;
export type MeasuredView = z.infer<typeof measuredViewSchema>;

/** Values of the malignant heatmap at which marks are counted. The model card states false marks at `STATED_THRESHOLD`. */
export const MARK_THRESHOLDS = [0.1, 0.2, 0.3, 0.4, 0.5] as const;
export const STATED_THRESHOLD = 0.5;
