import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import pLimit from 'p-limit';
import { checkExamFile, checkExamFileSize } from '../../imaging/check-exam-file.js';
import { ExamError, MammoflowError } from '../../pipeline/errors.js';
import { EXAM_FILES, VIEWS, viewFile } from '../../pipeline/exam.js';
import { checkAllViews, checkExamId, examFilesOf, viewMeant } from '../../pipeline/exam-files.js';
import { leftoverReason, likenessOf, likenessText } from '../../pipeline/view-names.js';
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
  /** What each of them is, or why it is no exam, by its path; worded to follow the path and a colon. */
  readonly leftOutReasons: Readonly<Record<string, string>>;
  /** What is to be known of exams that are taken all the same, as sentences. */
  readonly remarks: readonly string[];
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
  const leftOut = new Map<string, string>();
  const remarks: string[] = [];
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
          for (const [path, reason] of checked.leftOut) leftOut.set(path, reason);
          remarks.push(...checked.remarks);
        } catch (error) {
          refused.push({ exam, reason: reasonOf(error, exam) });
        }
      }),
    ),
  );
  const byExam = (a: { exam: string }, b: { exam: string }): number => (a.exam < b.exam ? -1 : 1);
  exams.sort((a, b) => byExam({ exam: a.name }, { exam: b.name }));
  return {
    exams,
    refused: refused.sort(byExam),
    leftOut: [...leftOut.keys()].sort(),
    leftOutReasons: Object.fromEntries(leftOut),
    remarks: remarks.sort(),
  };
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

async function collectFolders(path: string, folders: string[], leftOut: Map<string, string>): Promise<void> {
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
    const reason = leftoverReason(name) ?? (await noExamReason(child));
    if (reason === undefined) folders.push(child);
    else leftOut.set(child, reason);
  }
}

/**
 * Why a path is no exam. A folder counts as one as soon as it holds a picture, so that one with wrong names is refused and
 * not overlooked.
 */
async function noExamReason(path: string): Promise<string | undefined> {
  // Links count as what they point to.
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => error.code);
  if (typeof found !== 'object') return `cannot be read (${found})`;
  if (!found.isDirectory()) return noPartReason(basename(path));
  const names = await readdir(path).catch((error: NodeJS.ErrnoException) => error.code);
  if (!Array.isArray(names)) return `cannot be read (${names})`;
  const files = names.filter((name) => leftoverReason(name) === undefined);
  if (files.some((name) => name.toLowerCase().endsWith('.png'))) return undefined;
  if (files.length === 0) return 'an empty folder';
  const like = files.flatMap((name) => {
    const likeness = likenessOf(name);
    return likeness === undefined ? [] : [`${name} ${likenessText(likeness)}. ${likeness.next}`];
  });
  return like.length === 0 ? 'a folder without a view' : `a folder without a view; ${like[0]}`;
}

/** What a file beside exams or views is. */
function noPartReason(name: string): string {
  const leftover = leftoverReason(name);
  if (leftover !== undefined) return leftover;
  const likeness = likenessOf(name);
  return likeness === undefined ? 'no part of an exam' : `no part of an exam; ${likenessText(likeness)}`;
}

async function checkExamFolder(
  folder: string,
): Promise<{ item: ItemToPut; leftOut: (readonly [string, string])[]; remarks: readonly string[] }> {
  const exam = basename(folder);
  checkExamId(exam);
  const names = (await readdir(folder)).sort();
  const named = examFilesOf(exam, names);
  checkAllViews(exam, names);
  const files: ItemToPut['files'][number][] = [];
  const remarks: string[] = [];
  for (const path of EXAM_FILES) {
    const name = named.get(path);
    if (name === undefined) continue;
    await checkIsFile(exam, folder, name);
    remarks.push(...(await checkExamFile(exam, name, join(folder, name), names)));
    files.push({ path, local: join(folder, name) });
  }
  const taken = new Set(named.values());
  const leftOut = names
    .filter((name) => !taken.has(name))
    .map((name) => [join(folder, name), noPartReason(name)] as const);
  return { item: { name: exam, files }, leftOut, remarks };
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
