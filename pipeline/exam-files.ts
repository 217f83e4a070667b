import { ExamError } from './errors.js';
import { examIdSchema, VIEWS, type View, viewFile } from './exam.js';

/** The view that a file is meant for, by its name in any case. */
export const viewMeant = (name: string): View | undefined =>
  VIEWS.find((view) => viewFile(view).toLowerCase() === name.toLowerCase());

/** @throws ExamError `invalid-exam` when a folder's name cannot be an exam's. */
export function checkExamId(exam: string): void {
  const id = examIdSchema.safeParse(exam);
  if (id.success) return;
  throw new ExamError(
    'invalid-exam',
    `${JSON.stringify(exam)} is no exam id: ${id.error.issues[0]?.message}.`,
    'Rename the folder.',
  );
}

/**
 * Checks that every view has its own file name, and one file: which of `L_CC.png` and `l_cc.png` is meant cannot be known.
 * @throws ExamError `invalid-exam`.
 */
export function checkViewNames(exam: string, names: readonly string[]): void {
  for (const view of VIEWS) {
    const found = names.filter((name) => viewMeant(name) === view);
    if (found.length > 1) {
      throw new ExamError(
        'invalid-exam',
        `Exam ${exam} has view ${view} twice: ${found.join(' and ')}.`,
        'Keep one.',
        view,
      );
    }
    if (found.length === 1 && found[0] !== viewFile(view)) {
      throw new ExamError(
        'invalid-exam',
        `Exam ${exam} has ${found[0]} for view ${view}.`,
        `Name it ${viewFile(view)}.`,
        view,
      );
    }
  }
}

/** The views that have no file among these. */
export const missingViews = (names: readonly string[]): View[] =>
  VIEWS.filter((view) => !names.includes(viewFile(view)));

/** @throws ExamError `invalid-exam` when a view is missing. */
export function checkAllViews(exam: string, names: readonly string[]): void {
  const missing = missingViews(names);
  if (missing.length === 0) return;
  throw new ExamError(
    'invalid-exam',
    `Exam ${exam} lacks the view${missing.length > 1 ? 's' : ''} ${missing.join(', ')}.`,
    `Add ${missing.map(viewFile).join(', ')} to the folder.`,
    missing[0],
  );
}
