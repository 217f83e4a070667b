import { crc32 } from 'node:zlib';
import { unzipSync } from 'fflate';
import { PICKLE_PROTOCOL, PickleError, pickleCode } from '../../imaging/pickle-machine.js';
import { isKind } from '../../imaging/pickle-objects.js';
import { DTYPE_BYTES, isTensor, runTorchPickle, type TorchValue } from './torch-pickle.js';
import { zipChecksums } from './zip-checksums.js';

/** A file that `torch.save` wrote, taken apart. */
export interface TorchFile {
  /** What was saved. */
  readonly value: TorchValue;
  /** The bytes of each storage by key, little-endian. One is missing, and those behind it, where the file is cut short. */
  readonly storages: ReadonlyMap<string, Uint8Array>;
}

/*
 * Two containers (torch/serialization.py, described in PIPELINE.md 6):
 *
 *   legacy   pickle: magic │ pickle: protocol │ pickle: machine │ pickle: object │ pickle: [key, …]
 *            then, for each key in this order:  int64 elements │ elements, as the machine kept them
 *   zip      <name>/data.pkl      pickle: object
 *            <name>/data/<key>    elements
 *            <name>/byteorder     "little" or "big"; absent in older files, which are little-endian
 */
const LEGACY_MAGIC = 0x1950a86a20f9469cfc6cn;
const LEGACY_PROTOCOL = 1001;
const ZIP_SIGNATURE = Buffer.from('PK\x03\x04', 'latin1');
/** Pickles describe hundreds of tensors in 150 kB. */
const LARGEST_PICKLE_BYTES = 4 * 1024 * 1024;
/** All entries of a zip file together, unpacked. A checkpoint of NYU's has 28 MB. */
const LARGEST_ZIP_BYTES = 512 * 1024 * 1024;

/**
 * Takes a torch file apart without Python and without running what its pickles say.
 * @throws PickleError worded to follow the file's name.
 */
export function readTorchFile(bytes: Uint8Array): TorchFile {
  if (bytes.length === 0) throw new PickleError('is empty (zero bytes)');
  if (ZIP_SIGNATURE.equals(bytes.subarray(0, ZIP_SIGNATURE.length))) return readZip(bytes);
  if (bytes[0] === PICKLE_PROTOCOL || TEXT_PICKLE_STARTS.has(bytes[0] as number)) return readLegacy(bytes);
  throw new PickleError('is no file that torch.save wrote');
}

/** Protocol 0 and 1 have no header; a pickle that names code begins with one of these. */
const TEXT_PICKLE_STARTS: ReadonlySet<number> = new Set(['c', '(', ']', '}'].map(pickleCode));

function readLegacy(bytes: Uint8Array): TorchFile {
  let offset = 0;
  const next = (): TorchValue => {
    const { value, end } = runTorchPickle(bytes.subarray(offset, offset + LARGEST_PICKLE_BYTES));
    offset += end;
    return value;
  };
  if (next() !== LEGACY_MAGIC) throw new PickleError('is a pickle, but no file that torch.save wrote');
  const protocol = next();
  if (protocol !== LEGACY_PROTOCOL) throw new PickleError(`has the unknown torch protocol ${String(protocol)}`);
  const machine = next();
  if (machine instanceof Map && machine.get('little_endian') === false) throw bigEndian();
  const value = next();
  const keys = next();
  if (!Array.isArray(keys)) throw new PickleError('is damaged: it lists no storages');
  const elementBytes = elementBytesByKey(value);
  const storages = new Map<string, Uint8Array>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const key of keys) {
    const size = typeof key === 'string' ? elementBytes.get(key) : undefined;
    // A storage that no tensor uses has a size that nothing tells.
    if (size === undefined) throw new PickleError(`is damaged: it holds a storage ${String(key)} that nothing uses`);
    if (offset + 8 > bytes.length) break;
    const length = Number(view.getBigInt64(offset, true)) * size;
    offset += 8;
    if (!Number.isSafeInteger(length) || length < 0 || length > bytes.length - offset) break;
    storages.set(key as string, bytes.subarray(offset, offset + length));
    offset += length;
  }
  return { value, storages };
}

function readZip(bytes: Uint8Array): TorchFile {
  let total = 0;
  let entries: Record<string, Uint8Array>;
  let checksums: Map<string, number>;
  try {
    checksums = zipChecksums(bytes);
    entries = unzipSync(bytes, {
      filter: ({ name, originalSize }) => {
        total += originalSize;
        if (total > LARGEST_ZIP_BYTES) throw new PickleError(`is too large: its entry ${name} makes it over 512 MB`);
        return true;
      },
    });
  } catch (cause) {
    if (cause instanceof PickleError) throw cause;
    throw new PickleError('is cut short or damaged: its zip directory cannot be read', { cause });
  }
  const names = Object.keys(entries);
  for (const name of names) {
    if (crc32(entries[name] as Uint8Array) === checksums.get(name)) continue;
    throw new PickleError(`is damaged: its entry ${name} has another checksum than when it was written`);
  }
  const object = names.find((name) => /(^|\/)data\.pkl$/.test(name));
  if (object === undefined) throw new PickleError('is a zip file without data.pkl, so torch.save did not write it');
  const root = object.slice(0, -'data.pkl'.length);
  if (names.some((name) => name.startsWith(`${root}code/`) || name === `${root}constants.pkl`)) {
    throw new PickleError('is a TorchScript program, but a state dictionary is wanted', {
      next: 'Save its weights, with torch.save(torch.jit.load(file).state_dict(), other).',
    });
  }
  const order = entries[`${root}byteorder`];
  if (order !== undefined && Buffer.from(order).toString('latin1').trim() === 'big') throw bigEndian();
  const pickle = entries[object] as Uint8Array;
  if (pickle.length > LARGEST_PICKLE_BYTES)
    throw new PickleError(`is too large: its data.pkl has ${pickle.length} bytes`);
  const folder = `${root}data/`;
  return {
    value: runTorchPickle(pickle).value,
    storages: new Map(
      names.filter((name) => name.startsWith(folder)).map((name) => [name.slice(folder.length), entries[name]!]),
    ),
  };
}

const bigEndian = (): PickleError => new PickleError('was written on a big-endian machine, whose numbers are not read');

/** The bytes of an element of each storage that a value refers to. */
function elementBytesByKey(value: TorchValue): Map<string, number> {
  const found = new Map<string, number>();
  const seen = new Set<TorchValue>();
  const waiting: TorchValue[] = [value];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (typeof next !== 'object' || next === null || seen.has(next)) continue;
    seen.add(next);
    if (Array.isArray(next)) for (const item of next) waiting.push(item);
    else if (next instanceof Map) for (const [key, item] of next) waiting.push(key, item);
    else if (isTensor(next)) found.set(next.storage.key, DTYPE_BYTES[next.storage.dtype]);
    else if (isKind(next, 'object')) waiting.push(next.args as TorchValue[], next.state ?? null);
  }
  return found;
}
