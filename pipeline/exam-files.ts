import { ExamError } from './errors.js';
import { EXAM_LIST_FILE, examIdSchema, VIEWS, type View, viewFile } from './exam.js';
import { committedName, likenessOf, likenessText, namedFile } from './view-names.js';

/** The view that a file is, by its name. */
export function viewMeant(name: string): View | undefined {
  const named = namedFile(name);
  return named?.kind === 'view' ? named.view : undefined;
}

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
 * What the files of an exam's folder are, by their names: under which name each is committed. Files that are no part of
 * an exam are left out.
 *
 * @returns the files' own names by the name that they are committed under.
 * @throws ExamError `invalid-exam` where two files claim one view, where views of different exams seem to lie together,
 *   and for a pickle that may be meant as the exam list.
 */
export function examFilesOf(exam: string, names: readonly string[]): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const name of names) {
    const committed = committedName(name);
    if (committed === undefined) continue;
    const other = files.get(committed);
    if (other !== undefined) throw claimedTwice(exam, committed, other, name);
    files.set(committed, name);
  }
  checkNumbers(exam, [...files.values()]);
  const pickle = names.find((name) => namedFile(name)?.kind === 'pickle');
  if (pickle !== undefined) {
    throw new ExamError(
      'invalid-exam-list',
      `Exam ${exam} has ${pickle} beside its views, and whether it says how the pictures face cannot be known.`,
      `Name it ${EXAM_LIST_FILE} if it is the exam's list, or move it elsewhere if it is something else.`,
    );
  }
  return files;
}

function claimedTwice(exam: string, committed: string, first: string, second: string): ExamError {
  const view = viewMeant(committed);
  if (view === undefined) {
    return new ExamError(
      'invalid-exam-list',
      `Exam ${exam} has two exam lists: ${first} and ${second}.`,
      'Keep the one that belongs to these pictures.',
    );
  }
  const isNumbered = [first, second].some((name) => numberOf(name) !== undefined);
  return new ExamError(
    'invalid-exam',
    `Exam ${exam} has view ${view} twice: ${first} and ${second}.`,
    isNumbered ? 'Keep one, or give each exam a folder of its own.' : 'Keep one.',
    view,
  );
}

const numberOf = (name: string): string | undefined => {
  const named = namedFile(name);
  return named?.kind === 'view' ? named.number : undefined;
};

/** Numbers in front of the views' names are those of exams: views with different ones need not be of one patient. */
function checkNumbers(exam: string, names: readonly string[]): void {
  const views = names.filter((name) => viewMeant(name) !== undefined);
  const [first, ...others] = views;
  const other = others.find((name) => numberOf(name) !== numberOf(first as string));
  if (first === undefined || other === undefined) return;
  throw new ExamError(
    'invalid-exam',
    `Exam ${exam} has ${first} and ${other}, whose numbers differ, so that they may be of different exams.`,
    `Name them ${[first, other].map((name) => viewFile(viewMeant(name) as View)).join(' and ')} if they are of one.`,
    viewMeant(other),
  );
}

/**
 * A sentence on an exam that replaces one with an exam list and has none, so that its pictures are taken to face the usual
 * way. Undefined where nothing of the kind happens.
 */
export function lostListRemark(
  exam: string,
  before: readonly { readonly path: string }[],
  now: readonly { readonly path: string }[],
): string | undefined {
  const has = (files: readonly { readonly path: string }[]): boolean =>
    files.some(({ path }) => path === EXAM_LIST_FILE);
  return has(before) && !has(now)
    ? `Exam ${exam} had an exam list, and comes without one: its pictures are taken for horizontal_flip NO.`
    : undefined;
}

/** A file whose name has a number in front of the view's. */
export const numberedFile = (names: readonly string[]): string | undefined =>
  names.find((name) => numberOf(name) !== undefined);

/** The views that have no file among these. */
export function missingViews(names: readonly string[]): View[] {
  const views = new Set(names.map(viewMeant));
  return VIEWS.filter((view) => !views.has(view));
}

/** @throws ExamError `invalid-exam` when a view is missing; a file that looks like one is named. */
export function checkAllViews(exam: string, names: readonly string[]): void {
  const missing = missingViews(names);
  if (missing.length === 0) return;
  throw new ExamError(
    'invalid-exam',
    `Exam ${exam} lacks the view${missing.length > 1 ? 's' : ''} ${missing.join(', ')}.`,
    [`Add ${missing.map(viewFile).join(', ')} to the folder.`, ...likeOneOf(missing, names)].join(' '),
    missing[0],
  );
}

/** A sentence on what may be one of these views under another name or in another form, if there is such a file. */
function likeOneOf(missing: readonly View[], names: readonly string[]): string[] {
  for (const name of names) {
    const likeness = namedFile(name) === undefined ? likenessOf(name) : undefined;
    if (likeness === undefined || (likeness.view !== undefined && !missing.includes(likeness.view))) continue;
    return [`${name} ${likenessText(likeness)}. ${likeness.next}`];
  }
  return [];
}
