import { viewPositionOf } from '../../pipeline/exam.js';
import type { ViewCheck } from './check.js';
import { expectedSides } from './sides.js';

/** How straight the breast ends where skin should round it off: on the side it points to, below, and in CC views above. */
export const breastCut: ViewCheck = {
  code: 'breast-cut',
  measure({ shape }, subject) {
    if (shape === undefined) return undefined;
    const { straightness } = shape;
    const { chestWall, pointing } = expectedSides(subject);
    // The wrong way round is another check's finding; the breast is not cut for that.
    const skin = Math.min(straightness[chestWall], straightness[pointing]);
    return Math.max(skin, straightness.bottom, viewPositionOf(subject.view) === 'CC' ? straightness.top : 0);
  },
  fault: () => 'The breast is cut off on a side where its skin should show.',
  next: 'Export the whole view.',
};
