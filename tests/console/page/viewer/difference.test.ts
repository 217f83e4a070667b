import assert from 'node:assert/strict';
import { differenceOf, greatestOf, symmetricLimit } from '../../../../console/page/viewer/difference.js';

const plane = (rows: number, columns: number, ...values: number[]) => ({
  level: 2,
  rows,
  columns,
  values: Float32Array.from(values),
});

describe('the difference of two heatmaps', () => {
  it('is after minus before, with a limit that is the same for either sign', () => {
    const difference = differenceOf(plane(1, 3, 0.5, 0.25, 0), plane(1, 3, 0.125, 0.25, 0.0625));
    assert.deepEqual(difference?.values, Float32Array.of(-0.375, 0, 0.0625));
    assert.equal(greatestOf(difference as never), 0.375);
    assert.deepEqual([0, 0.01, 0.011, 0.375, 1].map(symmetricLimit), [0.01, 0.01, 0.05, 0.5, 1]);
  });

  it('is none where the sizes or levels differ', () => {
    assert.equal(differenceOf(plane(1, 2, 0, 0), plane(2, 1, 0, 0)), undefined);
    assert.equal(differenceOf({ ...plane(1, 2, 0, 0), level: 0 }, plane(1, 2, 0, 0)), undefined);
  });
});
