import type { AugmentationWindow } from './augmentation-window.js';
import { type ResizablePlane, resizePlacedBicubic, rowFactsOf } from './bicubic.js';

/**
 * Cuts a classifier's window out of one channel of a view in training orientation: pads with zeros, slices, and
 * resizes to the network's size where the slice has another (PIPELINE.md 5.3 step 11). The padding is never stored.
 * Not standardised: `standardiseWindow` does that to the image channel.
 *
 * @param size rows and columns of the network's input.
 * @param out where to write `rows * columns` values, e.g. one channel of a tensor; a new array unless given.
 * @param outEnds where to write, for each row of `out`, a column from which on all values are 0.
 */
export function takeWindow(
  channel: ResizablePlane,
  { padding, window }: Pick<AugmentationWindow, 'padding' | 'window'>,
  [rows, columns]: readonly [rows: number, columns: number],
  out: Float32Array = new Float32Array(rows * columns),
  outEnds: Int32Array = new Int32Array(rows),
): Float32Array {
  const height = window.bottom - window.top;
  const width = window.right - window.left;
  const top = padding.top - window.top;
  if (height !== rows || width !== columns) {
    const placed = { plane: channel, rows: height, columns: width, top, left: -window.left };
    return resizePlacedBicubic(placed, rows, columns, out, outEnds);
  }
  out.fill(0);
  outEnds.fill(0);
  const { ends } = channel.rowFacts ?? rowFactsOf(channel);
  const left = Math.max(0, window.left);
  const right = Math.min(channel.columns, window.right);
  const first = Math.max(0, -top);
  const end = Math.min(channel.rows, rows - top);
  for (let row = first; row < end && left < right; row += 1) {
    const source = channel.pixels.subarray(row * channel.columns + left, row * channel.columns + right);
    out.set(source, (row + top) * columns + left - window.left);
    outEnds[row + top] = Math.max(0, Math.min(ends[row] as number, right) - window.left);
  }
  return out;
}
