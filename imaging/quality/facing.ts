import { VIEWS } from '../../pipeline/exam.js';
import type { ExamCheck } from './check.js';
import { chestWallSide } from './chest-wall-side.js';

/** How many of the four views point the other way than their names and the exam list say. */
export const facing: ExamCheck = {
  code: 'facing',
  measure: (exam, horizontalFlip) =>
    VIEWS.filter((view) => (chestWallSide.measure(exam[view], { view, horizontalFlip }) ?? 1) < 0).length,
  fault: () =>
    'All four views point the other way than their names and the exam list say: the list is missing or wrong, or left and right are exchanged.',
  next: 'Put the exam again with the list that belongs to it (gen_exam_list.pkl, horizontal_flip), or with the right names.',
};
