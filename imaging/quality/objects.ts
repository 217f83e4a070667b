import type { ViewCheck } from './check.js';

/** Share of the picture taken by labels, marks and whatever else is neither breast nor background. */
export const objects: ViewCheck = {
  code: 'objects',
  measure: ({ breast, reduced }) =>
    breast === undefined ? undefined : breast.others / (reduced.rows * reduced.columns),
  fault: () => 'Labels or other things take much of the picture.',
  next: 'Export the view without overlays and labels.',
};
