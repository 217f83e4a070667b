import type { Grey16Image } from '../planes.js';

/** Rows looked at, spread over the picture. */
const ROWS = 300;

/**
 * How rough a picture is as it is read, over how rough it is with the two bytes of every value swapped. Neighbouring
 * pixels of a picture are alike; read in the wrong order, the finest digits become the coarsest and neighbours differ as
 * if by chance. Roughness is the mean difference of horizontal neighbours over the mean difference of pixels far apart.
 * @returns undefined for a picture without differences.
 */
export function byteOrderRoughness({ rows, columns, pixels }: Grey16Image): number | undefined {
  const step = Math.max(1, Math.floor(rows / ROWS));
  const far = Math.max(2, columns >> 3);
  let [near, nearSwapped, apart, apartSwapped] = [0, 0, 0, 0];
  for (let row = 0; row < rows; row += step) {
    const start = row * columns;
    for (let column = 0; column + far < columns; column += 1) {
      const value = pixels[start + column] as number;
      const next = pixels[start + column + 1] as number;
      if (value === 0 && next === 0) continue;
      const distant = pixels[start + column + far] as number;
      const swapped = swap(value);
      near += Math.abs(value - next);
      nearSwapped += Math.abs(swapped - swap(next));
      apart += Math.abs(value - distant);
      apartSwapped += Math.abs(swapped - swap(distant));
    }
  }
  if (apart === 0 || apartSwapped === 0 || nearSwapped === 0) return undefined;
  return near / apart / (nearSwapped / apartSwapped);
}

const swap = (value: number): number => ((value & 0xff) << 8) | (value >> 8);
