import type { Grey16Image } from '../planes.js';

/** Blocks along the longer side of a reduced picture: fine enough for outlines, coarse enough to cost nothing. */
const BLOCKS = 400;

/**
 * A view in square blocks of `blockSize` pixels, and how often each value occurs in it. Everything that the checks
 * know of a picture's shape is measured on the blocks; pixels beyond the last whole block count in the histogram only.
 */
export interface ReducedView {
  readonly blockSize: number;
  /** Of the reduced picture, in blocks. */
  readonly rows: number;
  readonly columns: number;
  /** Mean value of each block, row-major. */
  readonly means: Float32Array;
  /** Standard deviation of the values in each block. */
  readonly deviations: Float32Array;
  /** Share of each block's pixels that are not 0. */
  readonly nonZero: Float32Array;
  /** How many pixels of the whole view have each of the 65536 values. */
  readonly histogram: Uint32Array;
}

/** Reduces a view in one pass over its pixels. */
export function reduceView({ rows, columns, pixels }: Grey16Image): ReducedView {
  const blockSize = Math.max(1, Math.round(Math.max(rows, columns) / BLOCKS));
  const blockRows = Math.max(1, Math.floor(rows / blockSize));
  const blockColumns = Math.max(1, Math.floor(columns / blockSize));
  const histogram = new Uint32Array(65_536);
  const means = new Float32Array(blockRows * blockColumns);
  const deviations = new Float32Array(means.length);
  const nonZero = new Float32Array(means.length);
  const sums = new Float64Array(blockColumns);
  const squares = new Float64Array(blockColumns);
  const counts = new Int32Array(blockColumns);
  const area = blockSize * blockSize;
  for (let blockRow = 0; blockRow < blockRows; blockRow += 1) {
    sums.fill(0);
    squares.fill(0);
    counts.fill(0);
    for (let row = blockRow * blockSize; row < (blockRow + 1) * blockSize; row += 1) {
      let index = row * columns;
      for (let block = 0; block < blockColumns; block += 1) {
        let sum = 0;
        let square = 0;
        let count = 0;
        for (const end = index + blockSize; index < end; index += 1) {
          const value = pixels[index] as number;
          if (value === 0) continue;
          histogram[value]! += 1;
          sum += value;
          square += value * value;
          count += 1;
        }
        sums[block]! += sum;
        squares[block]! += square;
        counts[block]! += count;
      }
      for (const end = (row + 1) * columns; index < end; index += 1) histogram[pixels[index] as number]! += 1;
    }
    for (let block = 0; block < blockColumns; block += 1) {
      const target = blockRow * blockColumns + block;
      const mean = (sums[block] as number) / area;
      means[target] = mean;
      deviations[target] = Math.sqrt(Math.max(0, (squares[block] as number) / area - mean * mean));
      nonZero[target] = (counts[block] as number) / area;
    }
  }
  for (let index = blockRows * blockSize * columns; index < pixels.length; index += 1) {
    histogram[pixels[index] as number]! += 1;
  }
  let others = 0;
  for (let value = 1; value < histogram.length; value += 1) others += histogram[value] as number;
  histogram[0] = pixels.length - others;
  return { blockSize, rows: blockRows, columns: blockColumns, means, deviations, nonZero, histogram };
}
