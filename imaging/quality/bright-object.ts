import type { ViewCheck } from './check.js';

/** How close to the brightest value a block counts, and how even it must be. */
const BRIGHT = 0.95;
const EVEN = 0.02;

/** Share of the breast that is evenly as bright as its brightest spot: an implant, a plate, a large clip. */
export const brightObject: ViewCheck = {
  code: 'bright-object',
  measure({ breast, tissue, reduced }) {
    if (breast === undefined || tissue === undefined) return undefined;
    let count = 0;
    for (let block = 0; block < breast.mask.pixels.length; block += 1) {
      if (breast.mask.pixels[block] === 0) continue;
      const mean = reduced.means[block] as number;
      if (mean >= BRIGHT * tissue.brightest && (reduced.deviations[block] as number) <= EVEN * mean) count += 1;
    }
    return count / breast.area;
  },
  fault: () => 'A large part of the breast is evenly white, as an implant is.',
  next: 'Read the result with that in mind: the models were not made for implants.',
};
