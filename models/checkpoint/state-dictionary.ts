import { endianness } from 'node:os';
import { PickleError, PickleRefusal } from '../../imaging/pickle-machine.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { readTorchFile, type TorchFile } from './torch-file.js';
import { DTYPE_BYTES, type TorchTensor } from './torch-pickle.js';

/** The weights of a network by name, as `torch.save(model.state_dict())` wrote them. */
export interface StateDictionary {
  /** The file's name, for messages. */
  readonly file: string;
  readonly tensors: ReadonlyMap<string, TorchTensor>;
  readonly storages: TorchFile['storages'];
}

/**
 * Reads a state dictionary from the bytes of a torch file, in the legacy or the zip container, bare or under the key
 * `model`. Every tensor's numbers are there; what they are is not looked at.
 *
 * @throws MammoflowError `invalid-checkpoint` with one sentence that names the instruction or the tensor.
 */
export function readStateDictionary(bytes: Uint8Array, file: string): StateDictionary {
  let read: TorchFile;
  try {
    read = readTorchFile(bytes);
  } catch (cause) {
    if (!(cause instanceof PickleError)) throw cause;
    const next = cause instanceof PickleRefusal ? NEXT_AFTER_REFUSAL : NEXT;
    throw new MammoflowError('invalid-checkpoint', `${file} ${cause.message}.`, next, { cause });
  }
  const { value, storages } = read;
  const inner = value instanceof Map ? value.get('model') : undefined;
  const entries = inner instanceof Map ? inner : value;
  if (!(entries instanceof Map)) throw refusal(file, 'holds no state dictionary');
  const tensors = new Map<string, TorchTensor>();
  for (const [name, tensor] of entries) {
    if (typeof name !== 'string') throw refusal(file, 'holds a tensor whose name is no text');
    if (typeof tensor !== 'object' || tensor === null || !('kind' in tensor) || tensor.kind !== 'tensor') {
      throw refusal(file, `holds ${name}, which is no tensor`);
    }
    requireData(file, name, tensor, storages);
    tensors.set(name, tensor);
  }
  return { file, tensors, storages };
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

export const refusal = (file: string, problem: string, next: string = NEXT): MammoflowError =>
  new MammoflowError('invalid-checkpoint', `${file} ${problem}.`, next);
