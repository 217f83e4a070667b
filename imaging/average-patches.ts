import { PATCH_SIZE } from '../pipeline/bundle.js';
import { type PatchPositions, patchCount, patchOrigins } from './patch-positions.js';
import type { FloatPlane } from './planes.js';

/**
 * Makes a heatmap of one class: each pixel is the mean probability of the patches that cover it (PIPELINE.md 4.5).
 * Sums run in float32 in patch order, as in the original program, so that equal probabilities give equal bits.
 *
 * @param shape rows and columns of the cropped view in training orientation.
 * @param probabilities one class's probability per patch, in the order of `patchOrigins`.
 * @returns the heatmap in training orientation.
 * @throws RangeError when the number of probabilities is not the number of patches.
 */
export function averagePatches(
  shape: { readonly rows: number; readonly columns: number },
  positions: PatchPositions,
  probabilities: Float32Array,
): FloatPlane {
  const { rows, columns } = shape;
  if (probabilities.length !== patchCount(positions)) {
    throw new RangeError(`${patchCount(positions)} patches need as many probabilities, got ${probabilities.length}`);
  }
  const pixels = new Float32Array(rows * columns);
  let patch = 0;
  for (const [top, left] of patchOrigins(positions)) {
    const probability = probabilities[patch] as number;
    patch += 1;
    for (let row = top; row < top + PATCH_SIZE; row += 1) {
      const end = row * columns + left + PATCH_SIZE;
      for (let index = row * columns + left; index < end; index += 1) {
        // Stored as float32: adding two float32 numbers in float64 and rounding once is float32 addition.
        pixels[index] = (pixels[index] as number) + probability;
      }
    }
  }
  const rowCover = coverCounts(positions.rowPositions, rows);
  const columnCover = coverCounts(positions.columnPositions, columns);
  for (let row = 0, index = 0; row < rows; row += 1) {
    const cover = rowCover[row] as number;
    for (let column = 0; column < columns; column += 1, index += 1) {
      pixels[index] = (pixels[index] as number) / (cover * (columnCover[column] as number));
    }
  }
  return { rows, columns, pixels };
}

/** How many patches cover each place along one axis; the grid is separable, so the cover of a pixel is a product. */
function coverCounts(positions: readonly number[], size: number): Uint32Array {
  const counts = new Uint32Array(size);
  for (const position of positions) {
    for (let place = position; place < position + PATCH_SIZE; place += 1) {
      counts[place] = (counts[place] as number) + 1;
    }
  }
  return counts;
}
