import type { ViewCheck } from './check.js';

/** Mean squared difference of neighbours over that of pixels eight apart, inside the breast: blur lowers it. */
export const sharpness: ViewCheck = {
  code: 'sharpness',
  measure: ({ tissue }) =>
    tissue === undefined || tissue.coarseRoughness === 0 ? undefined : tissue.roughness / tissue.coarseRoughness,
  fault: () => 'The picture is blurred: it was moved, enlarged or smoothed.',
  next: 'Export it from the original without resampling.',
};
