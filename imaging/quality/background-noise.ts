import { backgroundBlocks } from './background-blocks.js';
import type { ViewCheck } from './check.js';

/** Median standard deviation in blocks of background, over the brightest tissue. */
export const backgroundNoise: ViewCheck = {
  code: 'background-noise',
  measure(measured) {
    const blocks = backgroundBlocks(measured);
    if (blocks.length === 0 || measured.tissue === undefined) return undefined;
    const deviations = blocks.map((block) => measured.reduced.deviations[block] as number).sort((a, b) => a - b);
    return (deviations[deviations.length >> 1] as number) / Math.max(1, measured.tissue.high);
  },
  fault: () => 'The background is noisy.',
  next: 'Export the processed view ("for presentation"), whose background is empty.',
};
