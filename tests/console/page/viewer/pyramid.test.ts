import assert from 'node:assert/strict';
import fc from 'fast-check';
import { halved } from '../../../../console/page/viewer/plane.js';
import { levelForScale, pyramidOf } from '../../../../console/page/viewer/pyramid.js';
import { shrink } from '../../../../imaging/shrink.js';

const planes = fc
  .record({ rows: fc.integer({ min: 1, max: 40 }), columns: fc.integer({ min: 1, max: 40 }) })
  .chain(({ rows, columns }) =>
    fc
      .uint16Array({ minLength: rows * columns, maxLength: rows * columns })
      .map((values) => ({ level: 0, rows, columns, values })),
  );

describe('the levels of a picture', () => {
  it('are halved as the console halves them', () => {
    fc.assert(
      fc.property(planes, (plane) => {
        const { rows, columns, pixels } = shrink({ ...plane, pixels: plane.values }, 1);
        assert.deepEqual(halved(plane), { level: 1, rows, columns, values: pixels });
      }),
    );
  });

  it('are chosen so that a value is at most one device pixel wide, and more than half of one', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.04, max: 16, noNaN: true }), (scale) => {
        const level = levelForScale(scale);
        const wide = scale * 2 ** level;
        if (level > 0) assert.ok(wide <= 1 + 1e-6 && wide > 0.5, `${scale}: ${wide}`);
        else assert.ok(scale > 0.5);
      }),
    );
    assert.deepEqual([16, 1, 0.5, 0.25, 0.2, 0.001].map(levelForScale), [0, 0, 1, 2, 2, 5]);
  });

  it('are made from the finest that is here, and values are told only once that is level 0', () => {
    const full = { rows: 64, columns: 48 };
    const coarse = pyramidOf({ level: 3, rows: 8, columns: 6, values: new Uint16Array(48).fill(7) }, full);
    assert.deepEqual(
      [1, 0.25, 0.05].map((scale) => coarse.planeFor(scale).level),
      [3, 3, 4],
    );
    assert.equal(coarse.valueAt(3, 3), undefined);
    const values = Uint16Array.from({ length: 64 * 48 }, (_, index) => index);
    const whole = pyramidOf({ level: 0, ...full, values }, full);
    assert.deepEqual(
      [2, 0.5, 0.25, 0.02].map((scale) => whole.planeFor(scale).level),
      [0, 1, 2, 5],
    );
    assert.equal(whole.planeFor(0.25), whole.planeFor(0.2), 'a level is made once');
    assert.equal(whole.valueAt(63, 47), 64 * 48 - 1);
    assert.equal(whole.valueAt(64, 0), undefined);
    assert.equal(whole.valueAt(0, -1), undefined);
  });
});
