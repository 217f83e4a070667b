import { dilate, erode } from '../breast-mask.js';
import { largestComponent } from '../connected-components.js';
import type { Mask } from '../planes.js';
import type { Background } from './find-background.js';
import type { Frame } from './find-frame.js';
import type { ReducedView } from './reduce-view.js';

/** Where the breast lies in a reduced view, in blocks, frame left out. */
export interface BreastRegion {
  readonly mask: Mask;
  readonly area: number;
  /** Half-open. */
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
  /** Area of the largest other thing in the picture, and of all other things together. */
  readonly second: number;
  readonly others: number;
}

/** Blocks taken off all round, to separate the breast from lines, labels and noise, before they are put back. */
const OPENING = 3;

/**
 * Finds the breast on the blocks: the largest thing that differs from the background, brighter or (with inverted grey)
 * darker.
 * @returns undefined where nothing is large enough.
 */
export function findBreast(reduced: ReducedView, background: Background, frame: Frame): BreastRegion | undefined {
  const { rows, columns, means, blockSize } = reduced;
  const first = (pixels: number): number => Math.ceil(pixels / blockSize);
  const inner = {
    top: first(frame.top),
    bottom: rows - first(frame.bottom),
    left: first(frame.left),
    right: columns - first(frame.right),
  };
  const inverted = background.brighter < 0.5;
  const width = inner.right - inner.left;
  const height = inner.bottom - inner.top;
  if (width <= 0 || height <= 0) return undefined;
  // Padded with a copy of the edge, so that the opening does not take off what goes on beyond the picture.
  const pad = OPENING + 1;
  const [padRows, padColumns] = [height + 2 * pad, width + 2 * pad];
  const different = new Uint8Array(padRows * padColumns);
  for (let row = 0; row < padRows; row += 1) {
    const y = inner.top + Math.min(height - 1, Math.max(0, row - pad));
    for (let column = 0; column < padColumns; column += 1) {
      const x = inner.left + Math.min(width - 1, Math.max(0, column - pad));
      const above = (means[y * columns + x] as number) - background.level;
      if ((inverted ? -above : above) > background.tolerance) different[row * padColumns + column] = 1;
    }
  }
  const opened = dilate(erode({ rows: padRows, columns: padColumns, pixels: different }, OPENING), OPENING);
  const largest = largestComponent(opened);
  if (largest === undefined) return undefined;
  fillHoles(largest);
  const rest = opened.pixels.map((set, index) => (set === 1 && largest.pixels[index] === 0 ? 1 : 0));
  const second = largestComponent({ rows: padRows, columns: padColumns, pixels: rest });

  const mask: Mask = { rows, columns, pixels: new Uint8Array(rows * columns) };
  let [area, others, secondArea] = [0, 0, 0];
  let [top, bottom, left, right] = [rows, 0, columns, 0];
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      const index = (row + pad) * padColumns + column + pad;
      if (rest[index] === 1) others += 1;
      if (second?.pixels[index] === 1) secondArea += 1;
      if (largest.pixels[index] === 0) continue;
      const [y, x] = [row + inner.top, column + inner.left];
      mask.pixels[y * columns + x] = 1;
      area += 1;
      top = Math.min(top, y);
      bottom = Math.max(bottom, y + 1);
      left = Math.min(left, x);
      right = Math.max(right, x + 1);
    }
  }
  if (area === 0) return undefined;
  return { mask, area, top, bottom, left, right, second: secondArea, others };
}

/** Sets what a mask encloses: all that no path of unset cells joins to the mask's edge. */
function fillHoles({ rows, columns, pixels }: Mask): void {
  const outside = new Uint8Array(pixels.length);
  const stack: number[] = [];
  const visit = (index: number): void => {
    if (pixels[index] === 1 || outside[index] === 1) return;
    outside[index] = 1;
    stack.push(index);
  };
  for (let column = 0; column < columns; column += 1) {
    visit(column);
    visit((rows - 1) * columns + column);
  }
  for (let row = 0; row < rows; row += 1) {
    visit(row * columns);
    visit((row + 1) * columns - 1);
  }
  for (let index = stack.pop(); index !== undefined; index = stack.pop()) {
    const column = index % columns;
    if (column > 0) visit(index - 1);
    if (column < columns - 1) visit(index + 1);
    if (index >= columns) visit(index - columns);
    if (index < pixels.length - columns) visit(index + columns);
  }
  for (let index = 0; index < pixels.length; index += 1) if (outside[index] === 0) pixels[index] = 1;
}
