import { z } from 'zod';

/** The labels in the order of the networks' output rows and of every table (PIPELINE.md, conventions). */
export const LABELS = ['left_benign', 'right_benign', 'left_malignant', 'right_malignant'] as const;
export type Label = (typeof LABELS)[number];

/** The two classifiers: on the images alone, and on the images with their heatmaps as extra channels. */
export const VARIANTS = ['image', 'imageheatmaps'] as const;
export type Variant = (typeof VARIANTS)[number];

const probability = z.number().min(0).max(1);
export const labelProbabilitiesSchema = z.strictObject({
  left_benign: probability,
  right_benign: probability,
  left_malignant: probability,
  right_malignant: probability,
});
export type LabelProbabilities = z.infer<typeof labelProbabilitiesSchema>;

export const RESEARCH_USE_ONLY = 'Research use only. Not for diagnosis.';

/** What `classify` writes for each exam. */
export const PREDICTIONS_JSON = 'predictions.json';
export const PREDICTIONS_CSV = 'predictions.csv';

/** `classify/<exam>/predictions.json`; also kept beside the datum so that results can be listed from trees alone. */
export const predictionsSchema = z.object({
  exam: z.string(),
  image: labelProbabilitiesSchema,
  imageheatmaps: labelProbabilitiesSchema,
});
export type Predictions = z.infer<typeof predictionsSchema>;
