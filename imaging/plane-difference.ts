import type { FloatPlane } from './planes.js';

/** How far two planes of the same shape are apart. */
export interface PlaneDifference {
  /** Mean and maximum of the absolute difference over all pixels. */
  readonly mean: number;
  readonly maximum: number;
  /** Where the maximum is: row and column from the top left corner, the first in reading order. */
  readonly row: number;
  readonly column: number;
}

/** @returns undefined when the planes have different shapes, so that their pixels have nothing to do with each other. */
export function planeDifference(a: FloatPlane, b: FloatPlane): PlaneDifference | undefined {
  if (a.rows !== b.rows || a.columns !== b.columns) return undefined;
  let sum = 0;
  let maximum = 0;
  let at = 0;
  for (let index = 0; index < a.pixels.length; index += 1) {
    const difference = Math.abs((a.pixels[index] as number) - (b.pixels[index] as number));
    sum += difference;
    if (difference > maximum) {
      maximum = difference;
      at = index;
    }
  }
  return {
    mean: a.pixels.length === 0 ? 0 : sum / a.pixels.length,
    maximum,
    row: a.columns === 0 ? 0 : Math.floor(at / a.columns),
    column: a.columns === 0 ? 0 : at % a.columns,
  };
}
