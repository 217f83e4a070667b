import type { ViewCheck } from './check.js';

/** Share of the breast's pixels that have the darkest value of the picture. */
export const clipping: ViewCheck = {
  code: 'clipping',
  measure: ({ tissue }) => tissue?.clipped,
  fault: () => 'Dark tissue inside the breast is cut off at the value of the background.',
  next: 'Export it with a wider window, or as stored.',
};
