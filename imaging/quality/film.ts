import { backgroundLevel } from './background-level.js';
import type { ViewCheck } from './check.js';
import { frame } from './frame.js';
import { noise } from './noise.js';
import { objects } from './objects.js';

/** From where on each sign counts. */
const SIGNS = { fog: 0.5, edge: 0.002, label: 0.02, grain: 0.09 } as const;

/** How many signs of a scanned film there are, of four: fog, a second edge of the film, a large label, grain. */
export const film: ViewCheck = {
  code: 'film',
  measure(measured, subject) {
    const signs = [
      (backgroundLevel.measure(measured, subject) ?? 0) > SIGNS.fog,
      (frame.measure(measured, subject) ?? 0) > SIGNS.edge,
      (objects.measure(measured, subject) ?? 0) > SIGNS.label,
      (noise.measure(measured, subject) ?? 0) > SIGNS.grain,
    ];
    return signs.filter(Boolean).length;
  },
  fault: () => 'The picture looks like a scanned film, which the models were not made for.',
  next: 'Use the digital original.',
};
