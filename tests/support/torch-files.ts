import { zipSync } from 'fflate';

/*
 * Writes files as torch.save does, for tests: pickles of protocol 2 in the legacy and in the zip container. Numbers are
 * given as bytes, so that any type can be written.
 */

/** A block of numbers. Tensors with the same block share it in the file. */
export interface Storage {
  /** `torch.FloatStorage` unless given. */
  readonly type?: string;
  readonly elements: number;
  readonly bytes: Uint8Array;
}
export interface Tensor {
  readonly storage: Storage;
  readonly shape: readonly number[];
  readonly offset?: number;
  /** Row-major unless given. */
  readonly strides?: readonly number[];
  /** The function that rebuilds it. */
  readonly rebuild?: string;
  /** Arguments behind the strides, pickled. */
  readonly more?: Buffer;
}
export type Tensors = Readonly<Record<string, Tensor>>;

export const floats = (values: Float32Array): Storage => ({
  elements: values.length,
  bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
});
/** A tensor that looks into the beginning of a block. */
export const tensorOf = (storage: Storage, shape: readonly number[]): Tensor => ({ storage, shape });
export const floatTensor = (shape: readonly number[], values: ArrayLike<number>): Tensor =>
  tensorOf(floats(Float32Array.from(values)), shape);
export const COUNTER: Tensor = tensorOf(
  { type: 'torch.LongStorage', elements: 1, bytes: new Uint8Array(BigInt64Array.of(7n).buffer) },
  [],
);

const latin = (text: string): Buffer => Buffer.from(text, 'latin1');
const PROTOCOL_2 = latin('\x80\x02');
const STOP = latin('.');
/** A whole pickle of protocol 2 around its instructions. */
export const pickle = (...instructions: readonly Buffer[]): Buffer =>
  Buffer.concat([PROTOCOL_2, ...instructions, STOP]);

export const pickledText = (text: string): Buffer => {
  const encoded = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(encoded.length);
  return Buffer.concat([latin('X'), length, encoded]);
};
const pickledNumber = (value: number): Buffer => {
  const bytes = Buffer.alloc(5);
  bytes.write('J', 'latin1');
  bytes.writeInt32LE(value, 1);
  return bytes;
};
export const pickledGlobal = (name: string): Buffer => {
  const dot = name.lastIndexOf('.');
  return latin(`c${name.slice(0, dot)}\n${name.slice(dot + 1)}\n`);
};
export const pickledTuple = (...values: readonly Buffer[]): Buffer =>
  Buffer.concat([latin('('), ...values, latin('t')]);
const pickledDictionary = (items: readonly (readonly [string, Buffer])[]): Buffer =>
  Buffer.concat([latin('}('), ...items.flatMap(([key, value]) => [pickledText(key), value]), latin('u')]);
/** `OrderedDict()`, filled, with the attribute `_metadata` that torch gives it. */
const pickledStateDictionary = (items: readonly (readonly [string, Buffer])[]): Buffer =>
  Buffer.concat([
    pickledGlobal('collections.OrderedDict'),
    latin(')R('),
    ...items.flatMap(([key, value]) => [pickledText(key), value]),
    latin('u'),
    pickledDictionary([['_metadata', pickledDictionary([])]]),
    latin('b'),
  ]);
const FALSE = latin('\x89');
const TRUE = latin('\x88');
const NONE = latin('N');
/** What follows the strides of an ordinary tensor: it needs no gradient and has no hooks. */
const NO_GRADIENT = Buffer.concat([FALSE, pickledGlobal('collections.OrderedDict'), latin(')R')]);

const rowMajor = (shape: readonly number[]): number[] =>
  shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));

function pickledTensor(tensor: Tensor, key: string, legacy: boolean): Buffer {
  const { storage, shape, offset = 0, strides = rowMajor(shape) } = tensor;
  const id = [
    pickledText('storage'),
    pickledGlobal(storage.type ?? 'torch.FloatStorage'),
    pickledText(key),
    pickledText('cpu'),
    pickledNumber(storage.elements),
    ...(legacy ? [NONE] : []),
  ];
  return Buffer.concat([
    pickledGlobal(tensor.rebuild ?? 'torch._utils._rebuild_tensor_v2'),
    pickledTuple(
      Buffer.concat([pickledTuple(...id), latin('Q')]),
      pickledNumber(offset),
      pickledTuple(...shape.map(pickledNumber)),
      pickledTuple(...strides.map(pickledNumber)),
      tensor.more ?? NO_GRADIENT,
    ),
    latin('R'),
  ]);
}

/** A dictionary of tensors to lie beside another, with the same blocks in the same order. */
export const pickledTensors = (tensors: Tensors): Buffer => pickledObject(tensors, false, {}).object;

export interface TorchFileOptions {
  /** The key that the state dictionary lies under; bare unless given. */
  readonly under?: string;
  /** Pickled values beside the state dictionary, which then lies under a key. */
  readonly beside?: Readonly<Record<string, Buffer>>;
  readonly bigEndian?: boolean;
}

function pickledObject(
  tensors: Tensors,
  legacy: boolean,
  { under, beside = {} }: TorchFileOptions,
): { object: Buffer; keys: Map<Storage, string> } {
  const keys = new Map<Storage, string>();
  const items = Object.entries(tensors).map(([name, tensor]): [string, Buffer] => {
    const key = keys.get(tensor.storage) ?? String(keys.size);
    keys.set(tensor.storage, key);
    return [name, pickledTensor(tensor, key, legacy)];
  });
  const dictionary = pickledStateDictionary(items);
  const wrapped =
    under === undefined ? dictionary : pickledDictionary([...Object.entries(beside), [under, dictionary]]);
  return { object: wrapped, keys };
}

/** The container of torch before 1.6. `object` replaces the pickled state dictionary. */
export function legacyTorchFile(
  tensors: Tensors,
  options: TorchFileOptions & { readonly object?: Buffer } = {},
): Buffer {
  const { object, keys } = pickledObject(tensors, true, options);
  const magic = Buffer.from('8a0a6cfc9c46f9206aa85019', 'hex');
  const machine = pickledDictionary([
    ['protocol_version', pickledNumber(1001)],
    ['little_endian', options.bigEndian === true ? FALSE : TRUE],
  ]);
  const list = Buffer.concat([latin(']('), ...[...keys.values()].map(pickledText), latin('e')]);
  const parts = [
    pickle(magic),
    pickle(pickledNumber(1001)),
    pickle(machine),
    pickle(options.object ?? object),
    pickle(list),
  ];
  for (const { elements, bytes } of keys.keys()) {
    const count = Buffer.alloc(8);
    count.writeBigInt64LE(BigInt(elements));
    parts.push(count, Buffer.from(bytes));
  }
  return Buffer.concat(parts);
}

/** The container of torch from 1.6 on. */
export function zipTorchFile(tensors: Tensors, options: TorchFileOptions & { readonly object?: Buffer } = {}): Buffer {
  const { object, keys } = pickledObject(tensors, false, options);
  const entries: Record<string, Uint8Array> = {
    'archive/data.pkl': pickle(options.object ?? object),
    'archive/byteorder': latin(options.bigEndian === true ? 'big' : 'little'),
    'archive/version': latin('3\n'),
  };
  for (const [{ bytes }, key] of keys) entries[`archive/data/${key}`] = bytes;
  return Buffer.from(zipSync(entries, { level: 0 }));
}
