import { inflateRawSync } from 'node:zlib';
import { Unzip, type UnzipDecoder, UnzipPassThrough, type Zippable, zipSync } from 'fflate';
import { MammoflowError } from '../pipeline/errors.js';
import type { FloatPlane } from './planes.js';

/**
 * The fastest level: a real view's 22 MB become 0.33 MB. The usual level makes 0.18 MB of them in much more of the time that
 * inference needs.
 */
const COMPRESSION = 1;
/** The earliest time a ZIP archive can hold, in the local time that fflate writes, so that every machine writes it alike. */
const FIXED_TIME = new Date(1980, 0, 1);
/** More than two float32 planes of the largest image that is taken in (64 Mi pixels) need. */
const LARGEST_ARRAY_BYTES = 64 * 1024 * 1024 * 4 + 65536;
/** Bytes that deflate makes at most of one. */
const MOST_OF_A_BYTE = 1032;
/** What every ZIP archive with an entry begins with. */
const LOCAL_HEADER = Buffer.from('PK\x03\x04', 'latin1');
const MAGIC = Buffer.from('\x93NUMPY', 'latin1');

/**
 * Writes planes as an `.npz` archive that `numpy.load` opens: one float32 array in C order each, deflated. The same
 * planes give the same bytes on every machine (pure JavaScript compression, fixed time stamps, members in the order
 * given).
 */
export function writeNpz(planes: Readonly<Record<string, FloatPlane>>): Uint8Array {
  const members: Zippable = {};
  for (const [name, plane] of Object.entries(planes)) {
    members[`${name}.npy`] = [npyBytes(plane), { level: COMPRESSION, mtime: FIXED_TIME, os: 3 }];
  }
  return zipSync(members);
}

/**
 * Reads the named two-dimensional float32 arrays, in C or Fortran order, of an `.npz` archive.
 * @throws MammoflowError `corrupt-data` when the archive is damaged, lacks one of them, or holds another kind of array.
 */
export function readNpz<Name extends string>(
  bytes: Uint8Array,
  names: readonly Name[],
  what = 'The archive',
): Record<Name, FloatPlane> {
  let members: Map<string, Uint8Array>;
  try {
    members = unpack(bytes, new Set(names.map((name) => `${name}.npy`)));
  } catch (cause) {
    throw new MammoflowError('corrupt-data', `${what} cannot be unpacked (${(cause as Error).message}).`, undefined, {
      cause,
    });
  }
  const planes = names.map((name) => {
    const member = members.get(`${name}.npy`);
    if (member === undefined) throw new MammoflowError('corrupt-data', `${what} has no array "${name}".`);
    return [name, parseNpy(member, `${what}, array "${name}",`)] as const;
  });
  return Object.fromEntries(planes) as Record<Name, FloatPlane>;
}

/** Inflates a member at once with Node's zlib, which takes about a seventh of the time that JavaScript takes. */
class NativeInflate implements UnzipDecoder {
  static readonly compression = 8;
  ondata: UnzipDecoder['ondata'] = () => {};
  readonly #parts: Uint8Array[] = [];
  readonly #chunkSize: number;

  /** @param size of the member once it is unpacked, as its header says, where it does. */
  constructor(_name: string, _packedSize?: number, size = 0) {
    // One chunk takes a third of the time that putting together the usual ones of 16 kB does. One more byte, because zlib asks
    // for another chunk when one is full.
    this.#chunkSize = Math.min(LARGEST_ARRAY_BYTES, Math.max(16_384, size + 1));
  }

  push(part: Uint8Array, final: boolean): void {
    this.#parts.push(part);
    if (!final) return;
    const packed = this.#parts.length === 1 ? (this.#parts[0] as Uint8Array) : Buffer.concat(this.#parts);
    // A header may promise more than there can be.
    const chunkSize = Math.min(this.#chunkSize, Math.max(16_384, MOST_OF_A_BYTE * packed.length));
    this.ondata(null, inflateRawSync(packed, { maxOutputLength: LARGEST_ARRAY_BYTES, chunkSize }), true);
  }
}

/** The wanted members of an archive, unpacked. */
function unpack(bytes: Uint8Array, wanted: ReadonlySet<string>): Map<string, Uint8Array> {
  // The reader looks for entries and calls a file that has none an empty archive.
  if (LOCAL_HEADER.compare(bytes, 0, Math.min(4, bytes.length)) !== 0) throw new Error('it is no ZIP archive');
  const members = new Map<string, Uint8Array>();
  let begun = 0;
  const archive = new Unzip((file) => {
    if (!wanted.has(file.name)) return;
    begun += 1;
    const parts: Uint8Array[] = [];
    file.ondata = (error, data, final) => {
      if (error !== null) throw error;
      parts.push(data);
      if (final) members.set(file.name, parts.length === 1 ? data : Buffer.concat(parts));
    };
    file.start();
  });
  archive.register(UnzipPassThrough);
  archive.register(NativeInflate);
  archive.push(bytes, true);
  if (members.size < begun) throw new Error('it is cut short');
  return members;
}

/** NumPy's array format 1.0: magic, version, header length, a Python dictionary padded to 64 bytes, then the values. */
function npyBytes(plane: FloatPlane): Uint8Array {
  const dictionary = `{'descr': '<f4', 'fortran_order': False, 'shape': (${plane.rows}, ${plane.columns}), }`;
  const preamble = MAGIC.length + 4;
  const padding = 64 - ((preamble + dictionary.length + 1) % 64);
  const header = `${dictionary}${' '.repeat(padding % 64)}\n`;
  const bytes = new Uint8Array(preamble + header.length + 4 * plane.pixels.length);
  bytes.set(MAGIC);
  bytes.set([1, 0, header.length & 255, header.length >>> 8], MAGIC.length);
  bytes.set(Buffer.from(header, 'latin1'), preamble);
  // All platforms that Node runs on here are little-endian, as the format asks.
  const values = new Uint8Array(plane.pixels.buffer, plane.pixels.byteOffset, plane.pixels.byteLength);
  bytes.set(values, preamble + header.length);
  return bytes;
}

function parseNpy(bytes: Uint8Array, what: string): FloatPlane {
  const corrupt = (reason: string): MammoflowError => new MammoflowError('corrupt-data', `${what} ${reason}.`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || MAGIC.compare(bytes, 0, MAGIC.length) !== 0) throw corrupt('is not a NumPy array');
  const major = bytes[6] as number;
  const start = major === 1 ? 10 : 12;
  const end = start + (major === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (end > bytes.length) throw corrupt('is cut short');
  const header = Buffer.from(bytes.subarray(start, end)).toString('latin1');
  const shape = /'shape':\s*\((\d{1,9}),\s*(\d{1,9})\)/.exec(header);
  const order = /'fortran_order':\s*(True|False)/.exec(header);
  if (!/'descr':\s*'<f4'/.test(header) || order === null || shape === null) {
    throw corrupt('is not a two-dimensional float32 array');
  }
  const rows = Number(shape[1]);
  const columns = Number(shape[2]);
  if (bytes.length - end !== 4 * rows * columns) throw corrupt('does not have as many values as its shape says');
  const isAligned = (bytes.byteOffset + end) % Float32Array.BYTES_PER_ELEMENT === 0;
  // A Buffer's own slice would not copy.
  const values = isAligned
    ? new Float32Array(bytes.buffer, bytes.byteOffset + end, rows * columns)
    : new Float32Array(Uint8Array.prototype.slice.call(bytes, end).buffer);
  return { rows, columns, pixels: order[1] === 'True' ? toRowMajor(values, rows, columns) : values };
}

/** From columns one after the other (NumPy's Fortran order, which transposed arrays are saved in) to rows. */
function toRowMajor(values: Float32Array, rows: number, columns: number): Float32Array {
  const pixels = new Float32Array(values.length);
  for (let column = 0, index = 0; column < columns; column += 1) {
    for (let row = 0; row < rows; row += 1, index += 1) pixels[row * columns + column] = values[index] as number;
  }
  return pixels;
}
