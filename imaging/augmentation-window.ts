import { WINDOW_SIZE } from '../pipeline/bundle.js';
import type { ViewPosition } from '../pipeline/exam.js';
import { type MersenneTwister, uniform } from './mersenne-twister.js';
import type { PixelWindow } from './planes.js';
import { roundHalfToEven } from './round-half-to-even.js';

export interface AugmentationRequest {
  /** Rows and columns of the cropped view in training orientation. */
  readonly rows: number;
  readonly columns: number;
  readonly viewPosition: ViewPosition;
  /** `[y, x]` from extract_centers; may lie outside the view. */
  readonly bestCenter: readonly [y: number, x: number];
  /** The furthest the window moves, in pixels; 0 draws no shift. */
  readonly cropNoise: number;
  /** The furthest each edge of the window moves, in pixels. */
  readonly sizeNoise: number;
  /** `MersenneTwister.numpy(seed)`, shared by all passes and views of an exam. */
  readonly random: MersenneTwister;
}

/** Zero pixels to put around a view before a window is taken from it. Nothing is ever put at the left. */
export interface WindowPadding {
  readonly top: number;
  readonly bottom: number;
  readonly right: number;
}

export interface AugmentationWindow {
  readonly padding: WindowPadding;
  /** Rows and columns of the padded view, in whose coordinates the windows are. */
  readonly paddedRows: number;
  readonly paddedColumns: number;
  /** The window after it was shifted: of the network's size. */
  readonly shifted: PixelWindow;
  /** The window to take: `shifted` with its edges moved. */
  readonly window: PixelWindow;
}

/**
 * Draws the window that one pass of a classifier looks at (PIPELINE.md 5.3 steps 1 to 10). Takes two doubles from the
 * stream for the shift (none when `cropNoise` is 0), then always four for the size.
 */
export function augmentationWindow(request: AugmentationRequest): AugmentationWindow {
  const { viewPosition, bestCenter, cropNoise, sizeNoise, random } = request;
  const [height, width] = WINDOW_SIZE[viewPosition];
  const draw = (): number => uniform(random, -1, 1);
  const shiftRows = cropNoise === 0 ? 0 : draw();
  const shiftColumns = cropNoise === 0 ? 0 : draw();

  // Steps 2 to 4: the window at the center, unless the view is padded along an axis, which fixes the window there.
  const noise = cropNoise + sizeNoise;
  let top = bestCenter[0] - Math.floor(height / 2);
  let left = bestCenter[1] - Math.floor(width / 2);
  let padTop = 0;
  let padBottom = 0;
  if (viewPosition === 'CC' && request.rows < height + 2 * noise) {
    const pad = height - request.rows + 2 * noise;
    padTop = Math.trunc(pad / 2);
    padBottom = pad - padTop;
    top = noise;
  } else if (viewPosition === 'MLO' && request.rows < height + noise) {
    padBottom = height - request.rows + noise;
    top = 0;
  }
  let padRight = 0;
  if (request.columns < width + noise) {
    padRight = width - request.columns + noise;
    left = 0;
  }
  const paddedRows = request.rows + padTop + padBottom;
  const paddedColumns = request.columns + padRight;

  // Steps 5 to 8, per axis.
  top = shiftedStart(top, height, paddedRows, cropNoise, shiftRows);
  left = shiftedStart(left, width, paddedColumns, cropNoise, shiftColumns);
  const shifted = { top, bottom: top + height, left, right: left + width };

  // Steps 9 and 10. The space left around the window bounds all four edges, so a window at a border keeps its size.
  const vertical = Math.min(sizeNoise, top, paddedRows - shifted.bottom, left, paddedColumns - shifted.right);
  const horizontal = roundHalfToEven(vertical * (width / height));
  const edge = (limit: number): number => roundHalfToEven(limit * draw());
  const window = {
    top: shifted.top + edge(vertical),
    bottom: shifted.bottom + edge(vertical),
    left: shifted.left + edge(horizontal),
    right: shifted.right + edge(horizontal),
  };
  return { padding: { top: padTop, bottom: padBottom, right: padRight }, paddedRows, paddedColumns, shifted, window };
}

/** Moves a window of `length` inside `size`, then shifts it by the fraction `shift` of the room there is, at most `noise`. */
function shiftedStart(start: number, length: number, size: number, noise: number, shift: number): number {
  const inside = start < 0 ? 0 : Math.min(start, size - length);
  // At a border only the way inwards is open. A window at both borders counts as at the first, and has no room.
  const towards = inside === 0 ? Math.abs(shift) : inside + length === size ? -Math.abs(shift) : shift;
  const room = Math.min(noise, towards >= 0 ? size - (inside + length) : inside);
  return inside + roundHalfToEven(room * towards);
}
