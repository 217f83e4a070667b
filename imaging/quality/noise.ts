import type { ViewCheck } from './check.js';

/**
 * The standard deviation of noise that would make neighbours inside the breast differ as they do, over the range of the
 * tissue's values (2nd to 98th percentile).
 */
export const noise: ViewCheck = {
  code: 'noise',
  measure: ({ tissue }) => (tissue === undefined ? undefined : Math.sqrt(tissue.roughness / 2)),
  fault: () => 'Noise outweighs what the picture shows.',
  next: 'Check the exposure, or what the picture shows.',
};
