import assert from 'node:assert/strict';
import { reliability } from '../../../../models/maintainers/evaluation/reliability.js';

describe('reliability', () => {
  const found = reliability([
    { positive: false, score: 0.05 },
    { positive: true, score: 0.05 },
    { positive: true, score: 1 },
    { positive: false, score: 0.1 },
  ]);

  it('sorts cases into bins that begin at their lower end, with 1 in the last', () => {
    assert.deepEqual(
      found.bins.map(({ cases, positives }) => [cases, positives]),
      [[2, 1], [1, 0], ...Array.from({ length: 7 }, () => [0, 0]), [1, 1]],
    );
    assert.equal(found.bins[0]?.meanProbability, 0.05);
    assert.equal(found.bins[5]?.meanProbability, null);
  });

  it('gives the errors worked by hand', () => {
    // Per bin |sum of probabilities − positives|: |0.1 − 1|, |0.1 − 0|, |1 − 1|.
    assert.ok(Math.abs(found.expectedCalibrationError - (0.9 + 0.1) / 4) < 1e-12);
    assert.ok(Math.abs(found.brierScore - (0.0025 + 0.9025 + 0 + 0.01) / 4) < 1e-12);
  });
});
