import { PATCH_SIZE } from '../pipeline/bundle.js';
import type { FloatTensor } from './inference-pool.js';

/** The spot's radius in pixels. */
const SPOT = 20;

/**
 * A made-up input for a trial run: every channel a gradient with a bright spot near the first corner. Zeros alone would
 * hide broken weights behind the biases.
 *
 * @param shape batch, channels, rows, columns; at least one patch in size.
 */
export function trialInput(shape: readonly number[]): FloatTensor {
  const [batch = 1, channels = 1, rows = 1, columns = 1] = shape;
  const plane = new Float32Array(rows * columns);
  const line = Float32Array.from({ length: columns }, (_, column) => column / columns - 0.5);
  for (let row = 0; row < rows; row += 1) plane.set(line, row * columns);
  const center = PATCH_SIZE / 2;
  for (let row = center - SPOT; row <= center + SPOT && row < rows; row += 1) {
    for (let column = center - SPOT; column <= center + SPOT && column < columns; column += 1) {
      if (Math.hypot(row - center, column - center) < SPOT) (plane[row * columns + column] as number) += 3;
    }
  }
  const data = new Float32Array(batch * channels * plane.length);
  for (let offset = 0; offset < data.length; offset += plane.length) data.set(plane, offset);
  return { data, shape };
}

/** Made-up inputs by name. Inputs of one shape share their numbers, so that a classifier's four views take half. */
export function trialInputs(shapes: Readonly<Record<string, readonly number[]>>): Record<string, FloatTensor> {
  const made = new Map<string, FloatTensor>();
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => {
      const input = made.get(shape.join()) ?? trialInput(shape);
      made.set(shape.join(), input);
      return [name, input];
    }),
  );
}
