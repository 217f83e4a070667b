import type { ViewCheck } from './check.js';
import { expectedSides } from './sides.js';

/**
 * How much straighter the breast ends on the side where its chest wall should be than on the other: near 1 where it is
 * there, near −1 where it is on the other side.
 */
export const chestWallSide: ViewCheck = {
  code: 'chest-wall-side',
  measure({ shape }, subject) {
    if (shape === undefined) return undefined;
    const { chestWall, pointing } = expectedSides(subject);
    return shape.straightness[chestWall] - shape.straightness[pointing];
  },
  fault(_, subject, value) {
    const { chestWall, pointing } = expectedSides(subject);
    const { view, horizontalFlip } = subject;
    return value < -0.2
      ? `The breast points ${chestWall}, but ${view} with horizontal_flip ${horizontalFlip} should point ${pointing}: the picture is mirrored or turned, shows the other breast, or the exam list is wrong or missing.`
      : `There is no straight chest wall on the ${chestWall} of the picture, where ${view} with horizontal_flip ${horizontalFlip} has it.`;
  },
  next: 'Compare the picture with its source; if all four views point the other way, give the exam list with horizontal_flip.',
};
