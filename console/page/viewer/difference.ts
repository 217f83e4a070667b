import type { ProbabilityPlane } from './plane.js';

/** After minus before, value by value. Undefined where the two have not the same size: the view was cropped otherwise. */
export function differenceOf(before: ProbabilityPlane, after: ProbabilityPlane): ProbabilityPlane | undefined {
  const { level, rows, columns } = after;
  if (before.level !== level || before.rows !== rows || before.columns !== columns) return undefined;
  const values = new Float32Array(after.values.length);
  for (let index = 0; index < values.length; index += 1) {
    values[index] = (after.values[index] as number) - (before.values[index] as number);
  }
  return { level, rows, columns, values };
}

/** The greatest size of any difference. */
export function greatestOf({ values }: ProbabilityPlane): number {
  let greatest = 0;
  for (let index = 0; index < values.length; index += 1) {
    const size = Math.abs(values[index] as number);
    if (size > greatest) greatest = size;
  }
  return greatest;
}

/** Limits that a scale of differences may have: few, so that scales of different exams are mostly the same. */
const LIMITS = [0.01, 0.05, 0.1, 0.25, 0.5, 1] as const;

/** The least limit that no difference exceeds. The scale goes from minus it to it, so that 0 is in the middle. */
export const symmetricLimit = (greatest: number): number => LIMITS.find((limit) => greatest <= limit) ?? 1;
