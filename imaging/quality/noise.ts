import type { ViewCheck } from './check.js';
import { sharpness } from './sharpness.js';

/** The measure of `sharpness`, looked at from the other end: in nothing but noise it is 1. */
export const noise: ViewCheck = {
  code: 'noise',
  measure: sharpness.measure,
  fault: () => 'Noise outweighs what the picture shows.',
  next: 'Check the exposure, or what the picture shows.',
};
