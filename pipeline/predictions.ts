import { z } from 'zod';

// Kept apart for the console's page, which does without zod.
export { LABELS, type Label, RESEARCH_USE_ONLY, VARIANTS, type Variant } from './labels.js';

const probability = z.number().min(0).max(1);
export const labelProbabilitiesSchema = z.strictObject({
  left_benign: probability,
  right_benign: probability,
  left_malignant: probability,
  right_malignant: probability,
});
export type LabelProbabilities = z.infer<typeof labelProbabilitiesSchema>;

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
