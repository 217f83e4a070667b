import type { ExamCheck, MeasuredExam } from './check.js';

/** How much straighter the MLO view ends above than the CC view, for the breast where it is least so. */
export const viewPosition: ExamCheck = {
  code: 'view-position',
  measure(exam) {
    const differences = (['L', 'R'] as const).flatMap((side) => {
      const difference = differenceOf(exam, side);
      return difference === undefined ? [] : [difference];
    });
    return differences.length === 0 ? undefined : Math.min(...differences);
  },
  fault: (exam) => {
    const sides = (['L', 'R'] as const).filter((side) => (differenceOf(exam, side) ?? 1) < 0.1);
    const named = sides.map((side) => `${side}_CC and ${side}_MLO`).join(', ');
    return `CC and MLO seem mixed up (${named}): only an MLO view shows the axilla cut off at its top.`;
  },
  next: 'Compare the file names with the pictures.',
};

function differenceOf(exam: MeasuredExam, side: 'L' | 'R'): number | undefined {
  const [cc, mlo] = [exam[`${side}_CC`].shape, exam[`${side}_MLO`].shape];
  return cc === undefined || mlo === undefined ? undefined : mlo.straightness.top - cc.straightness.top;
}
