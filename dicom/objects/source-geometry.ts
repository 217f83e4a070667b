import type { Point } from '../../imaging/heatmap-regions.js';
import type { View } from '../../pipeline/exam.js';
import type { ExamResult, ViewDetection } from './exam-result.js';

/**
 * From a place in the heatmap of a view to the same place in its source image, both counted from the outer corner of the
 * first pixel: the crop lies somewhere in the view, and the view may have been mirrored or turned upside down when it was
 * taken from the source.
 */
export function toSource(result: ExamResult, view: View, { crop }: ViewDetection): (point: Point) => Point {
  const { source, mirrored, upsideDown } = result.views[view];
  return ({ row, column }) => {
    const inView = { row: crop.top + row, column: crop.left + column };
    return {
      row: upsideDown ? source.rows - inView.row : inView.row,
      column: mirrored ? source.columns - inView.column : inView.column,
    };
  };
}
