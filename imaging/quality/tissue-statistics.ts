import type { Grey16Image } from '../planes.js';
import type { BreastRegion } from './find-breast.js';
import type { ReducedView } from './reduce-view.js';

/** What the pixels inside the breast are like. */
export interface TissueStatistics {
  /** Pixels looked at: about half of the breast's. */
  readonly pixels: number;
  /** How many different values there are, and Shannon's entropy of their frequencies in bits. */
  readonly levels: number;
  readonly entropy: number;
  readonly darkest: number;
  readonly brightest: number;
  /** The 2nd, 50th and 98th percentile. */
  readonly low: number;
  readonly middle: number;
  readonly high: number;
  /** Share of pixels at the brightest value, and at the darkest that the whole picture has. */
  readonly saturated: number;
  readonly clipped: number;
  /**
   * Mean squared difference of values 1 and 8 pixels apart in a row, in units of the square of `high` − `low`: noise
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
  let [levels, entropy, darkest, brightest, seen] = [0, 0, -1, 0, 0];
  const percentiles = [0.02, 0.5, 0.98].map((share) => share * count);
  const found: number[] = [];
  for (let value = 0; value < histogram.length; value += 1) {
    const times = histogram[value] as number;
    if (times === 0) continue;
    levels += 1;
    entropy -= (times / count) * Math.log2(times / count);
    if (darkest === -1) darkest = value;
    brightest = value;
    seen += times;
    while (found.length < 3 && seen >= (percentiles[found.length] as number)) found.push(value);
  }
  const [low = 0, middle = 0, high = 0] = found;
  const span = Math.max(1, high - low) ** 2;
  const lowest = whole.findIndex((times) => times > 0);
  return {
    pixels: count,
    levels,
    entropy,
    darkest,
    brightest,
    low,
    middle,
    high,
    saturated: (histogram[brightest] as number) / count,
    clipped: (histogram[lowest] as number) / count,
    roughness: squares / pairs / span,
    coarseRoughness: coarseSquares / pairs / span,
  };
}
