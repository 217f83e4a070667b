import { z } from 'zod';
import { ExamError } from '../pipeline/errors.js';
import { EXAM_LIST_FILE, type HorizontalFlip, horizontalFlipSchema, VIEWS, type View } from '../pipeline/exam.js';
import { viewMentioned } from '../pipeline/view-names.js';
import { fileKind } from './file-kind.js';
import { unboxed } from './numpy-pickle.js';
import { dictionaryOf, itemsOf, rowsOf } from './pandas-pickle.js';
import { PICKLE_PROTOCOL, PickleError, PickleRefusal, pickleCode } from './pickle-machine.js';
import { PLAIN_NAMES } from './pickle-names.js';
import { isKind, type ObjectValue, type PickleObject, runObjectPickle } from './pickle-objects.js';

/** What the pipeline takes from an exam list. */
export interface ExamList {
  readonly horizontalFlip: HorizontalFlip;
}
/** What else there is to see in one. */
export interface ExaminedList extends ExamList {
  /** How the list calls the pictures of each view, without folders and endings. */
  readonly names: Readonly<Record<View, readonly string[]>>;
  /** What a person should know although the list is taken: sentences. */
  readonly remarks: readonly string[];
}

/** A list of one exam has under 1 kB; metadata of other tools may come on top. */
const LARGEST_BYTES = 1024 * 1024;

/** What nobody is told to leave out: without the list, pictures that face the other way would be turned. */
const CORRECT = 'Correct it where it was made: it says how the pictures face, so that the exam cannot do without it.';
const PLAIN =
  'Write it again as a list of one dictionary with plain texts, as pickle.dump([{"horizontal_flip": …, "L-CC": […], …}], file) does.';
const COPY = 'Copy it again from its source.';

/**
 * Reads `gen_exam_list.pkl`, the exam list in the form NYU's program reads (PIPELINE.md 1.1): a Python pickle of a list
 * with one dictionary, in any protocol. A pickle is a program; this reader knows only the instructions that build plain
 * data, and a fixed list of names that other tools leave in such lists, none of which is looked up or called. It refuses
 * every other before it has any effect. Only `horizontal_flip` and the views' names are read; whatever else a list holds
 * is not looked at.
 *
 * The one exam may also be a bare dictionary, or the row of a pandas table.
 *
 * @throws ExamError `invalid-exam-list` for anything but one exam whose views' names do not contradict it.
 */
export function readExamList(bytes: Uint8Array, exam?: string): ExamList {
  return { horizontalFlip: examineExamList(bytes, exam).horizontalFlip };
}

/**
 * The same, with what a person may want to know of the list before it is committed.
 * @param name the file's name, for messages.
 * @throws ExamError as `readExamList` does.
 */
export function examineExamList(bytes: Uint8Array, exam?: string, name: string = EXAM_LIST_FILE): ExaminedList {
  const subject = exam === undefined ? name : `${name} of exam ${exam}`;
  const refuse = (problem: string, next: string, cause?: unknown): ExamError =>
    new ExamError('invalid-exam-list', `${subject} ${problem}.`, next, undefined, { cause });
  let value: unknown;
  try {
    value = toPlain(unpickle(bytes));
  } catch (cause) {
    if (!(cause instanceof PickleError)) throw cause;
    throw refuse(cause.message, cause.next ?? (cause instanceof PickleRefusal ? PLAIN : COPY), cause);
  }
  const list = examListSchema.safeParse(value);
  if (!list.success) {
    const issue = list.error.issues[0];
    const place = issue === undefined || issue.path.length === 0 ? '' : ` at ${issue.path.join('.')}`;
    throw refuse(`is not the list of one exam${place}: ${issue?.message ?? 'unknown'}`, nextFor(issue));
  }
  const [entry] = list.data;
  const names = Object.fromEntries(
    VIEWS.map((view) => [view, (entry as Record<string, unknown>)[dashed(view)] as string[]]),
  ) as Record<View, string[]>;
  return { horizontalFlip: entry.horizontal_flip, names, remarks: remarksOn(subject, names) };
}

const dashed = (view: View): string => view.replace('_', '-');

/** A picture's name without folder and ending, as NYU's lists have it. */
const shortName = (path: string): string => (path.split(/[\\/]/).at(-1) ?? '').replace(/\.(png|dcm|tiff?)$/i, '');

const namesOf = (view: View) =>
  z
    .array(
      z
        .string(`expected a picture's name, e.g. "${view}"`)
        .transform(shortName)
        .refine((name) => [undefined, view].includes(viewMentioned(name)), {
          error: ({ input }) => `expected the view's one file name "${view}", found ${JSON.stringify(input)}`,
        }),
      `expected the list ["${view}"]`,
    )
    .min(1, `expected the list ["${view}"], found an empty one`);

const examSchema = z.object(
  {
    horizontal_flip: z.enum(horizontalFlipSchema.options, {
      error: ({ input }) =>
        `expected "NO" or "YES"${input === undefined ? ', and it is missing' : `, found ${JSON.stringify(input)}`}`,
    }),
    ...Object.fromEntries(VIEWS.map((view) => [dashed(view), namesOf(view)])),
  },
  'expected a dictionary',
);
const examListSchema = z.tuple([examSchema], 'expected a list of exactly one exam');

function nextFor(issue: z.core.$ZodIssue | undefined): string {
  if (issue?.path.includes('horizontal_flip')) {
    return 'Write "NO" where left breasts point right in the pictures as they are stored, "YES" where they point left.';
  }
  return issue?.path.length === 0 ? 'Write a list with this exam alone.' : CORRECT;
}

function remarksOn(subject: string, names: Readonly<Record<View, readonly string[]>>): string[] {
  const several = VIEWS.filter((view) => names[view].length > 1);
  const untold = VIEWS.filter((view) => names[view].every((name) => viewMentioned(name) === undefined));
  return [
    ...several.map(
      (view) => `${subject} names ${names[view].length} pictures of ${view} (${names[view].join(', ')}); one is taken.`,
    ),
    ...untold.map((view) => `${subject} calls ${view} ${names[view].join(', ')}, which does not say the view.`),
  ];
}

/** What a pickle of protocol 0 or 1 of a list, a table or an attack can begin with. */
const OLD_STARTS: ReadonlySet<number> = new Set(['(', ']', '}', 'c'].map(pickleCode));

function unpickle(bytes: Uint8Array): ObjectValue {
  if (bytes.length === 0) throw new PickleError('is empty (zero bytes)');
  if (bytes.length > LARGEST_BYTES) throw new PickleError(`is too large: ${bytes.length} bytes`);
  if (bytes[0] !== PICKLE_PROTOCOL && !OLD_STARTS.has(bytes[0] as number)) {
    const kind = fileKind(Buffer.from(bytes));
    if (kind === undefined) throw new PickleError('is not a pickle');
    throw new PickleError(`is ${kind.what}, not a pickle`, { next: kind.next ?? PLAIN });
  }
  return runObjectPickle(bytes, { names: PLAIN_NAMES, holds: 'an exam list' }).value;
}

/**
 * The part of the list that is read, as plain values: the dictionaries' known keys, and lists of their values. The
 * rest is not walked, however deep it is or often it repeats itself.
 */
function toPlain(value: ObjectValue): unknown {
  const exams = rowsOf(value, KNOWN_KEYS) ?? (value instanceof Map ? [value] : itemsOf(value));
  if (exams === undefined && isKind(value, 'object')) throw new PickleRefusal(`is ${aKind(value)}, which is not read`);
  return exams?.length === 1 ? [examIn(exams[0])] : (exams?.map(() => null) ?? null);
}

const KNOWN_KEYS: readonly string[] = ['horizontal_flip', ...VIEWS.map(dashed)];

function examIn(value: ObjectValue | ReadonlyMap<ObjectValue, ObjectValue> | undefined): unknown {
  const dictionary = value instanceof Map ? value : dictionaryOf(value as ObjectValue);
  if (dictionary === undefined) return null;
  const fields: Record<string, unknown> = {};
  for (const [key, item] of dictionary) {
    const name = textOf(key);
    if (name === 'horizontal_flip') fields[name] = flipIn(item);
    else if (name !== undefined && KNOWN_KEYS.includes(name)) fields[name] = namesIn(item);
  }
  return fields;
}

/** Texts, also those of numpy and of Python 2. */
function textOf(value: ObjectValue): string | undefined {
  const plain = unboxed(value);
  if (plain instanceof Uint8Array) return Buffer.from(plain).toString('latin1');
  return typeof plain === 'string' ? plain : undefined;
}

/** Other ways to say it. Anything else is shown in the message as it is. */
const FLIPS: ReadonlyMap<string, HorizontalFlip> = new Map([
  ...['YES', 'Y', 'TRUE', '1'].map((text) => [text, 'YES'] as const),
  ...['NO', 'N', 'FALSE', '0'].map((text) => [text, 'NO'] as const),
]);

function flipIn(value: ObjectValue): unknown {
  const plain = textOf(value) ?? unboxed(value);
  if (isKind(plain, 'object')) throw new PickleRefusal(`has horizontal_flip as ${aKind(plain)}, which is not read`);
  if (plain === undefined || typeof plain === 'object') return null;
  return FLIPS.get(String(plain).trim().toUpperCase()) ?? String(plain);
}

/** `a Categorical`, whatever module it is of. An array's own class is its rebuilder's argument. */
function aKind({ name, args: [type] }: PickleObject): string {
  const own = isKind(type, 'name') ? type.name : name;
  return `a ${own.slice(own.lastIndexOf('.') + 1)}`;
}

/** One name, or several. */
function namesIn(value: ObjectValue): unknown {
  const one = textOf(value);
  return one === undefined ? itemsOf(value)?.map((item) => textOf(item) ?? null) : [one];
}
