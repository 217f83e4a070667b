import { bytesOf } from './pickle-names.js';
import { isKind, type ObjectValue, type PickleObject } from './pickle-objects.js';

/*
 * What numpy's objects hold, told from how they are pickled (numpy reference, `ndarray.__reduce__`):
 *
 *   scalar(dtype, bytes)                                   one value
 *   _reconstruct(ndarray, (0,), b'b')  + state (version, shape, dtype, Fortran order, bytes | list of objects)
 *   _frombuffer(bytes, dtype, shape, 'C' | 'F')            protocol 5
 *   dtype('U2', …)                     + state (3, byte order, …)
 */

/** The values of an array in C order. */
export interface NumpyArray {
  readonly shape: readonly number[];
  readonly values: readonly ObjectValue[];
}

const called = (value: ObjectValue | undefined, ...endings: readonly string[]): value is PickleObject =>
  isKind(value, 'object') && value.name.startsWith('numpy.') && endings.some((ending) => value.name.endsWith(ending));

/** The value of a numpy scalar, and any other value itself. Undefined for a scalar of a kind that is not read. */
export function unboxed(value: ObjectValue | undefined): ObjectValue | undefined {
  if (!called(value, '.multiarray.scalar')) return value;
  const [dtype, data] = value.args;
  const read = readerOf(dtype);
  if (read === 'objects') return data;
  const bytes = bytesOf(data);
  return read === undefined || bytes === undefined ? undefined : valuesIn(bytes, read, 1)?.[0];
}

/** Undefined for what is no array, or one of a kind that is not read. */
export function numpyArrayOf(value: ObjectValue | undefined): NumpyArray | undefined {
  if (called(value, '.multiarray._reconstruct') && Array.isArray(value.state)) {
    const [, shape, dtype, isFortran, data] = value.state;
    return arrayOf(shape, dtype, isFortran === true || isFortran === 1, data);
  }
  if (called(value, '.numeric._frombuffer')) {
    const [data, dtype, shape, order] = value.args;
    return arrayOf(shape, dtype, order === 'F', data);
  }
  return undefined;
}

function arrayOf(
  shape: ObjectValue | undefined,
  dtype: ObjectValue | undefined,
  isFortran: boolean,
  data: ObjectValue | undefined,
): NumpyArray | undefined {
  const read = readerOf(dtype);
  if (!isShape(shape) || read === undefined) return undefined;
  const count = shape.reduce((product, size) => product * size, 1);
  // Objects lie in C order whatever the array's own is.
  if (read === 'objects') return Array.isArray(data) && data.length === count ? { shape, values: data } : undefined;
  const bytes = bytesOf(data);
  const values = bytes && valuesIn(bytes, read, count);
  if (values === undefined) return undefined;
  if (!isFortran || shape.length < 2) return { shape, values };
  if (shape.length > 2) return undefined;
  const [rows, columns] = shape as [number, number];
  return { shape, values: values.map((_, index) => values[(index % columns) * rows + Math.floor(index / columns)]!) };
}

const isShape = (shape: ObjectValue | undefined): shape is number[] =>
  Array.isArray(shape) && shape.every((size) => typeof size === 'number' && Number.isSafeInteger(size) && size >= 0);

interface Reader {
  readonly size: number;
  readonly read: (bytes: DataView, offset: number) => ObjectValue;
}

function valuesIn(bytes: Uint8Array, { size, read }: Reader, count: number): ObjectValue[] | undefined {
  if (bytes.length !== size * count) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: count }, (_, index) => read(view, index * size));
}

/** Truth values and numbers by dtype. */
const NUMBERS: Readonly<Record<string, (view: DataView, at: number, little: boolean) => boolean | number>> = {
  b1: (view, at) => view.getUint8(at) !== 0,
  i1: (view, at) => view.getInt8(at),
  i2: (view, at, little) => view.getInt16(at, little),
  i4: (view, at, little) => view.getInt32(at, little),
  i8: (view, at, little) => Number(view.getBigInt64(at, little)),
  u1: (view, at) => view.getUint8(at),
  u2: (view, at, little) => view.getUint16(at, little),
  u4: (view, at, little) => view.getUint32(at, little),
  u8: (view, at, little) => Number(view.getBigUint64(at, little)),
  f4: (view, at, little) => view.getFloat32(at, little),
  f8: (view, at, little) => view.getFloat64(at, little),
};

/** How one value of a dtype is read: truth values, numbers and texts. */
function readerOf(dtype: ObjectValue | undefined): Reader | 'objects' | undefined {
  if (!isKind(dtype, 'object') || dtype.name !== 'numpy.dtype') return undefined;
  const [, kind = '', digits] = /^([A-Za-z])(\d{1,6})$/.exec(String(dtype.args[0])) ?? [];
  const size = Number(digits);
  const little = !Array.isArray(dtype.state) || dtype.state[1] !== '>';
  if (kind === 'O') return 'objects';
  const number = NUMBERS[kind + size];
  if (number !== undefined) return { size, read: (view, at) => number(view, at, little) };
  // Empty texts have no bytes, so that any number of them could be promised.
  if (!(size > 0)) return undefined;
  if (kind === 'S') return { size, read: (view, at) => trimmed(view, at, size, 1, little) };
  if (kind === 'U') return { size: 4 * size, read: (view, at) => trimmed(view, at, size, 4, little) };
  return undefined;
}

/** A text of fixed length, filled up with zeros, of one or four bytes a character. */
function trimmed(view: DataView, at: number, length: number, width: 1 | 4, little: boolean): string {
  let text = '';
  for (let index = 0; index < length; index += 1) {
    const point = width === 1 ? view.getUint8(at + index) : view.getUint32(at + 4 * index, little);
    text += point > 0x10ffff ? '\ufffd' : String.fromCodePoint(point);
  }
  return text.replace(/\0+$/, '');
}
