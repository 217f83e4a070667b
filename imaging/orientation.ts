import type { FloatPlane, Grey16Image } from './planes.js';

/**
 * Mirrors the columns of an image: from disk orientation to training orientation (breast points right, chest wall at
 * column 0) and back (PIPELINE.md 1.3). `isMirroredOnDisk` says which views need it. Returns a new image.
 */
export function mirrorColumns<Plane extends Grey16Image | FloatPlane>(plane: Plane): Plane {
  const { rows, columns } = plane;
  const pixels = plane.pixels.slice();
  for (let row = 0; row < rows; row += 1) pixels.subarray(row * columns, (row + 1) * columns).reverse();
  return { rows, columns, pixels } as Plane;
}
