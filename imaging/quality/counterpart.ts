import { breastArea } from './breast-size.js';
import type { ExamCheck, MeasuredExam } from './check.js';

/** The smaller over the larger breast's area, in the position where they are more alike. */
export const counterpart: ExamCheck = {
  code: 'counterpart',
  measure: (exam) => {
    const ratios = (['CC', 'MLO'] as const).map((position) => areaRatio(exam, position));
    return ratios.includes(undefined) ? undefined : Math.max(...(ratios as number[]));
  },
  fault: () => 'One breast has no counterpart, as after a mastectomy.',
  next: 'Read the result of that side with this in mind.',
};

/** The side whose breast is the smaller one in both positions. */
export function smallerSide(exam: MeasuredExam): 'L' | 'R' {
  const area = (side: 'L' | 'R'): number =>
    (breastArea(exam[`${side}_CC`]) ?? 0) + (breastArea(exam[`${side}_MLO`]) ?? 0);
  return area('L') < area('R') ? 'L' : 'R';
}

function areaRatio(exam: MeasuredExam, position: 'CC' | 'MLO'): number | undefined {
  const [left, right] = [breastArea(exam[`L_${position}`]), breastArea(exam[`R_${position}`])];
  return left === undefined || right === undefined ? undefined : Math.min(left, right) / Math.max(left, right);
}
