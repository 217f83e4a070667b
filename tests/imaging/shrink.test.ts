import assert from 'node:assert/strict';
import fc from 'fast-check';
import { shrink } from '../../imaging/shrink.js';

describe('a picture at a coarser level', () => {
  it('has the means of blocks, those at the right and the bottom of what there is', () => {
    const picture = { rows: 3, columns: 5, pixels: Uint16Array.from({ length: 15 }, (_, index) => index * 10) };
    const { rows, columns, pixels } = shrink(picture, 1);
    assert.deepEqual([rows, columns], [2, 3]);
    // Rows 0 and 1 of columns 0 and 1: 0, 10, 50, 60; of the last column: 40, 90; the last row: 100, 110 and so on.
    assert.deepEqual([...pixels], [30, 50, 65, 105, 125, 140]);
    assert.equal(shrink(picture, 0), picture);
  });

  it('keeps fractions of probabilities, and never leaves the range of what it is made from', () => {
    const planes = fc
      .record({ rows: fc.integer({ min: 1, max: 20 }), columns: fc.integer({ min: 1, max: 20 }) })
      .chain(({ rows, columns }) =>
        fc
          .float32Array({ minLength: rows * columns, maxLength: rows * columns, min: 0, max: 1, noNaN: true })
          .map((pixels) => ({ rows, columns, pixels })),
      );
    fc.assert(
      fc.property(planes, fc.integer({ min: 1, max: 5 }), (plane, level) => {
        const small = shrink(plane, level);
        assert.equal(small.pixels.length, Math.ceil(plane.rows / 2 ** level) * Math.ceil(plane.columns / 2 ** level));
        const [least, most] = [Math.min(...plane.pixels), Math.max(...plane.pixels)];
        for (const value of small.pixels) assert.ok(value >= least - 1e-6 && value <= most + 1e-6);
      }),
    );
  });
});
