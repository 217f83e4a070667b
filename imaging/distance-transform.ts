import type { Mask } from './planes.js';

/** Distances of every pixel, row-major, none above the limit they were computed with. */
export type Distances = Uint8Array | Uint16Array;

/**
 * The city-block (L1) distance of every pixel of a mask to the nearest pixel that is not set, positions outside the
 * image included, by two passes over the image (Rosenfeld and Pfaltz 1966). Distances above `limit` are given as
 * `limit`, which keeps them in one or two bytes a pixel.
 * @throws RangeError unless `limit` is an integer from 1 to 65535.
 */
export function distanceToUnset(mask: Mask, limit: number): Distances {
  return transform(mask, 0, 0, limit);
}

/**
 * The city-block distance of every pixel to the nearest pixel that is set, within the image only; `limit` where it is
 * that or more.
 * @throws RangeError unless `limit` is an integer from 1 to 65535.
 */
export function distanceToSet(mask: Mask, limit: number): Distances {
  return transform(mask, 1, limit, limit);
}

/** Distance to the nearest pixel whose mask value is `target`; positions outside the image are at distance `outside`. */
function transform({ rows, columns, pixels }: Mask, target: number, outside: number, limit: number): Distances {
  if (!Number.isInteger(limit) || limit < 1 || limit > 65535) {
    throw new RangeError(`a distance limit is an integer from 1 to 65535, got ${limit}`);
  }
  const distances = limit < 256 ? new Uint8Array(rows * columns) : new Uint16Array(rows * columns);
  for (let row = 0, index = 0; row < rows; row += 1) {
    let left = outside;
    for (let column = 0; column < columns; column += 1, index += 1) {
      if (pixels[index] === target) {
        left = 0;
      } else {
        const above = row === 0 ? outside : (distances[index - columns] as number);
        const nearer = Math.min(above, left) + 1;
        left = Math.min(nearer, limit);
      }
      distances[index] = left;
    }
  }
  for (let row = rows - 1, index = rows * columns - 1; row >= 0; row -= 1) {
    let right = outside;
    for (let column = columns - 1; column >= 0; column -= 1, index -= 1) {
      const below = row === rows - 1 ? outside : (distances[index + columns] as number);
      const nearer = Math.min(below, right) + 1;
      const forward = distances[index] as number;
      right = Math.min(nearer, forward);
      distances[index] = right;
    }
  }
  return distances;
}
