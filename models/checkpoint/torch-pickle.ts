import {
  PickleError,
  type PickleInstruction,
  type PickleMachine,
  PickleRefusal,
  type PickleValue,
  pickleCode,
  runPickle,
} from '../../imaging/pickle-machine.js';

/** A block of numbers that tensors look into, as a pickle refers to it. */
export interface TorchStorage {
  readonly kind: 'storage';
  /** Its key in the file. Several tensors may share one. */
  readonly key: string;
  readonly dtype: TorchDtype;
  /** The whole block, in elements. */
  readonly elements: number;
  /** Where in the block this storage begins, in elements: other than 0 in views that torch 0.4 wrote. */
  readonly first: number;
}
/** A tensor as a pickle describes it; its numbers are in the storage. All sizes are in elements. */
export interface TorchTensor {
  readonly kind: 'tensor';
  readonly storage: TorchStorage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly quantised: boolean;
}
/** A name that a pickle mentions: one of those on the list below. */
interface TorchGlobal {
  readonly kind: 'global';
  readonly name: string;
}
export type TorchObject = TorchStorage | TorchTensor | TorchGlobal;
export type TorchValue = PickleValue<TorchObject>;

export type TorchDtype = keyof typeof DTYPE_BYTES;

/** Bytes of one element. Only float32 is read; the others are known so that a message can name them. */
export const DTYPE_BYTES = {
  float32: 4,
  float64: 8,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  int32: 4,
  int16: 2,
  int8: 1,
  uint8: 1,
  bool: 1,
  quint8: 1,
  qint8: 1,
  qint32: 4,
} as const;

const STORAGES: ReadonlyMap<string, TorchDtype> = new Map([
  ['torch.FloatStorage', 'float32'],
  ['torch.DoubleStorage', 'float64'],
  ['torch.HalfStorage', 'float16'],
  ['torch.BFloat16Storage', 'bfloat16'],
  ['torch.LongStorage', 'int64'],
  ['torch.IntStorage', 'int32'],
  ['torch.ShortStorage', 'int16'],
  ['torch.CharStorage', 'int8'],
  ['torch.ByteStorage', 'uint8'],
  ['torch.BoolStorage', 'bool'],
  ['torch.QUInt8Storage', 'quint8'],
  ['torch.QInt8Storage', 'qint8'],
  ['torch.QInt32Storage', 'qint32'],
]);

/** What stands for a call. */
type Call = (args: readonly TorchValue[]) => TorchValue;

const rebuildTensor: Call = ([storage, offset, shape, strides]) => tensor(storage, offset, shape, strides, false);

/** Every callable that a state dictionary may name, with what stands for the call. Nothing is looked up or called. */
const CALLS: ReadonlyMap<string, Call> = new Map<string, Call>([
  ['collections.OrderedDict', ([items]) => orderedDictionary(items)],
  ['torch._utils._rebuild_tensor', rebuildTensor],
  ['torch._utils._rebuild_tensor_v2', rebuildTensor],
  [
    'torch._utils._rebuild_qtensor',
    ([storage, offset, shape, strides]) => tensor(storage, offset, shape, strides, true),
  ],
  ['torch._utils._rebuild_parameter', ([data]) => requireKind(data, 'tensor')],
]);

/** Further names, which stand for themselves: how a quantised tensor was quantised. */
const INERT: ReadonlySet<string> = new Set(['torch.per_tensor_affine', 'torch.per_channel_affine']);

const instructions: ReadonlyMap<number, PickleInstruction<TorchObject>> = new Map<
  number,
  PickleInstruction<TorchObject>
>([
  [pickleCode('c'), (machine) => pushGlobal(machine, machine.line(), machine.line())],
  [
    0x93,
    (machine) => {
      const name = machine.pop();
      const module = machine.pop();
      if (typeof name !== 'string' || typeof module !== 'string') {
        throw new PickleError('is damaged: it names something by what is no text');
      }
      pushGlobal(machine, module, name);
    },
  ],
  [
    pickleCode('R'),
    (machine) => {
      const args = machine.pop();
      const { name } = requireKind(machine.pop(), 'global');
      const call = CALLS.get(name);
      if (call === undefined) throw new PickleError(`is damaged: it calls ${name}, which is no function`);
      if (!Array.isArray(args)) throw new PickleError(`is damaged: it calls ${name} without arguments`);
      machine.push(call(args));
    },
  ],
  // A state dictionary carries the versions of its modules as an attribute, which nothing here needs.
  [
    pickleCode('b'),
    (machine) => {
      machine.pop();
      if (!(machine.top() instanceof Map)) {
        throw new PickleRefusal(
          'holds the pickle instruction BUILD on something that is no dictionary; nothing was run',
        );
      }
    },
  ],
  [pickleCode('Q'), (machine) => machine.push(storage(machine.pop()))],
]);

/**
 * Runs one pickle of a torch file without Python: the instructions for plain data, and those that describe tensors.
 * @returns its value and the offset behind it.
 * @throws PickleError that names the instruction, or the `module.name`, that a state dictionary does not need.
 */
export function runTorchPickle(bytes: Uint8Array): { readonly value: TorchValue; readonly end: number } {
  return runPickle(bytes, { added: instructions, holds: 'a state dictionary' });
}

function pushGlobal(machine: PickleMachine<TorchObject>, module: string, attribute: string): void {
  const name = `${module}.${attribute}`;
  if (!CALLS.has(name) && !STORAGES.has(name) && !INERT.has(name)) {
    throw new PickleRefusal(`names ${name}, which a state dictionary does not need; nothing was run`);
  }
  machine.push({ kind: 'global', name });
}

type Kinds = { storage: TorchStorage; tensor: TorchTensor; global: TorchGlobal };

function requireKind<Kind extends keyof Kinds>(value: TorchValue | undefined, kind: Kind): Kinds[Kind] {
  if (typeof value === 'object' && value !== null && 'kind' in value && value.kind === kind) {
    return value as Kinds[Kind];
  }
  throw new PickleError(`is damaged: a ${kind} is missing`);
}

/** A whole number from 0 on that a size can be. */
function size(value: TorchValue | undefined): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new PickleError('is damaged: a size is no whole number');
}

function sizes(value: TorchValue | undefined): number[] {
  if (!Array.isArray(value)) throw new PickleError('is damaged: a shape is missing');
  return value.map(size);
}

/** Python 3 makes it empty and fills it then; Python 2 hands in its items. */
function orderedDictionary(items: TorchValue | undefined): TorchValue {
  const dictionary = new Map<TorchValue, TorchValue>();
  if (items === undefined) return dictionary;
  if (!Array.isArray(items)) throw new PickleError('is damaged: it makes a dictionary of something that is no list');
  for (const item of items) {
    if (!Array.isArray(item) || item.length !== 2) throw new PickleError('is damaged: a key has no value');
    dictionary.set(item[0] as TorchValue, item[1] as TorchValue);
  }
  return dictionary;
}

function tensor(
  storage: TorchValue | undefined,
  offset: TorchValue | undefined,
  shape: TorchValue | undefined,
  strides: TorchValue | undefined,
  quantised: boolean,
): TorchTensor {
  const described = {
    kind: 'tensor',
    storage: requireKind(storage, 'storage'),
    offset: size(offset),
    shape: sizes(shape),
    strides: sizes(strides),
    quantised,
  } as const;
  if (described.shape.length !== described.strides.length) {
    throw new PickleError('is damaged: a tensor has other strides than sizes');
  }
  return described;
}

/** `('storage', type, key, location, elements[, view])`; where the block once lay does not matter. */
function storage(id: TorchValue): TorchStorage {
  const [word, type, key, , elements, view] = Array.isArray(id) ? id : [];
  if (word !== 'storage' || typeof key !== 'string') {
    throw new PickleError('refers to something that is no storage, which a state dictionary does not need');
  }
  const { name } = requireKind(type, 'global');
  const dtype = STORAGES.get(name);
  if (dtype === undefined) throw new PickleError(`is damaged: it stores numbers as ${name}`);
  const first = Array.isArray(view) ? size(view[1]) : 0;
  return { kind: 'storage', key, dtype, elements: size(elements), first };
}
