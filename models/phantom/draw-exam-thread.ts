import { serialiseError, type TransferredError } from '../../inference/error-transfer.js';
import { drawExam, type ExamToDraw } from './draw-exam.js';

/** `drawExam` on a thread of `draw-exams.ts`. Errors are returned as data, since cloning takes away what they say. */
export async function drawExamInThread(task: ExamToDraw): Promise<TransferredError | undefined> {
  try {
    await drawExam(task);
    return undefined;
  } catch (error) {
    return serialiseError(error);
  }
}
