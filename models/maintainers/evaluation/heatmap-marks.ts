import type { FloatPlane } from '../../../imaging/planes.js';

/** A place in a view, in pixels. */
export interface Place {
  readonly row: number;
  readonly column: number;
}

/** A lesion's extent in a view, in pixels. */
export interface Circle extends Place {
  readonly radius: number;
}

export interface Peak extends Place {
  readonly value: number;
}

/**
 * A heatmap's maximum. Patches cover blocks of pixels alike, so many pixels share it: the place is the middle (mean row
 * and column) of the first connected region, in raster order, of pixels that have the greatest value.
 */
export function heatmapPeak(map: FloatPlane): Peak {
  const greatest = map.pixels.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  return heatmapMarks(map, greatest)[0] as Peak;
}

/** Whether a place lies inside a circle, its rim included. */
export const isInside = (place: Place, circle: Circle): boolean =>
  (place.row - circle.row) ** 2 + (place.column - circle.column) ** 2 <= circle.radius ** 2;

/** A connected part of a heatmap at or above a threshold, with its greatest value and where that is. */
export type Mark = Peak;

/**
 * The marks that a reader would be shown at a threshold: each 4-connected region of pixels at or above it is one mark,
 * which lies where the region is greatest (the middle of the pixels that share the value). In raster order of regions.
 */
export function heatmapMarks({ rows, columns, pixels }: FloatPlane, threshold: number): Mark[] {
  const marks: Mark[] = [];
  const seen = new Uint8Array(pixels.length);
  const stack: number[] = [];
  for (let start = 0; start < pixels.length; start += 1) {
    if (seen[start] === 1 || (pixels[start] as number) < threshold) continue;
    let value = Number.NEGATIVE_INFINITY;
    let count = 0;
    let rowSum = 0;
    let columnSum = 0;
    seen[start] = 1;
    stack.push(start);
    for (let index = stack.pop(); index !== undefined; index = stack.pop()) {
      const column = index % columns;
      const row = (index - column) / columns;
      const here = pixels[index] as number;
      if (here > value) {
        value = here;
        count = rowSum = columnSum = 0;
      }
      if (here === value) {
        count += 1;
        rowSum += row;
        columnSum += column;
      }
      for (const [neighbour, inside] of [
        [index - columns, row > 0],
        [index + columns, row < rows - 1],
        [index - 1, column > 0],
        [index + 1, column < columns - 1],
      ] as const) {
        if (!inside || seen[neighbour] === 1 || (pixels[neighbour] as number) < threshold) continue;
        seen[neighbour] = 1;
        stack.push(neighbour);
      }
    }
    marks.push({ value, row: rowSum / count, column: columnSum / count });
  }
  return marks;
}
