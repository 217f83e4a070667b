import { checkExamFileSize } from '../../imaging/check-exam-file.js';
import { ExamError } from '../../pipeline/errors.js';
import { checkAllViews, checkExamId, examFilesOf } from '../../pipeline/exam-files.js';
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

/** An exam by the names and sizes of its files. */
export interface NamedExam {
  readonly exam: string;
  readonly files: readonly { readonly file: string; readonly size: number }[];
}

/** What names and sizes tell of an exam before a byte of it is sent. */
export interface JudgedExam {
  /** Files that are part of it. */
  readonly files: readonly string[];
  /** Why it cannot be committed, in one sentence. */
  readonly reason?: string;
}

/**
 * Judges an exam by the names and sizes of its files, before a byte of it is sent.
 *
 * @example
 * const { reason } = await mammoflow.judgeExamNames({ exam: 'exam-17', files: [{ file: 'L_CC.png', size: 17_000_000 }] });
 */
export async function judgeExamNames(_session: Session, { exam, files }: NamedExam): Promise<JudgedExam> {
  try {
    checkExamId(exam);
    const own = examFilesOf(
      exam,
      files.map(({ file }) => file),
    );
    checkAllViews(exam, [...own.keys()]);
    const names = new Set(own.values());
    for (const { file, size } of files) if (names.has(file)) checkExamFileSize(exam, file, size);
    return { files: [...names] };
  } catch (error) {
    if (error instanceof ExamError) return { files: [], reason: error.sentence };
    throw error;
  }
}
