import assert from 'node:assert/strict';
import { type PlaneDifference, planeDifference } from '../../imaging/plane-difference.js';
import type { FloatPlane } from '../../imaging/planes.js';

const plane = (rows: number, columns: number, ...values: number[]): FloatPlane => ({
  rows,
  columns,
  pixels: Float32Array.from(values),
});

const cases: readonly { name: string; a: FloatPlane; b: FloatPlane; expected: PlaneDifference | undefined }[] = [
  {
    name: 'is zero, at the first pixel, for equal planes',
    a: plane(1, 2, 0.5, 0.25),
    b: plane(1, 2, 0.5, 0.25),
    expected: { mean: 0, maximum: 0, row: 0, column: 0 },
  },
  {
    name: 'counts up and down alike and names row before column',
    a: plane(2, 3, 0, 0, 0, 0, 0, 0.5),
    b: plane(2, 3, 0, 0.25, 0, 0.5, 0, 0.75),
    expected: { mean: 1 / 6, maximum: 0.5, row: 1, column: 0 },
  },
  {
    name: 'names the first of equal maxima in reading order',
    a: plane(2, 2, 0, 0, 0, 0),
    b: plane(2, 2, 0, -1, 1, 0),
    expected: { mean: 0.5, maximum: 1, row: 0, column: 1 },
  },
  {
    name: 'is none for other shapes of as many pixels',
    a: plane(1, 2, 0, 0),
    b: plane(2, 1, 0, 0),
    expected: undefined,
  },
];

describe('the difference of two planes', () => {
  for (const { name, a, b, expected } of cases) {
    it(name, () => assert.deepEqual(planeDifference(a, b), expected));
  }
});
