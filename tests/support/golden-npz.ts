import { readFile } from 'node:fs/promises';
import { unzipSync } from 'fflate';

/** A two-dimensional array of a golden file, brought to C order. */
export interface GoldenArray {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array | Float64Array;
}

/**
 * Reads the arrays of an `.npz` that NumPy wrote: float32 or float64, in C or Fortran order. The product's own reader
 * takes only what the product writes.
 */
export async function readGoldenNpz(path: string): Promise<Record<string, GoldenArray>> {
  const members = unzipSync(await readFile(path));
  return Object.fromEntries(
    Object.entries(members).map(([name, bytes]) => [name.replace(/\.npy$/, ''), parseArray(bytes, `${path}: ${name}`)]),
  );
}

function parseArray(bytes: Uint8Array, what: string): GoldenArray {
  const start = 10 + new DataView(bytes.buffer, bytes.byteOffset).getUint16(8, true);
  const header = Buffer.from(bytes.subarray(10, start)).toString('latin1');
  const shape = /'shape': \((\d+), (\d+)\)/.exec(header);
  const kind = /'descr': '<f([48])'/.exec(header)?.[1];
  if (shape === null || kind === undefined) throw new Error(`${what}: unexpected header ${header}`);
  const rows = Number(shape[1]);
  const columns = Number(shape[2]);
  const buffer = bytes.slice(start).buffer;
  const stored = kind === '4' ? new Float32Array(buffer) : new Float64Array(buffer);
  if (/'fortran_order': False/.test(header)) return { rows, columns, values: stored };
  const values = stored.slice();
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      values[row * columns + column] = stored[column * rows + row] as number;
    }
  }
  return { rows, columns, values };
}

/** The greatest absolute difference between two lists of numbers, which must be as long as each other and not empty. */
export function greatestDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length || expected.length === 0) {
    throw new Error(`cannot compare ${actual.length} numbers with ${expected.length}`);
  }
  let greatest = 0;
  for (let index = 0; index < expected.length; index += 1) {
    const difference = Math.abs((actual[index] as number) - (expected[index] as number));
    // Written so that NaN counts as a difference.
    if (!(difference <= greatest)) greatest = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  }
  return greatest;
}
