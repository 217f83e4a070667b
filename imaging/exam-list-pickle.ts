import { z } from 'zod';
import { ExamError } from '../pipeline/errors.js';
import { EXAM_LIST_FILE, type HorizontalFlip, horizontalFlipSchema, VIEWS, type View } from '../pipeline/exam.js';
import { PICKLE_PROTOCOL, PickleError, type PickleValue, runPickle } from './pickle-machine.js';

/** What the pipeline takes from an exam list. */
export interface ExamList {
  readonly horizontalFlip: HorizontalFlip;
}

/** A list of one exam has under 1 kB; metadata of other tools may come on top. */
const LARGEST_BYTES = 1024 * 1024;

/**
 * Reads `gen_exam_list.pkl`, the exam list in the form NYU's program reads (PIPELINE.md 1.1): a Python pickle of a list
 * with one dictionary. A pickle is a program; this reader knows only the instructions that build lists, dictionaries,
 * tuples, strings and numbers, and refuses every other before it has any effect.
 *
 * @throws ExamError `invalid-exam-list` for anything but one exam with its four views under their own names.
 */
export function readExamList(bytes: Uint8Array, exam?: string): ExamList {
  const subject = exam === undefined ? EXAM_LIST_FILE : `${EXAM_LIST_FILE} of exam ${exam}`;
  const refuse = (problem: string, next: string, cause?: unknown): ExamError =>
    new ExamError('invalid-exam-list', `${subject} ${problem}.`, next, undefined, { cause });
  let value: unknown;
  try {
    value = toPlain(unpickle(bytes));
  } catch (cause) {
    if (!(cause instanceof PickleError)) throw cause;
    throw refuse(cause.message, 'Write it again with the tool that made it, as a plain list of one dictionary.', cause);
  }
  const list = examListSchema.safeParse(value);
  if (!list.success) {
    const issue = list.error.issues[0];
    const place = issue === undefined || issue.path.length === 0 ? '' : ` at ${issue.path.join('.')}`;
    throw refuse(
      `is not the list of one exam${place}: ${issue?.message ?? 'unknown'}`,
      'Correct it, or leave the file out.',
    );
  }
  return { horizontalFlip: list.data[0].horizontal_flip };
}

const dashed = (view: View): string => view.replace('_', '-');
const fileNamesOf = (view: View) =>
  z.tuple([z.literal(view, `expected the view's one file name "${view}"`)], `expected the list ["${view}"]`);

const examSchema = z.object(
  {
    horizontal_flip: z.enum(horizontalFlipSchema.options, 'expected "NO" or "YES"'),
    ...Object.fromEntries(VIEWS.map((view) => [dashed(view), fileNamesOf(view)])),
  },
  'expected a dictionary',
);
const examListSchema = z.tuple([examSchema], 'expected a list of exactly one exam');

/** An exam list is written in protocol 2 or later; the older ones are texts. */
function unpickle(bytes: Uint8Array): PickleValue {
  if (bytes.length === 0) throw new PickleError('is empty (zero bytes)');
  if (bytes.length > LARGEST_BYTES) throw new PickleError(`is too large: ${bytes.length} bytes`);
  if (bytes[0] !== PICKLE_PROTOCOL) throw new PickleError('is not a pickle of protocol 2 or later');
  return runPickle(bytes, { holds: 'plain data' }).value;
}

/**
 * The part of the list that is read, as plain values: the dictionaries' known keys, and lists of their values. The
 * rest is not walked, however deep it is or often it repeats itself.
 */
function toPlain(value: PickleValue): unknown {
  if (!Array.isArray(value) || value.length > 1) return Array.isArray(value) ? value.map(kind) : kind(value);
  return value.map((item) =>
    item instanceof Map
      ? Object.fromEntries(KNOWN_KEYS.filter((key) => item.has(key)).map((key) => [key, field(item.get(key))]))
      : kind(item),
  );
}

const KNOWN_KEYS: readonly string[] = ['horizontal_flip', ...VIEWS.map(dashed)];

const field = (value: PickleValue | undefined): unknown => (Array.isArray(value) ? value.map(kind) : kind(value));

/** A simple value itself; null in place of a compound one. */
const kind = (value: PickleValue | undefined): unknown => (typeof value === 'object' ? null : value);
