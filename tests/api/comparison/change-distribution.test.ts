import assert from 'node:assert/strict';
import { CHANGE_BINS, describeDistribution, quantile } from '../../../api/comparison/change-distribution.js';

describe('the distribution of changes', () => {
  // Expected values are those of numpy.quantile with its default method.
  const quantiles: readonly { values: readonly number[]; share: number; expected: number }[] = [
    { values: [3], share: 0.95, expected: 3 },
    { values: [1, 2], share: 0.5, expected: 1.5 },
    { values: [1, 2, 3, 4], share: 0.05, expected: 1.15 },
    { values: [1, 2, 3, 4], share: 0.95, expected: 3.85 },
    { values: [0, 10, 20, 30, 100], share: 0.25, expected: 10 },
  ];
  for (const { values, share, expected } of quantiles) {
    it(`has ${expected} as the ${share} quantile of ${values.join(', ')}`, () => {
      assert.ok(Math.abs(quantile(values, share) - expected) < 1e-12);
    });
  }

  it('has nothing but counts without changes', () => {
    const { histogram, ...rest } = describeDistribution([]);
    assert.deepEqual(rest, { count: 0 });
    assert.deepEqual(
      histogram.map(({ count }) => count),
      CHANGE_BINS.slice(1).map(() => 0),
    );
  });

  it('keeps the sign of mean, median, percentiles and the greatest change', () => {
    const { mean, median, p5 = 0, p95 = 0, greatest } = describeDistribution([-0.5, 0.25, 0.125, 0.125]);
    assert.deepEqual({ mean, median, greatest }, { mean: 0, median: 0.125, greatest: -0.5 });
    assert.ok(Math.abs(p5 - -0.40625) < 1e-12);
    assert.ok(Math.abs(p95 - 0.23125) < 1e-12);
  });

  it('counts each absolute change in the one bin that begins at or below it', () => {
    const { histogram } = describeDistribution([0, -0.0005, 0.001, 0.01, -0.05, 0.1, 0.2, -0.2, 0.5, -1, 1]);
    assert.deepEqual(
      histogram.map(({ from, count }) => [from, count]),
      [
        [0, 2],
        [0.001, 1],
        [0.01, 1],
        [0.05, 1],
        [0.1, 1],
        [0.2, 2],
        [0.5, 3],
      ],
    );
  });
});
