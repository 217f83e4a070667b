import { readFile } from 'node:fs/promises';
import { ExamError } from '../pipeline/errors.js';
import { EXAM_LIST_FILE } from '../pipeline/exam.js';
import { viewMeant } from '../pipeline/exam-files.js';
import { readExamList } from './exam-list-pickle.js';
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
  const largest = name === EXAM_LIST_FILE ? LARGEST_EXAM_LIST : LARGEST_IMAGE;
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
 * @param name one of `EXAM_FILES`.
 * @param source a path or the file's bytes.
 * @throws ExamError `invalid-image` or `invalid-exam-list`.
 */
export async function checkExamFile(exam: string, name: string, source: string | Buffer): Promise<void> {
  const view = viewMeant(name);
  if (view !== undefined) await checkGrey16Png(source, { exam, view });
  else readExamList(typeof source === 'string' ? await readFile(source) : source, exam);
}
