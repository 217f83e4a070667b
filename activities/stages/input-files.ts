import { ExamError, MammoflowError } from '../../pipeline/errors.js';
import { type View, viewFile } from '../../pipeline/exam.js';
import { READ_STAGE } from '../../pipeline/exam-objects.js';
import type { StageInputs } from '../stage.js';

/**
 * The local path of a file that an upstream stage always writes.
 * @throws MammoflowError `missing-object` when it is not among the inputs.
 */
export function upstreamFile(inputs: StageInputs, repo: string, file: string): string {
  const path = inputs.files[repo]?.[file];
  if (path === undefined) {
    throw new MammoflowError('missing-object', `${repo} of exam ${inputs.exam} has no ${file}.`);
  }
  return path;
}

/**
 * The local path of a view: as it was put, or as it was read from DICOM objects.
 * @throws ExamError `invalid-exam` when the exam lacks it.
 */
export function examView(inputs: StageInputs, view: View): string {
  const path = (inputs.files.exams ?? inputs.files[READ_STAGE])?.[viewFile(view)];
  if (path === undefined) {
    throw new ExamError(
      'invalid-exam',
      `Exam ${inputs.exam} has no ${viewFile(view)}.`,
      'Put the exam again with all four views.',
      view,
    );
  }
  return path;
}
