import { WINDOW_SIZE } from '../pipeline/bundle.js';
import type { ViewPosition } from '../pipeline/exam.js';
import type { CropLocation } from './crop-view.js';
import type { Grey16Image } from './planes.js';

/**
 * Chooses the center of the classifier's window in a cropped view in training orientation (PIPELINE.md 3). An MLO
 * window ends at the breast's lowest and foremost points; a CC window ends at the foremost point and lies at the
 * height where it holds most of the breast.
 *
 * @param offset is added to the center found: a shift of the window, to look elsewhere.
 * @returns `[y, x]`; either may be negative.
 */
export function bestCenter(
  image: Grey16Image,
  viewPosition: ViewPosition,
  { rightmostPoints, bottommostPoints }: Pick<CropLocation, 'rightmostPoints' | 'bottommostPoints'>,
  offset: readonly [y: number, x: number] = [0, 0],
): [y: number, x: number] {
  const x = rightmostPoints[1] - Math.floor(WINDOW_SIZE[viewPosition][1] / 2) - 1;
  const y = viewPosition === 'MLO' ? mloCenterRow(image, bottommostPoints[0]) : ccCenterRow(image, x);
  return [y + offset[0], x + offset[1]];
}

function mloCenterRow({ rows, columns, pixels }: Grey16Image, bottommostRow: number): number {
  const [height, width] = WINDOW_SIZE.MLO;
  const firstColumn = Math.max(0, columns - width);
  let lowest = bottommostRow;
  for (let row = rows - 1; row >= 0; row -= 1) {
    const cells = pixels.subarray(row * columns + firstColumn, (row + 1) * columns);
    if (cells.some((value) => value > 0)) {
      lowest = Math.min(row, bottommostRow);
      break;
    }
  }
  return lowest - Math.floor(height / 2) - 1;
}

function ccCenterRow(image: Grey16Image, x: number): number {
  const { rows, columns } = image;
  const [height, width] = WINDOW_SIZE.CC;
  const above = Math.floor(height / 2);
  const below = height - above;
  const middle = Math.floor(rows / 2);
  if (above >= rows - below) return middle;

  // A window that would begin before the image is moved to its edge; one that would end behind it is cut.
  const before = Math.floor(width / 2);
  const left = Math.max(0, x - before);
  const right = Math.min(columns, x + (width - before) + Math.max(0, before - x));
  const filledAbove = filledPixelsAbove(image, left, right);

  let best = above;
  let bestScore = -1;
  for (let y = above; y <= rows - below; y += 1) {
    const score = (filledAbove[Math.min(rows, y + below)] as number) - (filledAbove[y - above] as number);
    const nearer = Math.abs(y - middle) < Math.abs(best - middle);
    if (score > bestScore || (score === bestScore && nearer)) {
      best = y;
      bestScore = score;
    }
  }
  return best;
}

/** For each row, the number of pixels above 0 in all rows before it, between two columns. */
function filledPixelsAbove({ rows, columns, pixels }: Grey16Image, left: number, right: number): Float64Array {
  const sums = new Float64Array(rows + 1);
  for (let row = 0; row < rows; row += 1) {
    let filled = 0;
    const end = row * columns + right;
    for (let index = row * columns + left; index < end; index += 1) {
      if ((pixels[index] as number) > 0) filled += 1;
    }
    sums[row + 1] = (sums[row] as number) + filled;
  }
  return sums;
}
