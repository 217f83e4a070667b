import { VIEWS } from '../../pipeline/exam.js';
import type { ExamCheck } from './check.js';
import type { MeasuredView } from './measure-view.js';

/**
 * How much the views differ in what one detector on one day gives alike: the value of the brightest tissue in all four,
 * and the fineness of the texture in left and right of a position. The largest ratio of all.
 */
export const visits: ExamCheck = {
  code: 'visits',
  measure(exam) {
    const highs = VIEWS.flatMap((view) => exam[view].tissue?.high ?? []).filter((high) => high > 0);
    if (highs.length < 2) return undefined;
    const texture = (['CC', 'MLO'] as const).flatMap((position) => {
      const [left, right] = [fineness(exam[`L_${position}`]), fineness(exam[`R_${position}`])];
      return left === undefined || right === undefined ? [] : [Math.max(left, right) / Math.min(left, right)];
    });
    return Math.max(Math.max(...highs) / Math.min(...highs), ...texture);
  },
  fault: () => 'The views differ in brightness or texture as if they were of different detectors or visits.',
  next: 'Export all four views of one visit in one way.',
};

function fineness({ tissue }: MeasuredView): number | undefined {
  if (tissue === undefined || tissue.roughness === 0 || tissue.coarseRoughness === 0) return undefined;
  return tissue.roughness / tissue.coarseRoughness;
}
