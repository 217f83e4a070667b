import type { ExamCheck } from './check.js';

/** The larger over the smaller number of rows or columns of the left and the right picture of a position. */
export const pictureSize: ExamCheck = {
  code: 'picture-size',
  measure(exam) {
    const ratios = (['CC', 'MLO'] as const).flatMap((position) => {
      const [left, right] = [exam[`L_${position}`], exam[`R_${position}`]];
      return [ratio(left.rows, right.rows), ratio(left.columns, right.columns)];
    });
    return Math.max(...ratios);
  },
  fault: () => 'The pictures of left and right breast differ much in size.',
  next: 'Export all four views of one visit at their original resolution.',
};

const ratio = (a: number, b: number): number => Math.max(a, b) / Math.min(a, b);
