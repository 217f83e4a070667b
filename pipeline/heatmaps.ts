import type { View } from './exam.js';

/** The planes of a heatmap file: the probability of each class, float32, in the cropped view's shape and orientation. */
export const HEATMAP_CLASSES = ['benign', 'malignant'] as const;
export type HeatmapClass = (typeof HEATMAP_CLASSES)[number];

/** `generate_heatmaps/<exam>/<VIEW>.npz`. */
export const heatmapFile = (view: View): string => `${view}.npz`;
