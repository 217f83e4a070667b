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
  // Edges of patches part the heatmap into some thousand cells, in each of which all pixels have the same patches.
  const rowBands = bandsOf(positions.rowPositions, rows);
  const columnBands = bandsOf(positions.columnPositions, columns);
  const across = columnBands.starts.length;
  const cells = new Float32Array(rowBands.starts.length * across);
  let patch = 0;
  for (const [top, left] of patchOrigins(positions)) {
    const probability = probabilities[patch] as number;
    patch += 1;
    const lastRowBand = rowBands.bandAt(top + PATCH_SIZE - 1);
    const lastColumnBand = columnBands.bandAt(left + PATCH_SIZE - 1);
    for (let rowBand = rowBands.bandAt(top); rowBand <= lastRowBand; rowBand += 1) {
      for (let columnBand = columnBands.bandAt(left); columnBand <= lastColumnBand; columnBand += 1) {
        // Stored as float32: adding two float32 numbers in float64 and rounding once is float32 addition.
        cells[rowBand * across + columnBand]! += probability;
      }
    }
  }

  const pixels = new Float32Array(rows * columns);
  rowBands.starts.forEach((top, rowBand) => {
    const rowCover = rowBands.covers[rowBand] as number;
    columnBands.starts.forEach((left, columnBand) => {
      const mean =
        (cells[rowBand * across + columnBand] as number) / (rowCover * (columnBands.covers[columnBand] as number));
      pixels.fill(mean, top * columns + left, top * columns + (columnBands.starts[columnBand + 1] ?? columns));
    });
    const first = top * columns;
    const bottom = rowBands.starts[rowBand + 1] ?? rows;
    for (let row = top + 1; row < bottom; row += 1) pixels.copyWithin(row * columns, first, first + columns);
  });
  return { rows, columns, pixels };
}

/** The stretches of one axis between two edges of patches. */
interface Bands {
  /** Where each begins; it ends where the next does. */
  readonly starts: readonly number[];
  /** How many patches cover each along this axis; the grid is separable, so the cover of a pixel is a product. */
  readonly covers: readonly number[];
  /** The band that a place lies in. */
  bandAt(place: number): number;
}

function bandsOf(positions: readonly number[], size: number): Bands {
  const edges = positions.flatMap((position) => [position, position + PATCH_SIZE]);
  const starts = [...new Set([0, ...edges])].filter((edge) => edge < size).sort((a, b) => a - b);
  const bands = new Uint32Array(size);
  starts.forEach((start, band) => {
    bands.fill(band, start, starts[band + 1] ?? size);
  });
  const covers = starts.map((start) => positions.filter((at) => at <= start && start < at + PATCH_SIZE).length);
  return { starts, covers, bandAt: (place) => bands[place] as number };
}
