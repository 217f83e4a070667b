import type { ViewCheck } from './check.js';

/** The breast's area over that of its convex hull. */
export const outline: ViewCheck = {
  code: 'outline',
  measure: ({ shape }) => shape?.solidity,
  fault: () => 'What was found in the picture does not have the outline of a breast.',
  next: 'Check what the picture shows.',
};
