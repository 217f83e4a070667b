import { viewPositionOf } from '../../pipeline/exam.js';
import type { ViewCheck } from './check.js';

/**
 * MLO views: how much straighter the breast ends above, where the axilla is cut by the picture, than below. A CC view
 * looks the same both ways up.
 */
export const upsideDown: ViewCheck = {
  code: 'upside-down',
  measure: ({ shape }, { view }) =>
    shape === undefined || viewPositionOf(view) === 'CC'
      ? undefined
      : shape.straightness.top - shape.straightness.bottom,
  fault: (_, __, value) =>
    value < 0 ? 'The axilla is below: the picture is upside down.' : 'Nothing shows that the axilla is above.',
  next: 'Compare the picture with its source.',
};
