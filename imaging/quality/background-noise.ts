import type { ViewCheck } from './check.js';

/** Median standard deviation in blocks of background, over the brightest tissue. */
export const backgroundNoise: ViewCheck = {
  code: 'background-noise',
  measure({ backgroundBlocks, reduced, tissue }) {
    if (backgroundBlocks.length === 0 || tissue === undefined) return undefined;
    const deviations = backgroundBlocks.map((block) => reduced.deviations[block] as number).sort((a, b) => a - b);
    return (deviations[deviations.length >> 1] as number) / Math.max(1, tissue.high);
  },
  fault: () => 'The background is noisy.',
  next: 'Export the processed view ("for presentation"), whose background is empty.',
};
