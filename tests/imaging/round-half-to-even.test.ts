import assert from 'node:assert/strict';
import { roundHalfToEven } from '../../imaging/round-half-to-even.js';

describe('rounding half to even', () => {
  it('rounds halves to the even neighbour and everything else to the nearest', () => {
    const rounded = [-2.5, -1.5, -0.5, -0.4, 0.5, 1.5, 2.5, 2.51, 3].map((value) => roundHalfToEven(value) + 0);
    assert.deepEqual(rounded, [-2, -2, 0, 0, 0, 2, 2, 3, 3]);
  });
});
