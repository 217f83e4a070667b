import assert from 'node:assert/strict';
import fc from 'fast-check';
import { areaUnderCurve } from '../../../../models/maintainers/evaluation/area-under-curve.js';

const cases = (positives: readonly number[], negatives: readonly number[]) => [
  ...positives.map((score) => ({ positive: true, score })),
  ...negatives.map((score) => ({ positive: false, score })),
];

describe('the area under the ROC curve', () => {
  it('is the share of pairs in order', () => {
    assert.equal(areaUnderCurve(cases([0.9, 0.4], [0.5, 0.1])), 3 / 4);
    assert.equal(areaUnderCurve(cases([0.9, 0.8], [0.5, 0.1])), 1);
    assert.equal(areaUnderCurve(cases([0.1], [0.5, 0.6])), 0);
  });

  it('counts a tie as half', () => {
    assert.equal(areaUnderCurve(cases([0.9, 0.5], [0.5, 0.1])), 3.5 / 4);
    assert.equal(areaUnderCurve(cases([0.5, 0.5], [0.5, 0.5, 0.5])), 0.5);
  });

  it('is not defined without a case of each kind', () => {
    assert.ok(Number.isNaN(areaUnderCurve(cases([0.5], []))));
    assert.ok(Number.isNaN(areaUnderCurve(cases([], [0.5]))));
    assert.ok(Number.isNaN(areaUnderCurve([])));
  });

  it('equals counting all pairs', () => {
    const scores = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(scores, scores, (positives, negatives) => {
        const pairs = positives.flatMap((p) => negatives.map((n): number => (p > n ? 1 : p === n ? 0.5 : 0)));
        const counted = pairs.reduce((sum, pair) => sum + pair, 0) / pairs.length;
        assert.ok(Math.abs(areaUnderCurve(cases(positives, negatives)) - counted) < 1e-12);
      }),
    );
  });
});
