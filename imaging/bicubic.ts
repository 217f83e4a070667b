import type { FloatPlane, Grey16Image } from './planes.js';
import { rowEnds } from './row-ends.js';

/** The sharpness parameter of OpenCV's INTER_CUBIC. */
const A = -0.75;

/** What is known of a plane's rows, so that work on them can be left out. */
export interface RowFacts {
  /** For each row, 1 where it has the same values as the row above. */
  readonly repeats: Uint8Array;
  /** For each row, the column from which on all values are 0. */
  readonly ends: Int32Array;
}

/** A plane to be resized; its facts are found anew unless it brings them along, as one that is resized often should. */
export type ResizablePlane = (FloatPlane | Grey16Image) & { readonly rowFacts?: RowFacts };

/** A plane that lies in a larger one whose other pixels are all 0. */
export interface PlacedPlane {
  readonly plane: ResizablePlane;
  /** Rows and columns of the larger plane. */
  readonly rows: number;
  readonly columns: number;
  /** Where the plane's first pixel lies in the larger one. Parts of the plane that lie outside are cut off. */
  readonly top: number;
  readonly left: number;
}

/**
 * Resizes a plane with cubic convolution (Keys 1981), sampled as OpenCV's INTER_CUBIC does without its vendor
 * library (PIPELINE.md 5.4): pixel centres are aligned, borders replicated, nothing is smoothed when shrinking and
 * nothing clamped. The horizontal pass comes first and is rounded to float32, so values agree to about 2e-7.
 *
 * @param out where to write `rows * columns` values; a new array unless given.
 */
export function resizeBicubic(
  plane: FloatPlane | Grey16Image,
  rows: number,
  columns: number,
  out: Float32Array = new Float32Array(rows * columns),
): Float32Array {
  return resizePlacedBicubic({ plane, rows: plane.rows, columns: plane.columns, top: 0, left: 0 }, rows, columns, out);
}

/**
 * As `resizeBicubic` of the larger plane, which is never made: a classifier's window is mostly padding, much of a
 * cropped view is background, and only what other values can reach is computed. Rows that repeat the one above, as most
 * rows of a heatmap do, are resized once.
 *
 * @param outEnds where to write, for each row of `out`, a column from which on all values are 0.
 */
export function resizePlacedBicubic(
  source: PlacedPlane,
  rows: number,
  columns: number,
  out: Float32Array = new Float32Array(rows * columns),
  outEnds: Int32Array = new Int32Array(rows),
): Float32Array {
  const { plane, top, left } = source;
  const across = axisTaps(source.columns, columns);
  const down = axisTaps(source.rows, rows);
  const firstColumn = Math.max(0, left);
  const endColumn = Math.min(source.columns, left + plane.columns);
  const firstRow = Math.max(0, top);
  const endRow = Math.min(source.rows, top + plane.rows);
  out.fill(0);
  outEnds.fill(0);
  if (firstColumn >= endColumn || firstRow >= endRow) return out;
  const [first, end] = reachedTargets(across, firstColumn, endColumn);
  const endsAcross = targetEnds(across, source.columns);
  const { repeats, ends } = plane.rowFacts ?? rowFactsOf(plane);

  // One row of the larger plane with its borders replicated, so that the four taps of a target always are neighbours.
  const row = new Float32Array(TAPS_BEFORE + source.columns + TAPS_AFTER);
  /** Returns the column of the target from which on nothing is reached; what lies there is set to 0. */
  const resizeSourceRow = (sourceRow: number, target: Float32Array): number => {
    const start = (sourceRow - top) * plane.columns - left;
    const filledEnd = Math.min(Math.max(left + (ends[sourceRow - top] as number), firstColumn), endColumn);
    row.set(plane.pixels.subarray(start + firstColumn, start + filledEnd), TAPS_BEFORE + firstColumn);
    row.fill(0, TAPS_BEFORE + filledEnd);
    row.fill(row[TAPS_BEFORE] as number, 0, TAPS_BEFORE);
    row.fill(row[TAPS_BEFORE + source.columns - 1] as number, TAPS_BEFORE + source.columns);
    const reached = endsAcross[filledEnd] as number;
    resizeRow(row, across, target, first, reached);
    target.fill(0, Math.max(first, reached), end);
    return reached;
  };

  // The four source rows under a target row, resized horizontally; source row r is kept in slot r mod 4.
  const slots = Array.from({ length: 4 }, () => new Float32Array(columns));
  const held = new Int32Array(4).fill(-1);
  const reachedEnds = new Int32Array(4);
  const nothing = new Float32Array(columns);
  const clampedRow = (tap: number): number => Math.min(Math.max(tap, 0), source.rows - 1);
  const isAsAbove = (sourceRow: number): boolean => sourceRow > firstRow && repeats[sourceRow - top] === 1;
  const slotOf = (sourceRow: number): Float32Array => {
    if (sourceRow < firstRow || sourceRow >= endRow) return nothing;
    const index = sourceRow & 3;
    const slot = slots[index] as Float32Array;
    if (held[index] !== sourceRow) {
      const above = (sourceRow - 1) & 3;
      if (isAsAbove(sourceRow) && held[above] === sourceRow - 1) {
        slot.set(slots[above] as Float32Array);
        reachedEnds[index] = reachedEnds[above] as number;
      } else reachedEnds[index] = resizeSourceRow(sourceRow, slot);
      held[index] = sourceRow;
    }
    return slot;
  };
  const reachedEnd = (sourceRow: number): number =>
    sourceRow < firstRow || sourceRow >= endRow ? first : (reachedEnds[sourceRow & 3] as number);
  const [firstReached, endReached] = reachedTargets(down, firstRow, endRow);
  for (let target = firstReached; target < endReached; target += 1) {
    const base = down.bases[target] as number;
    const [row0, row1, row2, row3] = [
      clampedRow(base - 1),
      clampedRow(base),
      clampedRow(base + 1),
      clampedRow(base + 2),
    ];
    const [slot0, slot1, slot2, slot3] = [slotOf(row0), slotOf(row1), slotOf(row2), slotOf(row3)];
    const reached = Math.max(reachedEnd(row0), reachedEnd(row1), reachedEnd(row2), reachedEnd(row3));
    outEnds[target] = reached;
    const at = [down.weights, 4 * target, out, target * columns, first, reached] as const;
    if (row0 >= firstRow && row3 < endRow && isAsAbove(row1) && isAsAbove(row2) && isAsAbove(row3)) {
      blendAlikeRows(slot0, ...at);
    } else blendRows(slot0, slot1, slot2, slot3, ...at);
  }
  return out;
}

/** A target's taps lie at its base - 1, base, base + 1 and base + 2; the base is -1 at the least. */
const TAPS_BEFORE = 2;
const TAPS_AFTER = 2;

/** For each target place along an axis, the source place before it, and the weights of its four taps. */
interface AxisTaps {
  readonly bases: Int32Array;
  readonly weights: Float32Array;
}

function axisTaps(sourceSize: number, targetSize: number): AxisTaps {
  const bases = new Int32Array(targetSize);
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
    bases[target] = base;
    weights[4 * target] = w0;
    weights[4 * target + 1] = w1;
    weights[4 * target + 2] = w2;
    weights[4 * target + 3] = f(f(f(1 - w0) - w1) - w2);
  }
  return { bases, weights };
}

/** The half-open range of targets that have a tap in `first` to `end`; borders are replicated, hence the open ends. */
function reachedTargets({ bases }: AxisTaps, first: number, end: number): [first: number, end: number] {
  let from = 0;
  while (from < bases.length && (bases[from] as number) + 2 < first) from += 1;
  let to = bases.length;
  while (to > from && (bases[to - 1] as number) - 1 >= end) to -= 1;
  return [from, to];
}

/** For each end of what is not 0 along the source axis, the target from which on no tap reaches into it. */
function targetEnds({ bases }: AxisTaps, sourceSize: number): Int32Array {
  const ends = new Int32Array(sourceSize + 1);
  let target = 0;
  for (let end = 0; end <= sourceSize; end += 1) {
    // A tap beyond the source replicates its last value, which is 0 unless the source is filled to its end.
    while (target < bases.length && (end === sourceSize || (bases[target] as number) - 1 < end)) target += 1;
    ends[end] = target;
  }
  return ends;
}

function resizeRow(
  row: Float32Array,
  { bases, weights }: AxisTaps,
  target: Float32Array,
  first: number,
  end: number,
): void {
  for (let column = first, tap = 4 * first; column < end; column += 1, tap += 4) {
    const place = (bases[column] as number) + TAPS_BEFORE - 1;
    target[column] =
      (row[place] as number) * (weights[tap] as number) +
      (row[place + 1] as number) * (weights[tap + 1] as number) +
      (row[place + 2] as number) * (weights[tap + 2] as number) +
      (row[place + 3] as number) * (weights[tap + 3] as number);
  }
}

/** Finds a plane's `RowFacts`. */
export function rowFactsOf({ rows, columns, pixels }: FloatPlane | Grey16Image): RowFacts {
  const bytes = Buffer.from(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  const length = columns * pixels.BYTES_PER_ELEMENT;
  const repeats = new Uint8Array(rows);
  for (let row = 1; row < rows; row += 1) {
    const start = row * length;
    if (bytes.compare(bytes, start - length, start, start, start + length) === 0) repeats[row] = 1;
  }
  return { repeats, ends: rowEnds(pixels, columns) };
}

function blendRows(
  row0: Float32Array,
  row1: Float32Array,
  row2: Float32Array,
  row3: Float32Array,
  weights: Float32Array,
  tap: number,
  out: Float32Array,
  offset: number,
  first: number,
  end: number,
): void {
  const w0 = weights[tap] as number;
  const w1 = weights[tap + 1] as number;
  const w2 = weights[tap + 2] as number;
  const w3 = weights[tap + 3] as number;
  for (let column = first; column < end; column += 1) {
    out[offset + column] =
      (row0[column] as number) * w0 +
      (row1[column] as number) * w1 +
      (row2[column] as number) * w2 +
      (row3[column] as number) * w3;
  }
}

/** `blendRows` of four rows with the same values: the same products and sums, of values loaded once. */
function blendAlikeRows(
  row: Float32Array,
  weights: Float32Array,
  tap: number,
  out: Float32Array,
  offset: number,
  first: number,
  end: number,
): void {
  const w0 = weights[tap] as number;
  const w1 = weights[tap + 1] as number;
  const w2 = weights[tap + 2] as number;
  const w3 = weights[tap + 3] as number;
  for (let column = first; column < end; column += 1) {
    const value = row[column] as number;
    out[offset + column] = value * w0 + value * w1 + value * w2 + value * w3;
  }
}
