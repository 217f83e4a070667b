import { readFile } from 'node:fs/promises';
import { ExamError } from '../pipeline/errors.js';
import { viewMeant } from '../pipeline/exam-files.js';
import { namedFile } from '../pipeline/view-names.js';
import { type ExaminedList, examineExamList } from './exam-list-pickle.js';
import { checkGrey16Png, LARGEST_PIXELS } from './grey16-png.js';

/** Uncompressed 16-bit pixels of the largest image that is read, and room for metadata. */
const LARGEST_IMAGE = 2 * LARGEST_PIXELS + 16 * 1024 * 1024;
/** An exam list has under 1 kB; metadata of other tools may come on top. */
const LARGEST_EXAM_LIST = 1024 * 1024;

/**
 * Files are read whole to be checked, so those of absurd size are refused before that.
 * @throws ExamError `invalid-exam`.
 */
export function checkExamFileSize(exam: string, name: string, size: number): void {
  const largest = viewMeant(name) === undefined ? LARGEST_EXAM_LIST : LARGEST_IMAGE;
  if (size <= largest) return;
  throw new ExamError(
    'invalid-exam',
    `${name} of exam ${exam} is too large: ${size} bytes.`,
    `Use a file of at most ${largest / 1024 / 1024} MiB.`,
    viewMeant(name),
  );
}

/**
 * Checks everything about a file of an exam that can be seen without decoding pixels.
 * @param name the file's own name: that of a view or of the exam list, whichever way it is written.
 * @param source a path or the file's bytes.
 * @param beside the names of the exam's files.
 * @returns what is to be known of it although it is taken, as sentences.
 * @throws ExamError `invalid-image` or `invalid-exam-list`.
 */
export async function checkExamFile(
  exam: string,
  name: string,
  source: string | Buffer,
  beside: readonly string[],
): Promise<readonly string[]> {
  const view = viewMeant(name);
  if (view !== undefined) {
    await checkGrey16Png(source, { exam, view, what: name });
    return [];
  }
  const list = examineExamList(typeof source === 'string' ? await readFile(source) : source, exam, name);
  for (const file of beside) checkIsListed(exam, name, list, file);
  return list.remarks;
}

/** @throws ExamError where list and picture have numbers, as NYU's have, and these differ. */
function checkIsListed(exam: string, name: string, list: ExaminedList, file: string): void {
  const picture = namedFile(file);
  if (picture?.kind !== 'view' || picture.number === undefined) return;
  const listed = list.names[picture.view];
  const numbers = listed.map((one) => /^(\d+)[ ._-]/.exec(one)?.[1]);
  if (numbers.some((number) => number === undefined || number === picture.number)) return;
  throw new ExamError(
    'invalid-exam-list',
    `${name} of exam ${exam} names ${listed.join(', ')}, but ${file} lies beside it: it may be the list of another exam.`,
    'Put the list of this exam there.',
    picture.view,
  );
}
