import type { ViewCheck } from './check.js';

/** Share of the picture that the breast takes; 0 where none was found. */
export const breastShare: ViewCheck = {
  code: 'breast-share',
  measure: ({ breast, reduced }) => (breast === undefined ? 0 : breast.area / (reduced.rows * reduced.columns)),
  fault: (_, __, value) =>
    value === 0
      ? 'There is no breast in the picture.'
      : value < 0.5
        ? 'What was found in the picture is too small for a breast.'
        : 'What was found in the picture fills it, as no breast does.',
  next: 'Check what the picture shows.',
};
