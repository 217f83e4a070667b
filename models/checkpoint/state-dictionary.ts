import { endianness } from 'node:os';
import { fileKind } from '../../imaging/file-kind.js';
import { PickleError, PickleRefusal } from '../../imaging/pickle-machine.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { isSafetensors, readSafetensors } from './safetensors.js';
import { withoutPrefix } from './tensor-names.js';
import { readTorchFile, type TorchFile } from './torch-file.js';
import { DTYPE_BYTES, type TorchTensor } from './torch-pickle.js';
import { unwrapped } from './wrappers.js';

/** The weights of a network by name, as `torch.save(model.state_dict())` wrote them. */
export interface StateDictionary {
  /** The file's name, for messages. */
  readonly file: string;
  readonly tensors: ReadonlyMap<string, TorchTensor>;
  readonly storages: TorchFile['storages'];
  readonly origin: CheckpointOrigin;
}

/** How the weights lay in their file, where that was not the plain way. */
export interface CheckpointOrigin {
  /** The key that they lay under, and what lay beside them. */
  readonly wrapper?: string;
  readonly beside?: readonly string[];
  /** What every tensor's name began with, e.g. `module.` of DataParallel. */
  readonly prefix?: string;
}

/**
 * Reads a state dictionary from the bytes of a torch file, in the legacy or the zip container, or of a safetensors file.
 * Weights may lie under a key beside whatever a trainer saves, and their names may have a prefix that a wrapper of networks
 * gives them. Every tensor's numbers are there; what they are is not looked at.
 *
 * @throws MammoflowError `invalid-checkpoint` with one sentence that names the instruction or the tensor.
 */
export function readStateDictionary(bytes: Uint8Array, file: string): StateDictionary {
  try {
    const { weights, storages, ...origin } = isSafetensors(bytes) ? readSafetensors(bytes) : readTorchWeights(bytes);
    for (const [name, tensor] of weights) requireData(file, name, tensor, storages);
    const { tensors, prefix } = withoutPrefix(weights);
    return { file, tensors, storages, origin: { ...origin, ...(prefix === '' ? {} : { prefix }) } };
  } catch (cause) {
    if (!(cause instanceof PickleError)) throw cause;
    const next = cause.next ?? (cause instanceof PickleRefusal ? NEXT_AFTER_REFUSAL : NEXT);
    throw refusal(file, cause.message, next, cause);
  }
}

function readTorchWeights(bytes: Uint8Array): CheckpointOrigin & {
  weights: ReadonlyMap<string, TorchTensor>;
  storages: TorchFile['storages'];
} {
  const kind = fileKind(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  // A zip archive is what torch.save writes.
  if (kind !== undefined && kind.what !== 'a ZIP archive')
    throw new PickleError(`is ${kind.what}, no checkpoint`, kind.next === undefined ? {} : { next: kind.next });
  const { value, storages } = readTorchFile(bytes);
  return { ...unwrapped(value), storages };
}

/** @throws MammoflowError when a tensor's numbers are not all in its storage. */
function requireData(file: string, name: string, tensor: TorchTensor, storages: TorchFile['storages']): void {
  const { storage, shape, strides } = tensor;
  const bytes = storages.get(storage.key);
  if (bytes === undefined || bytes.length < storage.elements * DTYPE_BYTES[storage.dtype]) {
    throw refusal(file, `is cut short: the numbers of ${name} are missing`, 'Copy the file again from its source.');
  }
  const last = shape.includes(0) ? -1 : shape.reduce((sum, size, axis) => sum + (size - 1) * (strides[axis] ?? 0), 0);
  if (storage.first + tensor.offset + last >= storage.elements) {
    throw refusal(file, `is damaged: ${name} reaches beyond its numbers`, 'Copy the file again from its source.');
  }
}

/**
 * The numbers of a tensor, row-major.
 * @throws MammoflowError `invalid-checkpoint` when they are not float32.
 */
export function floatsOf({ file, tensors, storages }: StateDictionary, name: string): Float32Array {
  const tensor = tensors.get(name) as TorchTensor;
  const { storage, shape, strides } = tensor;
  if (tensor.quantised || storage.dtype !== 'float32') {
    throw refusal(
      file,
      `has ${name} as ${tensor.quantised ? 'quantised numbers' : storage.dtype}, but float32 is needed`,
      'Export the checkpoint again in float32, as it was trained.',
    );
  }
  if (endianness() !== 'LE') throw new Error('Checkpoints are little-endian; this machine is not.');
  const bytes = storages.get(storage.key) as Uint8Array;
  const first = storage.first + tensor.offset;
  const count = shape.reduce((product, size) => product * size, 1);
  if (isRowMajor(tensor)) {
    // Copied: the bytes may be a view that begins anywhere, and floats need a multiple of four.
    const values = new Float32Array(count);
    new Uint8Array(values.buffer).set(bytes.subarray(first * 4, (first + count) * 4));
    return values;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: count }, (_, index) => {
    let element = first;
    let rest = index;
    for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
      const size = shape[axis] as number;
      element += (rest % size) * (strides[axis] as number);
      rest = Math.floor(rest / size);
    }
    return view.getFloat32(element * 4, true);
  });
}

function isRowMajor({ shape, strides }: TorchTensor): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
    const size = shape[axis] as number;
    if (size !== 1 && strides[axis] !== expected) return false;
    expected *= size;
  }
  return true;
}

const NEXT = 'Copy the file again from its source, or save it again with torch.save(model.state_dict(), file).';

const NEXT_AFTER_REFUSAL =
  'Do not open it with Python unless you trust whoever made it; save plain weights with torch.save(model.state_dict(), file).';

export const refusal = (file: string, problem: string, next: string = NEXT, cause?: unknown): MammoflowError =>
  new MammoflowError('invalid-checkpoint', `${file} ${problem}.`, next, { cause });
