import type { ViewCheck } from './check.js';

/** Share of the breast's pixels that have the brightest value. */
export const saturation: ViewCheck = {
  code: 'saturation',
  measure: ({ tissue }) => tissue?.saturated,
  fault: () => 'The brightest tissue is cut off at one value (saturated).',
  next: 'Export it with a wider window, or as stored.',
};
