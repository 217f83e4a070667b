import { PickleError, pickleCode } from '../../imaging/pickle-machine.js';
import { PLAIN_NAMES } from '../../imaging/pickle-names.js';
import { isKind, type ObjectValue, type PickleCall, runObjectPickle } from '../../imaging/pickle-objects.js';

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
export type TorchObject = TorchStorage | TorchTensor;
export type TorchValue = ObjectValue<TorchObject>;

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

type Call = PickleCall<TorchObject>;

const rebuildTensor: Call = ([storage, offset, shape, strides]) => tensor(storage, offset, shape, strides, false);

/** Storages are named and never called. */
const noFunction =
  (name: string): Call =>
  () => {
    throw new PickleError(`is damaged: it calls ${name}, which is no function`);
  };

/** Names of torch, and of what trainers save beside weights. */
const INERT: readonly string[] = [
  // How a quantised tensor was quantised.
  'torch.per_tensor_affine',
  'torch.per_channel_affine',
  'torch.Size',
  'torch.device',
  ...['bfloat16', 'bool', 'float16', 'float32', 'float64', 'int16', 'int32', 'int64', 'int8', 'uint8'].map(
    (dtype) => `torch.${dtype}`,
  ),
  ...['pytorch_lightning', 'lightning.pytorch', 'lightning_fabric', 'lightning.fabric'].flatMap((library) => [
    `${library}.callbacks.model_checkpoint.ModelCheckpoint`,
    `${library}.callbacks.early_stopping.EarlyStopping`,
    `${library}.utilities.data.AttributeDict`,
    `${library}.utilities.parsing.AttributeDict`,
  ]),
];

/**
 * Every name that a checkpoint may mention, with what stands for a call of it. Nothing is looked up or called. Plain data is
 * among them, because trainers save numbers and settings beside weights.
 */
const NAMES: ReadonlyMap<string, Call | undefined> = new Map<string, Call | undefined>([
  ...(PLAIN_NAMES as ReadonlyMap<string, Call | undefined>),
  ...INERT.map((name) => [name, undefined] as const),
  ...[...STORAGES.keys()].map((name) => [name, noFunction(name)] as const),
  ['torch._utils._rebuild_tensor', rebuildTensor],
  ['torch._utils._rebuild_tensor_v2', rebuildTensor],
  [
    'torch._utils._rebuild_qtensor',
    ([storage, offset, shape, strides]) => tensor(storage, offset, shape, strides, true),
  ],
  ['torch._utils._rebuild_parameter', ([data]) => requireTensor(data)],
  ['torch._utils._rebuild_parameter_with_state', ([data]) => requireTensor(data)],
]);

/**
 * Runs one pickle of a torch file without Python: the instructions for plain data, and those that describe tensors.
 * @returns its value and the offset behind it.
 * @throws PickleError that names the instruction, or the `module.name`, that a state dictionary does not need.
 */
export function runTorchPickle(bytes: Uint8Array): { readonly value: TorchValue; readonly end: number } {
  return runObjectPickle<TorchObject>(bytes, {
    names: NAMES,
    holds: 'a state dictionary',
    added: new Map([[pickleCode('Q'), (machine) => machine.push(storage(machine.pop()))]]),
  });
}

export const isTensor = (value: TorchValue | undefined): value is TorchTensor =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'tensor';

function requireTensor(value: TorchValue | undefined): TorchTensor {
  if (isTensor(value)) return value;
  throw new PickleError('is damaged: a tensor is missing');
}

function requireStorage(value: TorchValue | undefined): TorchStorage {
  if (typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'storage') return value;
  throw new PickleError('is damaged: a storage is missing');
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

function tensor(
  storage: TorchValue | undefined,
  offset: TorchValue | undefined,
  shape: TorchValue | undefined,
  strides: TorchValue | undefined,
  quantised: boolean,
): TorchTensor {
  const described = {
    kind: 'tensor',
    storage: requireStorage(storage),
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
  const dtype = isKind(type, 'name') ? STORAGES.get(type.name) : undefined;
  if (dtype === undefined) throw new PickleError('is damaged: it does not say what kind of numbers it stores');
  const first = Array.isArray(view) ? size(view[1]) : 0;
  return { kind: 'storage', key, dtype, elements: size(elements), first };
}
