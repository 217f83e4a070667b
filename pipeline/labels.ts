/** The labels in the order of the networks' output rows and of every table (PIPELINE.md, conventions). */
export const LABELS = ['left_benign', 'right_benign', 'left_malignant', 'right_malignant'] as const;
export type Label = (typeof LABELS)[number];

/** The two classifiers: on the images alone, and on the images with their heatmaps as extra channels. */
export const VARIANTS = ['image', 'imageheatmaps'] as const;
export type Variant = (typeof VARIANTS)[number];

export const RESEARCH_USE_ONLY = 'Research use only. Not for diagnosis.';
