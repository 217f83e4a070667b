import { PATCH_SIZE } from '../pipeline/bundle.js';
import { type MersenneTwister, sample } from './mersenne-twister.js';

/** Where patches begin in a view in training orientation: every row position meets every column position. */
export interface PatchPositions {
  readonly rowPositions: readonly number[];
  readonly columnPositions: readonly number[];
}

/** The nominal distance between patches (PIPELINE.md 4). */
export const PATCH_STRIDE = 70;

/**
 * Lays a grid of 256 × 256 patches over a view (PIPELINE.md 4.2): neighbours are about `stride` apart, the first patch
 * begins at 0 and the last ends flush with the view. Strides that cannot all be equal are drawn from `random`.
 *
 * The stream (`MersenneTwister.python(seed)`) is shared by the four views of an exam, taken in the order of `VIEWS`,
 * rows before columns.
 *
 * @param rows of the cropped view, at least 256; likewise `columns`.
 * @param stride 1 to 256: with more, patches would leave gaps.
 * @throws RangeError for a view smaller than a patch, or such a stride.
 */
export function patchPositions(
  rows: number,
  columns: number,
  random: MersenneTwister,
  stride: number = PATCH_STRIDE,
): PatchPositions {
  if (!Number.isInteger(stride) || stride < 1 || stride > PATCH_SIZE) {
    throw new RangeError(`a patch stride is an integer from 1 to ${PATCH_SIZE}, got ${stride}`);
  }
  const rowPositions = axisPositions(rows, stride, random);
  return { rowPositions, columnPositions: axisPositions(columns, stride, random) };
}

/** The `[row, column]` of each patch's first pixel in the order in which patches are batched and averaged. */
export function* patchOrigins(positions: PatchPositions): Generator<readonly [row: number, column: number]> {
  for (const column of positions.columnPositions) {
    for (const row of positions.rowPositions) yield [row, column];
  }
}

export const patchCount = (positions: PatchPositions): number =>
  positions.rowPositions.length * positions.columnPositions.length;

function axisPositions(size: number, stride: number, random: MersenneTwister): number[] {
  const span = size - PATCH_SIZE;
  if (!Number.isInteger(span) || span < 0) {
    throw new RangeError(`a side of ${size} pixels is smaller than a patch of ${PATCH_SIZE}`);
  }
  const rest = span % stride;
  const whole = (span - rest) / stride;
  if (rest === 0) return Array.from({ length: whole + 1 }, (_, index) => index * stride);

  // One step more than fits, so all steps shrink evenly; those that must shrink by one more are drawn.
  const steps = whole + 1;
  const overlap = stride - rest;
  const average = stride - Math.floor(overlap / steps);
  const shorter = new Set(sample(random, steps, overlap % steps));
  const positions = [0];
  for (let step = 0; step < steps; step += 1) {
    positions.push((positions[step] as number) + average - (shorter.has(step) ? 1 : 0));
  }
  return positions;
}
