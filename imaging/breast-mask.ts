import { largestComponent } from './connected-components.js';
import { distanceToSet, distanceToUnset } from './distance-transform.js';
import type { Grey16Image, Mask } from './planes.js';

/**
 * Separates the breast from lines, labels and the empty field (PIPELINE.md 2 steps 1 to 4): what is above 0 is eroded
 * `iterations` times with a 4-neighbour cross, the largest component that is left is dilated as many times. A ball of
 * the city-block metric is the iterated cross, so one distance transform does the work of all iterations.
 *
 * @param iterations at least 1.
 * @returns undefined when nothing is left after erosion.
 */
export function breastMask(image: Grey16Image, iterations: number): Mask | undefined {
  const component = largestComponent(erode(foreground(image), iterations));
  return component === undefined ? undefined : dilate(component, iterations);
}

/** Keeps a pixel where every position within `iterations` steps is set; positions outside the image are not. */
export function erode(mask: Mask, iterations: number): Mask {
  const distances = distanceToUnset(mask, iterations + 1);
  const pixels = new Uint8Array(distances.length);
  for (let index = 0; index < pixels.length; index += 1)
    pixels[index] = (distances[index] as number) > iterations ? 1 : 0;
  return { ...mask, pixels };
}

/** Sets every pixel of the image within `iterations` steps of one that is set. */
export function dilate(mask: Mask, iterations: number): Mask {
  const distances = distanceToSet(mask, iterations + 1);
  const pixels = new Uint8Array(distances.length);
  for (let index = 0; index < pixels.length; index += 1)
    pixels[index] = (distances[index] as number) > iterations ? 0 : 1;
  return { ...mask, pixels };
}

function foreground({ rows, columns, pixels }: Grey16Image): Mask {
  const set = new Uint8Array(pixels.length);
  for (let index = 0; index < set.length; index += 1) set[index] = (pixels[index] as number) > 0 ? 1 : 0;
  return { rows, columns, pixels: set };
}
