import { breastMask } from './breast-mask.js';
import type { Grey16Image, Mask, PixelWindow } from './planes.js';

/** The side of the picture, on disk, that the breast points to (PIPELINE.md 1.3). */
export type PointingSide = 'left' | 'right';

/** Where the breast lies in a view. Points are relative to the crop, in training orientation. */
export interface CropLocation {
  /** The crop in the original image. */
  readonly window: PixelWindow;
  /** The column of the breast's foremost point, and the first and last row that reach it. */
  readonly rightmostPoints: readonly [rows: readonly [first: number, last: number], column: number];
  /** The breast's lowest row, and its first and last column there. */
  readonly bottommostPoints: readonly [row: number, columns: readonly [first: number, last: number]];
  /** Columns between the chest wall's edge of the image and the breast. */
  readonly distanceFromStartingSide: number;
}

export interface CropParameters {
  /** How often the mask is eroded and dilated, at least 1. */
  readonly iterations: number;
  /** Pixels kept around the breast above, below and on the side it points to. */
  readonly buffer: number;
}

/** The foremost point is looked for below this share of the crop (PIPELINE.md 2). */
const RIGHTMOST_SEARCH_SHARE = 1 / 3;

/**
 * Finds the breast in a view in disk orientation (PIPELINE.md 2 steps 1 to 12).
 * @returns undefined when there is nothing large enough to survive the erosion.
 */
export function locateBreast(
  image: Grey16Image,
  pointingSide: PointingSide,
  { iterations, buffer }: CropParameters,
): CropLocation | undefined {
  const mask = breastMask(image, iterations);
  const box = mask === undefined ? undefined : boundingBox(mask);
  if (mask === undefined || box === undefined) return undefined;

  const pointsLeft = pointingSide === 'left';
  const window = {
    top: Math.max(0, box.top - buffer),
    bottom: Math.min(image.rows, box.bottom + buffer),
    left: pointsLeft ? Math.max(0, box.left - buffer) : box.left,
    right: pointsLeft ? box.right : Math.min(image.columns, box.right + buffer),
  };
  const rightmostPoints = findRightmost(mask, window, pointsLeft);
  if (rightmostPoints === undefined) return undefined;

  const lowest = box.bottom - 1;
  const columns = rowExtent(mask, lowest, window.left, window.right) as [number, number];
  return {
    window,
    rightmostPoints,
    bottommostPoints: [
      lowest - window.top,
      // One more than a true mirror would give, as the original program has it; likewise in findRightmost.
      pointsLeft
        ? [window.right - columns[1], window.right - columns[0]]
        : [columns[0] - window.left, columns[1] - window.left],
    ],
    distanceFromStartingSide: pointsLeft ? image.columns - box.right : box.left,
  };
}

/** Cuts a window out of an image; pixel values are unchanged. The window must lie inside the image. */
export function cutOut(image: Grey16Image, { top, bottom, left, right }: PixelWindow): Grey16Image {
  const rows = bottom - top;
  const columns = right - left;
  const pixels = new Uint16Array(rows * columns);
  for (let row = 0; row < rows; row += 1) {
    const start = (top + row) * image.columns;
    pixels.set(image.pixels.subarray(start + left, start + right), row * columns);
  }
  return { rows, columns, pixels };
}

function boundingBox(mask: Mask): PixelWindow | undefined {
  let top = -1;
  let bottom = 0;
  let left = mask.columns;
  let right = 0;
  for (let row = 0; row < mask.rows; row += 1) {
    const extent = rowExtent(mask, row, 0, mask.columns);
    if (extent === undefined) continue;
    if (top === -1) top = row;
    bottom = row + 1;
    left = Math.min(left, extent[0]);
    right = Math.max(right, extent[1] + 1);
  }
  return top === -1 ? undefined : { top, bottom, left, right };
}

/** First and last set column of a row between `left` and `right` (excluded). */
function rowExtent(mask: Mask, row: number, left: number, right: number): [number, number] | undefined {
  const cells = mask.pixels.subarray(row * mask.columns + left, row * mask.columns + right);
  const first = cells.indexOf(1);
  return first === -1 ? undefined : [left + first, left + cells.lastIndexOf(1)];
}

function findRightmost(
  mask: Mask,
  window: PixelWindow,
  pointsLeft: boolean,
): CropLocation['rightmostPoints'] | undefined {
  const searchFrom = window.top + Math.trunc((window.bottom - window.top) * RIGHTMOST_SEARCH_SHARE);
  let column: number | undefined;
  let first = 0;
  let last = 0;
  for (let row = searchFrom; row < window.bottom; row += 1) {
    const extent = rowExtent(mask, row, window.left, window.right);
    if (extent === undefined) continue;
    const reach = pointsLeft ? extent[0] : extent[1];
    if (column === undefined || (pointsLeft ? reach < column : reach > column)) {
      column = reach;
      first = row;
    }
    if (reach === column) last = row;
  }
  if (column === undefined) return undefined;
  const rows = [first - window.top, last - window.top] as const;
  return [rows, pointsLeft ? window.right - column : column - window.left];
}
