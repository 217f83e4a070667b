import type { ViewCheck } from './check.js';

/** Less background than this says nothing about what is brighter than it. */
const ENOUGH = 0.05;

/** Share of what is not background that is brighter than it: 1 in a mammogram, 0 with inverted grey. */
export const polarity: ViewCheck = {
  code: 'polarity',
  measure: ({ background }) =>
    background === undefined || background.share < ENOUGH ? undefined : background.brighter,
  fault: (_, __, value) =>
    value < 0.5
      ? 'The background is brighter than the breast: the grey values are inverted.'
      : 'Parts of the picture are darker than its background.',
  next: 'Export it with a black background (DICOM: MONOCHROME2), or invert its values.',
};
