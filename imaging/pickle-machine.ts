/*
 * A pickle is a program for a small machine with a stack and a memo (Python library reference, `pickletools`). This is
 * the part of the machine that builds plain data; who needs more hands in the instructions to add. Any instruction that
 * is on neither list ends the run before it has any effect.
 */

/** What plain data is made of; `Other` stands for what added instructions make. Tuples are lists here. */
export type PickleValue<Other = never> =
  | null
  | boolean
  | number
  | string
  | PickleValue<Other>[]
  | Map<PickleValue<Other>, PickleValue<Other>>
  | Other;

/** A reason, worded to follow the file's name. */
export class PickleError extends Error {}
/** The pickle asks for something that it has no need of, which may be an attack. */
export class PickleRefusal extends PickleError {}

/** What an added instruction may do. Each throws `PickleError` where the pickle does not allow it. */
export interface PickleMachine<Other> {
  push(value: PickleValue<Other>): void;
  pop(): PickleValue<Other>;
  /** The value on top of the stack, which stays there. */
  top(): PickleValue<Other>;
  /** The argument's next bytes. */
  bytes(length: number): Uint8Array;
  /** The argument's next bytes up to a line end, as text. */
  line(): string;
}
export type PickleInstruction<Other> = (machine: PickleMachine<Other>) => void;

export interface PickleOptions<Other> {
  /** Instructions by code, beside those for plain data. */
  readonly added?: ReadonlyMap<number, PickleInstruction<Other>>;
  /** What the pickle holds by rights, for the message about an instruction that this does not need. */
  readonly holds: string;
}

const LARGEST_MEMO = 65536;
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
  const bytes = (length: number): Uint8Array => data.subarray(take(length), offset);
  const decode = (encoded: Uint8Array): string => {
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(encoded);
    } catch (cause) {
      throw new PickleError('holds text that is not UTF-8', { cause });
    }
  };
  const text = (length: number): string => decode(bytes(length));
  const line = (): string => {
    const end = data.indexOf(code('\n'), offset);
    if (end === -1) throw new PickleError('is cut short');
    const written = text(end - offset);
    take(1);
    return written;
  };
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
  const append = (values: Value[]): void => {
    const list = top();
    if (!Array.isArray(list)) throw new PickleError('is damaged: it appends to something that is no list');
    for (const value of values) list.push(value);
  };
  const setItems = (values: Value[]): void => {
    const dictionary = top();
    if (!(dictionary instanceof Map))
      throw new PickleError('is damaged: it sets items of something that is no dictionary');
    if (values.length % 2 !== 0) throw new PickleError('is damaged: a key has no value');
    for (let index = 0; index < values.length; index += 2) {
      dictionary.set(values[index] as Value, values[index + 1] as Value);
    }
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
    [code('}'), () => push(new Map())],
    [code(')'), () => push([])],
    [code('('), () => void stack.push(MARK)],
    [code('X'), () => push(text(view.getUint32(take(4), true)))],
    [0x8c, () => push(text(view.getUint8(take(1))))],
    [code('K'), () => push(view.getUint8(take(1)))],
    [code('M'), () => push(view.getUint16(take(2), true))],
    [code('J'), () => push(view.getInt32(take(4), true))],
    [code('G'), () => push(view.getFloat64(take(8), false))],
    [code('N'), () => push(null)],
    [0x88, () => push(true)],
    [0x89, () => push(false)],
    [code('t'), () => push(popToMark())],
    [0x85, () => push(popMany(1))],
    [0x86, () => push(popMany(2))],
    [0x87, () => push(popMany(3))],
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
  const machine: PickleMachine<Other> = { push, pop, top, bytes, line };

  for (;;) {
    const opcode = view.getUint8(take(1));
    if (opcode === STOP) break;
    if (opcode === PICKLE_PROTOCOL) {
      const protocol = view.getUint8(take(1));
      if (protocol < 2 || protocol > 5) throw new PickleError(`has the unknown pickle protocol ${protocol}`);
      continue;
    }
    const instruction = instructions.get(opcode) ?? options.added?.get(opcode);
    if (instruction === undefined) {
      const name = NAMES.get(opcode) ?? `0x${opcode.toString(16).padStart(2, '0')}`;
      throw new PickleRefusal(
        `holds the pickle instruction ${name}, which ${options.holds} does not need; nothing was run`,
      );
    }
    instruction(machine);
  }
  const value = pop();
  if (stack.length > 0) throw new PickleError('is damaged: values are left over');
  return { value, end: offset };
}

/** Names of instructions that can make a pickle call code or that only exotic objects need, for the message. */
const NAMES: ReadonlyMap<number, string> = new Map([
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
  [code('U'), 'SHORT_BINSTRING'],
  [code('T'), 'BINSTRING'],
  [code('S'), 'STRING'],
  [0x8a, 'LONG1'],
  [0x8b, 'LONG4'],
]);
