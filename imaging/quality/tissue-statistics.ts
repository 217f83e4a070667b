import type { Grey16Image } from '../planes.js';
import type { BreastRegion } from './find-breast.js';
import type { ReducedView } from './reduce-view.js';

/** What the pixels inside the breast are like. */
export interface TissueStatistics {
  /** How many different values there are. */
  readonly levels: number;
  readonly brightest: number;
  /** The 98th percentile. */
  readonly high: number;
  /** Standard deviation over mean of the values, and their skewness (third standardised moment). */
  readonly contrast: number;
  readonly skewness: number;
  /** Share of pixels at the brightest value, and at the darkest that the whole picture has. */
  readonly saturated: number;
  readonly clipped: number;
  /**
   * Mean squared difference of values 1 and 8 pixels apart in a row, in units of the square of the range from the 2nd to the 98th
   * percentile: noise
   * raises the first, blur lowers it against the second.
   */
  readonly roughness: number;
  readonly coarseRoughness: number;
}

const LAG = 8;

/** Looks at every other row of the blocks that lie inside the breast. */
export function tissueStatistics(
  { columns, pixels }: Grey16Image,
  { blockSize, columns: blockColumns, histogram: whole }: ReducedView,
  { mask, top, bottom, left, right }: BreastRegion,
): TissueStatistics | undefined {
  const histogram = new Uint32Array(65_536);
  let [count, squares, coarseSquares, pairs] = [0, 0, 0, 0];
  const reach = Math.ceil(LAG / blockSize) + 1;
  for (let blockRow = top; blockRow < bottom; blockRow += 1) {
    for (let row = blockRow * blockSize; row < (blockRow + 1) * blockSize; row += 2) {
      for (let block = left; block < right; block += 1) {
        if (mask.pixels[blockRow * blockColumns + block] === 0) continue;
        const start = row * columns + block * blockSize;
        for (let index = start; index < start + blockSize; index += 1) histogram[pixels[index] as number]! += 1;
        count += blockSize;
        // Away from the skin on either side, whose step would pass for sharpness.
        const [before, after] = [block - reach, block + reach];
        if (before < left || after >= right) continue;
        if (mask.pixels[blockRow * blockColumns + before] === 0) continue;
        if (mask.pixels[blockRow * blockColumns + after] === 0) continue;
        const value = pixels[start] as number;
        const next = value - (pixels[start + 1] as number);
        const coarse = value - (pixels[start + LAG] as number);
        squares += next * next;
        coarseSquares += coarse * coarse;
        pairs += 1;
      }
    }
  }
  if (count === 0 || pairs === 0) return undefined;
  let [levels, brightest, seen, sum] = [0, 0, 0, 0];
  let low: number | undefined;
  let high: number | undefined;
  for (let value = 0; value < histogram.length; value += 1) {
    const times = histogram[value] as number;
    if (times === 0) continue;
    levels += 1;
    brightest = value;
    seen += times;
    sum += times * value;
    if (seen >= 0.02 * count) low ??= value;
    if (seen >= 0.98 * count) high ??= value;
  }
  const mean = sum / count;
  let [second, third] = [0, 0];
  for (let value = 0; value < histogram.length; value += 1) {
    const away = value - mean;
    second += ((histogram[value] as number) * away * away) / count;
    third += ((histogram[value] as number) * away * away * away) / count;
  }
  const span = Math.max(1, (high ?? 0) - (low ?? 0)) ** 2;
  const lowest = whole.findIndex((times) => times > 0);
  return {
    levels,
    brightest,
    high: high ?? 0,
    contrast: mean === 0 ? 0 : Math.sqrt(second) / mean,
    skewness: second === 0 ? 0 : third / (second * Math.sqrt(second)),
    saturated: (histogram[brightest] as number) / count,
    clipped: (histogram[lowest] as number) / count,
    roughness: squares / pairs / span,
    coarseRoughness: coarseSquares / pairs / span,
  };
}
