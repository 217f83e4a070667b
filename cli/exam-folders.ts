import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import pLimit from 'p-limit';
import { readExamList } from '../imaging/exam-list-pickle.js';
import { checkGrey16Png } from '../imaging/grey16-png.js';
import { ExamError, MammoflowError } from '../pipeline/errors.js';
import { EXAM_FILES, EXAM_LIST_FILE, examIdSchema, VIEWS, viewFile } from '../pipeline/exam.js';
import type { ItemToPut } from '../repos/put-items.js';

/** An exam that cannot be committed, and why. */
export interface RefusedExam {
  readonly exam: string;
  readonly reason: string;
}

export interface ExamFolders {
  readonly exams: readonly ItemToPut[];
  readonly refused: readonly RefusedExam[];
  /** Files and folders that are no part of an exam: reported, and left where they are. */
  readonly leftOut: readonly string[];
}

/** Files read and checked at once. */
const CONCURRENCY = 8;

/**
 * Finds exams under the given paths: a folder that holds views is one exam, any other folder holds one exam a
 * subfolder. Everything that can be seen without decoding pixels is checked here, so that a wrong exam is refused
 * before a byte of it is uploaded; the others are not affected.
 *
 * @throws MammoflowError `not-found` when a path does not exist or holds no exam at all.
 */
export async function findExamFolders(paths: readonly string[]): Promise<ExamFolders> {
  const folders: string[] = [];
  const leftOut: string[] = [];
  for (const path of paths) await collectFolders(resolve(path), folders, leftOut);
  if (folders.length === 0) {
    throw new MammoflowError(
      'not-found',
      `There is no exam in ${paths.join(', ')}.`,
      `An exam is a folder with ${VIEWS.map(viewFile).join(', ')}; give such a folder or the folder above it.`,
    );
  }

  const exams: ItemToPut[] = [];
  const refused: RefusedExam[] = [];
  const seen = new Map<string, string>();
  const limit = pLimit(CONCURRENCY);
  const checked = await Promise.all(
    folders.map((folder) =>
      limit(async () => {
        try {
          return { folder, ...(await checkExamFolder(folder)) };
        } catch (error) {
          if (!(error instanceof ExamError)) throw error;
          return { folder, reason: error.sentence };
        }
      }),
    ),
  );
  for (const result of checked) {
    const exam = basename(result.folder);
    const twin = seen.get(exam);
    seen.set(exam, result.folder);
    if ('reason' in result) refused.push({ exam, reason: result.reason });
    else if (twin !== undefined) {
      refused.push({
        exam,
        reason: `Exam ${exam} is given twice, in ${twin} and in ${result.folder}. Put one of them.`,
      });
    } else {
      exams.push(result.item);
      leftOut.push(...result.leftOut);
    }
  }
  return { exams, refused, leftOut };
}

async function collectFolders(path: string, folders: string[], leftOut: string[]): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new MammoflowError('not-found', `${path} does not exist.`);
  if (!found.isDirectory()) {
    throw new MammoflowError(
      'invalid-argument',
      `${path} is a file.`,
      'Give the folder of an exam, or the folder above it.',
    );
  }
  const entries = await readdir(path, { withFileTypes: true });
  if (entries.some((entry) => entry.isFile() && viewOf(entry.name) !== undefined)) {
    folders.push(path);
    return;
  }
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const child = join(path, entry.name);
    if (entry.isDirectory() && (await isExamFolder(child))) folders.push(child);
    else leftOut.push(child);
  }
}

/** A folder counts as an exam as soon as it holds a picture, so that one with wrong names is refused and not overlooked. */
const isExamFolder = async (path: string): Promise<boolean> =>
  (await readdir(path)).some((name) => name.toLowerCase().endsWith('.png'));

const viewOf = (name: string) => VIEWS.find((view) => viewFile(view).toLowerCase() === name.toLowerCase());

async function checkExamFolder(folder: string): Promise<{ item: ItemToPut; leftOut: string[] }> {
  const exam = basename(folder);
  const id = examIdSchema.safeParse(exam);
  if (!id.success) {
    throw new ExamError(
      'invalid-exam',
      `${JSON.stringify(exam)} is no exam id: ${id.error.issues[0]?.message}.`,
      'Rename the folder.',
    );
  }
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => !entry.isDirectory()).map((entry) => entry.name);
  for (const view of VIEWS) {
    const found = names.filter((name) => viewOf(name) === view).sort();
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
  const missing = VIEWS.filter((view) => !names.includes(viewFile(view)));
  if (missing.length > 0) {
    throw new ExamError(
      'invalid-exam',
      `Exam ${exam} lacks the view${missing.length > 1 ? 's' : ''} ${missing.join(', ')}.`,
      `Add ${missing.map(viewFile).join(', ')} to the folder.`,
      missing[0],
    );
  }
  for (const view of VIEWS) await checkGrey16Png(join(folder, viewFile(view)), { exam, view });
  if (names.includes(EXAM_LIST_FILE)) readExamList(await readFile(join(folder, EXAM_LIST_FILE)), exam);
  const files = EXAM_FILES.filter((file) => names.includes(file)).map((path) => ({ path, local: join(folder, path) }));
  const leftOut = entries.filter((entry) => !EXAM_FILES.includes(entry.name)).map((entry) => join(folder, entry.name));
  return { item: { name: exam, files }, leftOut };
}
