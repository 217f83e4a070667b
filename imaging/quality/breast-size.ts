import type { ExamCheck } from './check.js';
import type { MeasuredView } from './measure-view.js';

/** The breast's area in pixels. */
export const breastArea = ({ breast, reduced }: MeasuredView): number | undefined =>
  breast === undefined ? undefined : breast.area * reduced.blockSize ** 2;

/** Below this a breast has no counterpart, which is another finding. */
const NO_COUNTERPART = 0.25;

/** The larger over the smaller breast's size (the square root of its area), in the position where they differ most. */
export const breastSize: ExamCheck = {
  code: 'breast-size',
  measure(exam) {
    const ratios = (['CC', 'MLO'] as const).flatMap((position) => {
      const [left, right] = [breastArea(exam[`L_${position}`]), breastArea(exam[`R_${position}`])];
      return left === undefined || right === undefined
        ? []
        : [Math.sqrt(Math.max(left, right) / Math.min(left, right))];
    });
    if (ratios.length === 0) return undefined;
    if (ratios.length === 2 && ratios.every((ratio) => ratio > 1 / Math.sqrt(NO_COUNTERPART))) return undefined;
    return Math.max(...ratios);
  },
  fault: () => 'Left and right breast differ much in size: a view is of another scale or of another woman.',
  next: 'Export all four views of one visit at their original resolution.',
};
