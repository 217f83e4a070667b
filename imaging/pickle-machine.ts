/*
 * A pickle is a program for a small machine with a stack and a memo (Python library reference, `pickletools`). This is
 * the part of the machine that builds plain data, in every protocol from 0 to 5; who needs more hands in the
 * instructions to add. Any instruction that is on neither list ends the run before it has any effect.
 */

/**
 * What plain data is made of; `Other` stands for what added instructions make. Tuples and sets are lists here, and bytes
 * are a `Uint8Array`. Python 2 wrote texts as bytes: they are texts here, a character for each byte.
 */
export type PickleValue<Other = never> =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue<Other>[]
  | Map<PickleValue<Other>, PickleValue<Other>>
  | Other;

/** A reason, worded to follow the file's name. */
export class PickleError extends Error {
  /** The step that helps, where it is none of those that help against any damage. */
  readonly next?: string;

  constructor(message: string, { next, ...options }: ErrorOptions & { readonly next?: string } = {}) {
    super(message, options);
    if (next !== undefined) this.next = next;
  }
}
/** The pickle asks for something that it has no need of, which may be an attack. */
export class PickleRefusal extends PickleError {}

/** What an added instruction may do. Each throws `PickleError` where the pickle does not allow it. */
export interface PickleMachine<Other> {
  push(value: PickleValue<Other>): void;
  pop(): PickleValue<Other>;
  /** The value on top of the stack, which stays there. */
  top(): PickleValue<Other>;
  /** The argument's next bytes up to a line end, as text. */
  line(): string;
}
export type PickleInstruction<Other> = (machine: PickleMachine<Other>) => void;

export interface PickleOptions<Other> {
  /** Instructions by code, beside those for plain data. */
  readonly added?: ReadonlyMap<number, PickleInstruction<Other>>;
  /** What the pickle holds by rights, for the message about an instruction that this does not need. */
  readonly holds: string;
  /** Takes items that are set or appended on what an added instruction made. @returns whether it can have some. */
  readonly addTo?: (target: Other, items: readonly PickleValue<Other>[]) => boolean;
}

const LARGEST_MEMO = 65536;
/** Python refuses to read longer ones, too (`sys.int_info.default_max_str_digits`). */
const LONGEST_DECIMAL = 4300;
const MARK: unique symbol = Symbol('MARK');

/** The code of an instruction that is written as a character. */
export const pickleCode = (character: string): number => character.charCodeAt(0);
const code = pickleCode;

export const PICKLE_PROTOCOL = 0x80;
const STOP = code('.');

/**
 * Runs one pickle.
 * @returns its value and the offset of the first byte behind it.
 * @throws PickleError for an instruction that is not known here, and for a pickle that is cut short or damaged.
 */
export function runPickle<Other = never>(
  data: Uint8Array,
  options: PickleOptions<Other>,
): { readonly value: PickleValue<Other>; readonly end: number } {
  type Value = PickleValue<Other>;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const stack: (Value | typeof MARK)[] = [];
  const memo = new Map<number, Value>();
  let offset = 0;

  const take = (length: number): number => {
    const start = offset;
    if (length > data.length - start) throw new PickleError('is cut short');
    offset += length;
    return start;
  };
  const u8 = (): number => view.getUint8(take(1));
  const u16 = (): number => view.getUint16(take(2), true);
  const u32 = (): number => view.getUint32(take(4), true);
  const u64 = (): number => Number(view.getBigUint64(take(8), true));
  const bytes = (length: number): Uint8Array => data.subarray(take(length), offset);
  const text = (length: number): string => utf8(bytes(length));
  const rawLine = (): Uint8Array => {
    const end = data.indexOf(code('\n'), offset);
    if (end === -1) throw new PickleError('is cut short');
    const written = bytes(end - offset);
    take(1);
    return written;
  };
  const line = (): string => utf8(rawLine());
  const push = (value: Value): void => void stack.push(value);
  const top = (): Value => {
    const value = stack.at(-1);
    if (value === undefined || value === MARK) throw new PickleError('is damaged: a value is missing');
    return value;
  };
  const pop = (): Value => {
    const value = top();
    stack.pop();
    return value;
  };
  const popToMark = (): Value[] => {
    const mark = stack.lastIndexOf(MARK);
    if (mark === -1) throw new PickleError('is damaged: a mark is missing');
    const values = stack.splice(mark) as Value[];
    return values.slice(1);
  };
  const isAdded = (target: Value, values: Value[]): boolean =>
    typeof target === 'object' && target !== null && (options.addTo?.(target as Other, values) ?? false);
  const append = (values: Value[]): void => {
    const list = top();
    if (Array.isArray(list)) for (const value of values) list.push(value);
    else if (!isAdded(list, values)) throw new PickleError('is damaged: it appends to something that is no list');
  };
  const dictionaryOf = (values: Value[], dictionary = new Map<Value, Value>()): Map<Value, Value> => {
    if (values.length % 2 !== 0) throw new PickleError('is damaged: a key has no value');
    for (let index = 0; index < values.length; index += 2) {
      dictionary.set(values[index] as Value, values[index + 1] as Value);
    }
    return dictionary;
  };
  const setItems = (values: Value[]): void => {
    const dictionary = top();
    if (dictionary instanceof Map) dictionaryOf(values, dictionary);
    else if (!isAdded(dictionary, values))
      throw new PickleError('is damaged: it sets items of something that is no dictionary');
  };
  const remember = (index: number): void => {
    if (memo.size >= LARGEST_MEMO) throw new PickleError('is too large: it remembers too many values');
    memo.set(index, top());
  };
  const recall = (index: number): void => {
    const value = memo.get(index);
    if (value === undefined) throw new PickleError('is damaged: it recalls a value it never kept');
    push(value);
  };
  const popMany = (count: number): Value[] => Array.from({ length: count }, pop).reverse();

  const instructions: ReadonlyMap<number, () => void> = new Map([
    [code(']'), () => push([])],
    [code('l'), () => push(popToMark())],
    [code('}'), () => push(new Map())],
    [code('d'), () => push(dictionaryOf(popToMark()))],
    [code(')'), () => push([])],
    [0x8f, () => push([])],
    [0x91, () => push(popToMark())],
    [code('('), () => void stack.push(MARK)],
    [code('0'), () => void (stack.at(-1) === MARK ? stack.pop() : pop())],
    [code('1'), () => void popToMark()],
    [code('2'), () => push(top())],
    [code('X'), () => push(text(u32()))],
    [0x8c, () => push(text(u8()))],
    [0x8d, () => push(text(u64()))],
    [code('V'), () => push(rawUnicode(latin(rawLine())))],
    // Texts, as Python 2 wrote them.
    [code('U'), () => push(latin(bytes(u8())))],
    [code('T'), () => push(latin(bytes(u32())))],
    [code('S'), () => push(unquoted(latin(rawLine())))],
    [code('C'), () => push(bytes(u8()))],
    [code('B'), () => push(bytes(u32()))],
    [0x8e, () => push(bytes(u64()))],
    [0x96, () => push(bytes(u64()))],
    [code('K'), () => push(u8())],
    [code('M'), () => push(u16())],
    [code('J'), () => push(view.getInt32(take(4), true))],
    [code('I'), () => push(decimalOrBoolean(latin(rawLine())))],
    [code('L'), () => push(decimal(latin(rawLine()).replace(/L$/, '')))],
    [0x8a, () => push(integer(bytes(u8())))],
    [0x8b, () => push(integer(bytes(u32())))],
    [code('G'), () => push(view.getFloat64(take(8), false))],
    [code('F'), () => push(float(latin(rawLine())))],
    [code('N'), () => push(null)],
    [0x88, () => push(true)],
    [0x89, () => push(false)],
    [code('t'), () => push(popToMark())],
    [0x85, () => push(popMany(1))],
    [0x86, () => push(popMany(2))],
    [0x87, () => push(popMany(3))],
    [code('a'), () => append(popMany(1))],
    [code('e'), () => append(popToMark())],
    [0x90, () => append(popToMark())],
    [code('s'), () => setItems(popMany(2))],
    [code('u'), () => setItems(popToMark())],
    [code('p'), () => remember(memoIndex(line()))],
    [code('q'), () => remember(u8())],
    [code('r'), () => remember(u32())],
    [0x94, () => remember(memo.size)],
    [code('g'), () => recall(memoIndex(line()))],
    [code('h'), () => recall(u8())],
    [code('j'), () => recall(u32())],
    // A frame only says how much to read ahead.
    [0x95, () => void take(8)],
  ]);
  const machine: PickleMachine<Other> = { push, pop, top, line };

  for (;;) {
    const opcode = u8();
    if (opcode === STOP) break;
    if (opcode === PICKLE_PROTOCOL) {
      const protocol = u8();
      if (protocol > 5) throw new PickleError(`has the unknown pickle protocol ${protocol}`);
      continue;
    }
    const instruction = instructions.get(opcode) ?? options.added?.get(opcode);
    if (instruction === undefined) throw unneeded(opcode, options.holds);
    instruction(machine);
  }
  const value = pop();
  if (stack.length > 0) throw new PickleError('is damaged: values are left over');
  return { value, end: offset };
}

/** The refusal of an instruction that has no place in what the pickle holds by rights. */
export function unneeded(opcode: number, holds: string): PickleRefusal {
  const name = NAMES.get(opcode) ?? `0x${opcode.toString(16).padStart(2, '0')}`;
  return new PickleRefusal(`holds the pickle instruction ${name}, which ${holds} does not need; nothing was run`);
}

/** Names of instructions that can make a pickle call code or that only exotic objects need, for the message. */
const NAMES: ReadonlyMap<number, string> = new Map([
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
  [0x97, 'NEXT_BUFFER'],
  [0x98, 'READONLY_BUFFER'],
]);

const latin = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

function utf8(encoded: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(encoded);
  } catch (cause) {
    // Python keeps halves of surrogate pairs in texts (`surrogatepass`), as of file names that are not UTF-8.
    const written = latin(encoded);
    if (/\xed[\xa0-\xbf][\x80-\xbf]/.test(written)) {
      return utf8(Buffer.from(written.replace(/\xed[\xa0-\xbf][\x80-\xbf]/g, '\xef\xbf\xbd'), 'latin1'));
    }
    throw new PickleError('holds text that is not UTF-8', { cause });
  }
}

const memoIndex = (written: string): number => {
  if (!/^\d{1,9}$/.test(written)) throw new PickleError('is damaged: the number of a remembered value is none');
  return Number(written);
};

/** Protocols 0 and 1 write the truth values as numbers with a zero in front. */
const decimalOrBoolean = (written: string): boolean | number | bigint =>
  written === '01' ? true : written === '00' ? false : decimal(written);

function decimal(written: string): number | bigint {
  if (!/^-?\d+$/.test(written)) throw new PickleError('is damaged: a whole number is none');
  if (written.length > LONGEST_DECIMAL) throw new PickleError('is too large: a whole number has too many digits');
  return smallest(BigInt(written));
}

/** A whole number of any length, two's complement, lowest byte first. */
function integer(written: Uint8Array): number | bigint {
  if (written.length === 0) return 0;
  const unsigned = BigInt(`0x${Buffer.from(written).reverse().toString('hex')}`);
  return smallest(BigInt.asIntN(8 * written.length, unsigned));
}

const smallest = (value: bigint): number | bigint => (Number.isSafeInteger(Number(value)) ? Number(value) : value);

function float(written: string): number {
  const special = {
    nan: Number.NaN,
    '-nan': Number.NaN,
    inf: Number.POSITIVE_INFINITY,
    '-inf': Number.NEGATIVE_INFINITY,
  };
  if (written in special) return special[written as keyof typeof special];
  if (!/^-?\d+(\.\d*)?(e[+-]?\d+)?$/.test(written)) throw new PickleError('is damaged: a number is none');
  return Number(written);
}

/** A text of protocol 0: each character a byte, others escaped as `\uXXXX` or `\UXXXXXXXX`. */
const rawUnicode = (written: string): string =>
  written.replace(/\\(?:u([0-9a-f]{4})|U([0-9a-f]{8}))/gi, (_, short: string | undefined, long: string | undefined) => {
    const point = Number.parseInt(short ?? (long as string), 16);
    if (point > 0x10ffff) throw new PickleError('is damaged: a character is none');
    return String.fromCodePoint(point);
  });

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

/** A text of protocol 0 as Python 2 wrote it, in quotes and with its escapes. */
function unquoted(written: string): string {
  const match = /^(['"])(.*)\1$/s.exec(written);
  if (match === null) throw new PickleError('is damaged: a text has no quotes');
  return (match[2] as string).replace(/\\(?:x([0-9a-f]{2})|(.))/gis, (_, hex: string | undefined, one: string) =>
    hex === undefined ? (ESCAPES[one] ?? one) : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
