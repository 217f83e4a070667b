import type { ViewCheck } from './check.js';

/** How many different values the breast's pixels have. A detector of 12 bits gives two to four thousand. */
export const greyLevels: ViewCheck = {
  code: 'grey-levels',
  measure: ({ tissue }) => tissue?.levels,
  fault: () => 'The breast has few grey levels: the picture went through 8 bits or fewer.',
  next: 'Export it from the original with all its bits.',
};
