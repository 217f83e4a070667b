import type { FloatPlane } from './planes.js';

/** The sharpness parameter of OpenCV's INTER_CUBIC. */
const A = -0.75;

/**
 * Resizes a plane with cubic convolution (Keys 1981), sampled as OpenCV's INTER_CUBIC does without its vendor
 * library (PIPELINE.md 5.4): pixel centres are aligned, borders replicated, nothing is smoothed when shrinking and
 * nothing clamped. The horizontal pass comes first and is rounded to float32, so values agree to about 2e-7.
 *
 * @param out where to write `rows * columns` values; a new array unless given.
 */
export function resizeBicubic(
  source: FloatPlane,
  rows: number,
  columns: number,
  out: Float32Array = new Float32Array(rows * columns),
): Float32Array {
  const across = axisTaps(source.columns, columns);
  const down = axisTaps(source.rows, rows);
  // The four source rows under a target row, resized horizontally; source row r is kept in slot r mod 4.
  const slots = Array.from({ length: 4 }, () => new Float32Array(columns));
  const held = new Int32Array(4).fill(-1);
  const slotOf = (sourceRow: number): Float32Array => {
    const slot = slots[sourceRow & 3] as Float32Array;
    if (held[sourceRow & 3] !== sourceRow) {
      const offset = sourceRow * source.columns;
      resizeRow(source.pixels.subarray(offset, offset + source.columns), across, slot);
      held[sourceRow & 3] = sourceRow;
    }
    return slot;
  };
  for (let row = 0; row < rows; row += 1) {
    const tap = 4 * row;
    blendRows(
      slotOf(down.indices[tap] as number),
      slotOf(down.indices[tap + 1] as number),
      slotOf(down.indices[tap + 2] as number),
      slotOf(down.indices[tap + 3] as number),
      down.weights.subarray(tap, tap + 4),
      out.subarray(row * columns, (row + 1) * columns),
    );
  }
  return out;
}

/** For each target place along an axis, four source places and their weights. */
interface AxisTaps {
  readonly indices: Int32Array;
  readonly weights: Float32Array;
}

function axisTaps(sourceSize: number, targetSize: number): AxisTaps {
  const indices = new Int32Array(4 * targetSize);
  const weights = new Float32Array(4 * targetSize);
  const scale = sourceSize / targetSize;
  const f = Math.fround;
  for (let target = 0; target < targetSize; target += 1) {
    const place = f((target + 0.5) * scale - 0.5);
    const base = Math.floor(place);
    const t = f(place - base);
    const u = f(1 - t);
    const s = f(t + 1);
    const w0 = f(f(f(f(f(f(A * s) - 5 * A) * s) + 8 * A) * s) - 4 * A);
    const w1 = f(f(f(f(f((A + 2) * t) - (A + 3)) * t) * t) + 1);
    const w2 = f(f(f(f(f((A + 2) * u) - (A + 3)) * u) * u) + 1);
    weights.set([w0, w1, w2, f(f(f(1 - w0) - w1) - w2)], 4 * target);
    for (let tap = 0; tap < 4; tap += 1) {
      indices[4 * target + tap] = Math.min(Math.max(base - 1 + tap, 0), sourceSize - 1);
    }
  }
  return { indices, weights };
}

function resizeRow(source: Float32Array, { indices, weights }: AxisTaps, target: Float32Array): void {
  for (let column = 0, tap = 0; column < target.length; column += 1, tap += 4) {
    target[column] =
      (source[indices[tap] as number] as number) * (weights[tap] as number) +
      (source[indices[tap + 1] as number] as number) * (weights[tap + 1] as number) +
      (source[indices[tap + 2] as number] as number) * (weights[tap + 2] as number) +
      (source[indices[tap + 3] as number] as number) * (weights[tap + 3] as number);
  }
}

function blendRows(
  row0: Float32Array,
  row1: Float32Array,
  row2: Float32Array,
  row3: Float32Array,
  weights: Float32Array,
  target: Float32Array,
): void {
  const [w0, w1, w2, w3] = weights as unknown as [number, number, number, number];
  for (let column = 0; column < target.length; column += 1) {
    target[column] =
      (row0[column] as number) * w0 +
      (row1[column] as number) * w1 +
      (row2[column] as number) * w2 +
      (row3[column] as number) * w3;
  }
}
