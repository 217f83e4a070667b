import type { ViewCheck } from './check.js';

/** Share of the background's pixels that are not 0: every stage takes whatever is above 0 for breast. */
export const backgroundLevel: ViewCheck = {
  code: 'background-level',
  measure: ({ backgroundBlocks, reduced }) =>
    backgroundBlocks.length === 0
      ? undefined
      : backgroundBlocks.reduce((sum, block) => sum + (reduced.nonZero[block] as number), 0) / backgroundBlocks.length,
  fault: ({ background }) =>
    `The background is not 0 (about ${Math.round(background?.level ?? 0)}), so the breast cannot be told from it.`,
  next: 'Export the view with a background of exactly 0.',
};
