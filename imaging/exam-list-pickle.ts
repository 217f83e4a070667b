import { z } from 'zod';
import { ExamError } from '../pipeline/errors.js';
import { EXAM_LIST_FILE, type HorizontalFlip, horizontalFlipSchema, VIEWS, type View } from '../pipeline/exam.js';

/** What the pipeline takes from an exam list. */
export interface ExamList {
  readonly horizontalFlip: HorizontalFlip;
}

/** A list of one exam has under 1 kB; metadata of other tools may come on top. */
const LARGEST_BYTES = 1024 * 1024;
const LARGEST_MEMO = 65536;

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

type PickleValue = null | boolean | number | string | PickleValue[] | Map<PickleValue, PickleValue>;

/** A reason, worded to follow the file's name. */
class PickleError extends Error {}

const MARK: unique symbol = Symbol('MARK');

/** Runs the few instructions of the pickle machine (Python library reference, `pickletools`) that build plain data. */
function unpickle(bytes: Uint8Array): PickleValue {
  if (bytes.length === 0) throw new PickleError('is empty (zero bytes)');
  if (bytes.length > LARGEST_BYTES) throw new PickleError(`is too large: ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stack: (PickleValue | typeof MARK)[] = [];
  const memo = new Map<number, PickleValue>();
  let offset = 0;

  const take = (length: number): number => {
    const start = offset;
    if (length > bytes.length - start) throw new PickleError('is cut short');
    offset += length;
    return start;
  };
  const text = (length: number): string => {
    const start = take(length);
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(start, offset));
    } catch (cause) {
      throw new PickleError('holds text that is not UTF-8', { cause });
    }
  };
  const pop = (): PickleValue => {
    const value = stack.pop();
    if (value === undefined || value === MARK) throw new PickleError('is damaged: a value is missing');
    return value;
  };
  const top = (): PickleValue => {
    const value = stack.at(-1);
    if (value === undefined || value === MARK) throw new PickleError('is damaged: a value is missing');
    return value;
  };
  const popToMark = (): PickleValue[] => {
    const mark = stack.lastIndexOf(MARK);
    if (mark === -1) throw new PickleError('is damaged: a mark is missing');
    const values = stack.splice(mark) as PickleValue[];
    return values.slice(1);
  };
  const append = (values: PickleValue[]): void => {
    const list = top();
    if (!Array.isArray(list)) throw new PickleError('is damaged: it appends to something that is no list');
    for (const value of values) list.push(value);
  };
  const setItems = (values: PickleValue[]): void => {
    const dictionary = top();
    if (!(dictionary instanceof Map))
      throw new PickleError('is damaged: it sets items of something that is no dictionary');
    if (values.length % 2 !== 0) throw new PickleError('is damaged: a key has no value');
    for (let index = 0; index < values.length; index += 2) {
      dictionary.set(values[index] as PickleValue, values[index + 1] as PickleValue);
    }
  };
  const remember = (index: number): void => {
    if (memo.size >= LARGEST_MEMO) throw new PickleError('is too large: it remembers too many values');
    memo.set(index, top());
  };
  const recall = (index: number): void => {
    const value = memo.get(index);
    if (value === undefined) throw new PickleError('is damaged: it recalls a value it never kept');
    stack.push(value);
  };
  const popMany = (count: number): PickleValue[] => Array.from({ length: count }, pop).reverse();

  const instructions: ReadonlyMap<number, () => void> = new Map([
    [code(']'), () => void stack.push([])],
    [code('}'), () => void stack.push(new Map())],
    [code(')'), () => void stack.push([])],
    [code('('), () => void stack.push(MARK)],
    [code('X'), () => void stack.push(text(view.getUint32(take(4), true)))],
    [0x8c, () => void stack.push(text(view.getUint8(take(1))))],
    [code('K'), () => void stack.push(view.getUint8(take(1)))],
    [code('M'), () => void stack.push(view.getUint16(take(2), true))],
    [code('J'), () => void stack.push(view.getInt32(take(4), true))],
    [code('G'), () => void stack.push(view.getFloat64(take(8), false))],
    [code('N'), () => void stack.push(null)],
    [0x88, () => void stack.push(true)],
    [0x89, () => void stack.push(false)],
    [code('t'), () => void stack.push(popToMark())],
    [0x85, () => void stack.push(popMany(1))],
    [0x86, () => void stack.push(popMany(2))],
    [0x87, () => void stack.push(popMany(3))],
    [code('a'), () => append(popMany(1))],
    [code('e'), () => append(popToMark())],
    [code('s'), () => setItems(popMany(2))],
    [code('u'), () => setItems(popToMark())],
    [code('q'), () => remember(view.getUint8(take(1)))],
    [code('r'), () => remember(view.getUint32(take(4), true))],
    [0x94, () => remember(memo.size)],
    [code('h'), () => recall(view.getUint8(take(1)))],
    [code('j'), () => recall(view.getUint32(take(4), true))],
    // A frame only says how much to read ahead.
    [0x95, () => void take(8)],
  ]);

  if (bytes[0] !== PROTO) throw new PickleError('is not a pickle of protocol 2 or later');
  for (;;) {
    const opcode = view.getUint8(take(1));
    if (opcode === STOP) break;
    if (opcode === PROTO) {
      const protocol = view.getUint8(take(1));
      if (protocol < 2 || protocol > 5) throw new PickleError(`has the unknown pickle protocol ${protocol}`);
      continue;
    }
    const instruction = instructions.get(opcode);
    if (instruction === undefined) {
      const name = REFUSED.get(opcode) ?? `0x${opcode.toString(16).padStart(2, '0')}`;
      throw new PickleError(`holds the pickle instruction ${name}, which plain data does not need; nothing was run`);
    }
    instruction();
  }
  const value = pop();
  if (stack.length > 0) throw new PickleError('is damaged: values are left over');
  return value;
}

function code(character: string): number {
  return character.charCodeAt(0);
}

const PROTO = 0x80;
const STOP = 0x2e;

/** Names of instructions that can make a pickle call code or that only exotic objects need, for the message. */
const REFUSED: ReadonlyMap<number, string> = new Map([
  [code('c'), 'GLOBAL'],
  [code('R'), 'REDUCE'],
  [code('i'), 'INST'],
  [code('o'), 'OBJ'],
  [code('b'), 'BUILD'],
  [code('P'), 'PERSID'],
  [code('Q'), 'BINPERSID'],
  [0x81, 'NEWOBJ'],
  [0x82, 'EXT1'],
  [0x83, 'EXT2'],
  [0x84, 'EXT4'],
  [0x92, 'NEWOBJ_EX'],
  [0x93, 'STACK_GLOBAL'],
  [code('C'), 'SHORT_BINBYTES'],
  [code('B'), 'BINBYTES'],
  [0x8a, 'LONG1'],
  [0x8b, 'LONG4'],
]);

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
