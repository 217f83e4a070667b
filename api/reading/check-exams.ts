import { findExamFolders, type RefusedExam } from '../changing/exam-folders.js';
import type { Session } from '../session.js';

export interface CheckedExams {
  /** Exams that `put` would commit. */
  readonly good: readonly string[];
  readonly refused: readonly RefusedExam[];
  /** Files and folders that are no part of an exam. */
  readonly leftOut: readonly string[];
}

/**
 * What `put` would say of some folders, without committing anything.
 *
 * @throws MammoflowError `not-found` when a path does not exist or holds no exam at all.
 * @example
 * const { refused } = await mammoflow.checkExams({ paths: ['./november'] });
 */
export async function checkExams(_session: Session, { paths }: { paths: readonly string[] }): Promise<CheckedExams> {
  const { exams, refused, leftOut } = await findExamFolders(paths);
  return { good: exams.map(({ name }) => name), refused, leftOut };
}
