import assert from 'node:assert/strict';
import { bootstrapInterval, wilsonInterval } from '../../../../models/maintainers/evaluation/intervals.js';

const near = (actual: number, expected: number, tolerance = 5e-5): void =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected}`);
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("Wilson's interval", () => {
  it('gives the values of the formula worked by hand', () => {
    // 8 of 10: (0.8 + 0.19207) / 1.38415 ± 1.95996 / 1.38415 × √(0.016 + 0.0096036).
    near(wilsonInterval(8, 10).low, 0.4902);
    near(wilsonInterval(8, 10).high, 0.9433);
  });

  it('stays within 0 and 1 and is open on the other side when all or none succeed', () => {
    near(wilsonInterval(0, 10).low, 0);
    near(wilsonInterval(0, 10).high, 0.2775);
    near(wilsonInterval(10, 10).high, 1);
    near(wilsonInterval(10, 10).low, 0.7225);
  });

  it('says nothing when there were no trials', () => assert.deepEqual(wilsonInterval(0, 0), { low: 0, high: 1 }));
});

describe('the bootstrap interval', () => {
  it('of a mean is about as wide as theory has it', () => {
    const units = Array.from({ length: 100 }, (_, index) => index % 2);
    const { low, high } = bootstrapInterval(units, mean);
    // 0.5 ± 1.96 × 0.5 / √100.
    near(low, 0.402, 0.02);
    near(high, 0.598, 0.02);
  });

  it('is the same every time, and another with another seed', () => {
    const units = [0, 0, 1, 4, 9, 2];
    assert.deepEqual(bootstrapInterval(units, mean), bootstrapInterval(units, mean));
    const few = { samples: 50 };
    assert.notDeepEqual(bootstrapInterval(units, mean, few), bootstrapInterval(units, mean, { ...few, seed: 1 }));
  });

  it('leaves out draws that do not define the statistic', () => {
    const onlyMixed = (drawn: readonly number[]): number => (new Set(drawn).size === 2 ? 7 : Number.NaN);
    assert.deepEqual(bootstrapInterval([0, 1], onlyMixed), { low: 7, high: 7 });
    assert.ok(Number.isNaN(bootstrapInterval([0, 0], onlyMixed).low));
  });
});
