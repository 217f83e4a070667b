import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import pLimit from 'p-limit';
import { checkExamFile, checkExamFileSize } from '../../imaging/check-exam-file.js';
import { ExamError, MammoflowError } from '../../pipeline/errors.js';
import { EXAM_FILES, VIEWS, viewFile } from '../../pipeline/exam.js';
import { checkAllViews, checkExamId, checkViewNames, viewMeant } from '../../pipeline/exam-files.js';
import type { ItemToPut } from '../../repos/put-items.js';

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

/** Exams read and checked at once. */
const CONCURRENCY = 8;

/**
 * Finds exams under the given paths: a folder that holds views is one exam, any other folder holds one exam a
 * subfolder. Everything that can be seen without decoding pixels is checked here, so that a wrong exam is refused
 * before a byte of it is uploaded; the others are not affected.
 *
 * @throws MammoflowError `not-found` when a path does not exist or holds no exam at all.
 */
export async function findExamFolders(paths: readonly string[]): Promise<ExamFolders> {
  const found: string[] = [];
  const leftOut: string[] = [];
  // Naming a folder twice, or an exam and the folder above it, is no mistake.
  for (const path of new Set(paths.map((given) => resolve(given)))) await collectFolders(path, found, leftOut);
  const folders = [...new Set(found)];
  if (folders.length === 0) {
    throw new MammoflowError(
      'not-found',
      `There is no exam in ${paths.join(', ')}.`,
      `An exam is a folder with ${VIEWS.map(viewFile).join(', ')}; give such a folder or the folder above it.`,
    );
  }

  const exams: ItemToPut[] = [];
  const refused: RefusedExam[] = [];
  const byName = new Map<string, string[]>();
  for (const folder of folders) byName.set(basename(folder), [...(byName.get(basename(folder)) ?? []), folder]);
  const limit = pLimit(CONCURRENCY);
  await Promise.all(
    [...byName].map(([exam, places]) =>
      limit(async () => {
        try {
          const checked = await checkExamFolder(onlyPlace(exam, places));
          exams.push(checked.item);
          leftOut.push(...checked.leftOut);
        } catch (error) {
          refused.push({ exam, reason: reasonOf(error, exam) });
        }
      }),
    ),
  );
  const byExam = (a: { exam: string }, b: { exam: string }): number => (a.exam < b.exam ? -1 : 1);
  exams.sort((a, b) => byExam({ exam: a.name }, { exam: b.name }));
  return { exams, refused: refused.sort(byExam), leftOut: leftOut.sort() };
}

/** Which of two folders is meant cannot be known, and the wrong one could be another patient: so none is taken. */
function onlyPlace(exam: string, places: readonly string[]): string {
  if (places.length === 1) return places[0] as string;
  throw new ExamError(
    'invalid-exam',
    `Exam ${exam} is given ${places.length === 2 ? 'twice' : `${places.length} times`}: ${places.join(' and ')}.`,
    'Put one of them.',
  );
}

/** @throws whatever is neither the exam's fault nor that of a file that cannot be read. */
function reasonOf(error: unknown, exam: string): string {
  if (error instanceof ExamError) return error.sentence;
  const { path, code, syscall } = error as NodeJS.ErrnoException;
  if (syscall === undefined) throw error;
  const file = path === undefined ? 'The folder' : basename(path);
  return `${file} of exam ${exam} cannot be read (${code}). Check that it is there and may be read by you.`;
}

async function collectFolders(path: string, folders: string[], leftOut: string[]): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new MammoflowError('not-found', `${path} does not exist.`, 'Correct the path.');
  if (!found.isDirectory()) {
    throw new MammoflowError(
      'invalid-argument',
      `${path} is a file.`,
      'Give the folder of an exam, or the folder above it.',
    );
  }
  const names = (await readdir(path)).sort();
  if (names.some((name) => viewMeant(name) !== undefined)) {
    folders.push(path);
    return;
  }
  for (const name of names) {
    const child = join(path, name);
    if (await isExamFolder(child)) folders.push(child);
    else leftOut.push(child);
  }
}

/** A folder counts as an exam as soon as it holds a picture, so that one with wrong names is refused and not overlooked. */
async function isExamFolder(path: string): Promise<boolean> {
  // Links count as what they point to; what cannot be looked into is left out and reported.
  const names = await readdir(path).catch(() => []);
  return names.some((name) => name.toLowerCase().endsWith('.png'));
}

async function checkExamFolder(folder: string): Promise<{ item: ItemToPut; leftOut: string[] }> {
  const exam = basename(folder);
  checkExamId(exam);
  const names = (await readdir(folder)).sort();
  checkViewNames(exam, names);
  checkAllViews(exam, names);
  const present = EXAM_FILES.filter((name) => names.includes(name));
  for (const name of present) {
    await checkIsFile(exam, folder, name);
    await checkExamFile(exam, name, join(folder, name));
  }
  const files = present.map((path) => ({ path, local: join(folder, path) }));
  const leftOut = names.filter((name) => !EXAM_FILES.includes(name)).map((name) => join(folder, name));
  return { item: { name: exam, files }, leftOut };
}

/** Pipes and devices are refused, and files of absurd size. */
async function checkIsFile(exam: string, folder: string, name: string): Promise<void> {
  const found = await stat(join(folder, name));
  if (!found.isFile()) {
    throw new ExamError(
      'invalid-exam',
      `${name} of exam ${exam} is no file.`,
      'Put the file itself there.',
      viewMeant(name),
    );
  }
  checkExamFileSize(exam, name, found.size);
}
