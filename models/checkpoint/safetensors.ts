import { z } from 'zod';
import { PickleError } from '../../imaging/pickle-machine.js';
import { DTYPE_BYTES, type TorchDtype, type TorchTensor } from './torch-pickle.js';

/*
 * A safetensors file (format description of the safetensors library):
 *
 *   uint64, little-endian   length of the header
 *   header                  JSON: {"__metadata__": {…texts}, "<tensor>": {"dtype", "shape", "data_offsets": [begin, end]}}
 *   the rest                numbers, little-endian, row-major; offsets count from its beginning, without holes or overlaps
 */
const LENGTH_BYTES = 8;
/** The library's own limit. */
const LARGEST_HEADER = 100_000_000;
const METADATA = '__metadata__';

const DTYPES: Readonly<Record<string, TorchDtype>> = {
  F64: 'float64',
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  I64: 'int64',
  I32: 'int32',
  I16: 'int16',
  I8: 'int8',
  U8: 'uint8',
  BOOL: 'bool',
};

const size = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const headerSchema = z.record(
  z.string(),
  z.union([
    z.strictObject({ dtype: z.string(), shape: z.array(size).max(64), data_offsets: z.tuple([size, size]) }),
    z.record(z.string(), z.string()),
  ]),
);

/** Whether a file begins as safetensors files do: a length, and a JSON object. */
export const isSafetensors = (bytes: Uint8Array): boolean =>
  bytes.length > LENGTH_BYTES && bytes[LENGTH_BYTES] === '{'.charCodeAt(0) && headerLength(bytes) <= LARGEST_HEADER;

const headerLength = (bytes: Uint8Array): number =>
  Number(new DataView(bytes.buffer, bytes.byteOffset, LENGTH_BYTES).getBigUint64(0, true));

/**
 * Reads a safetensors file. Tensors that `save_model` left out because they are others under a second name are there again,
 * since it notes them in the metadata.
 * @throws PickleError worded to follow the file's name.
 */
export function readSafetensors(bytes: Uint8Array): {
  weights: ReadonlyMap<string, TorchTensor>;
  storages: ReadonlyMap<string, Uint8Array>;
} {
  const start = LENGTH_BYTES + headerLength(bytes);
  if (start > bytes.length) throw new PickleError('is cut short: its header ends behind its end');
  const header = headerOf(bytes.subarray(LENGTH_BYTES, start));
  const numbers = bytes.subarray(start);
  const weights = new Map<string, TorchTensor>();
  const storages = new Map<string, Uint8Array>();
  const places: { begin: number; end: number }[] = [];
  const aliases: [string, string][] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (!('data_offsets' in entry && Array.isArray(entry.data_offsets))) {
      if (name !== METADATA) throw new PickleError(`is damaged: it does not say where ${name} lies`);
      aliases.push(...(Object.entries(entry) as [string, string][]));
      continue;
    }
    const { dtype: code, shape, data_offsets } = entry as Extract<typeof entry, { shape: unknown }>;
    const dtype = DTYPES[code];
    if (dtype === undefined) {
      throw new PickleError(`has ${name} as ${code}, but float32 is needed`, {
        next: 'Export the weights again in float32, as they were trained.',
      });
    }
    const [begin, end] = data_offsets;
    const elements = shape.reduce((product, length) => product * length, 1);
    if (elements * DTYPE_BYTES[dtype] !== end - begin) {
      throw new PickleError(`is damaged: ${name} has another size than its shape`);
    }
    if (end > numbers.length) throw new PickleError(`is cut short: the numbers of ${name} are missing`);
    const storage = { kind: 'storage', key: name, dtype, elements, first: 0 } as const;
    weights.set(name, { kind: 'tensor', storage, offset: 0, shape, strides: rowMajor(shape), quantised: false });
    storages.set(name, numbers.subarray(begin, end));
    places.push({ begin, end });
  }
  requireWithoutHoles(places, numbers.length);
  for (const [alias, name] of aliases) {
    const tensor = weights.get(name);
    if (tensor !== undefined && !weights.has(alias)) weights.set(alias, tensor);
  }
  return { weights, storages };
}

function headerOf(bytes: Uint8Array): z.infer<typeof headerSchema> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new PickleError('is damaged: its header is no JSON text', { cause });
  }
  const header = headerSchema.safeParse(parsed);
  if (header.success) return header.data;
  const place = header.error.issues[0]?.path[0];
  throw new PickleError(
    `is damaged: its header does not say what ${place === undefined ? 'it holds' : String(place)} is`,
  );
}

/** Numbers that no tensor has, or that two have, are a sign that offsets are not those that were written. */
function requireWithoutHoles(places: { begin: number; end: number }[], length: number): void {
  let next = 0;
  for (const { begin, end } of places.sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== next) throw new PickleError('is damaged: its tensors overlap, or there are holes between them');
    next = end;
  }
  if (next !== length) throw new PickleError('is damaged: numbers behind its last tensor belong to none');
}

const rowMajor = (shape: readonly number[]): number[] =>
  shape.map((_, axis) => shape.slice(axis + 1).reduce((product, length) => product * length, 1));
