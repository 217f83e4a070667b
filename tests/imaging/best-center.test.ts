import assert from 'node:assert/strict';
import { bestCenter } from '../../imaging/best-center.js';
import { mirrorColumns } from '../../imaging/orientation.js';
import type { Grey16Image } from '../../imaging/planes.js';
import { itWithShared } from '../support/shared.js';
import { type GoldenCrop, goldenCropped, goldenJson, isMirrored, positionOf } from './golden.js';

describe('the best center', () => {
  for (const set of ['gmic-0', 'mixed', 'synthetic'] as const) {
    itWithShared(`is that of the original program for ${set}`, async (shared) => {
      for (const golden of goldenJson<GoldenCrop[]>(shared, set, 'crop_centers.json')) {
        if (golden.fails) continue;
        const cropped = await goldenCropped(shared, set, golden);
        const image = isMirrored(golden) ? mirrorColumns(cropped) : cropped;
        const points = { rightmostPoints: golden.rightmost_points, bottommostPoints: golden.bottommost_points };
        assert.deepEqual(bestCenter(image, positionOf(golden.view), points), golden.best_center, golden.image);
        const [y, x] = golden.best_center;
        assert.deepEqual(bestCenter(image, positionOf(golden.view), points, [-30, 12]), [y - 30, x + 12]);
      }
    });
  }

  /** A tall CC view that is filled in the given rows. */
  function filled(rows: number, first: number, end: number): Grey16Image {
    const columns = 4;
    return { rows, columns, pixels: new Uint16Array(rows * columns).fill(1, first * columns, end * columns) };
  }
  const points = { rightmostPoints: [[0, 0], 3], bottommostPoints: [0, [0, 0]] } as const;

  it('of a CC view lies where the window holds most of the breast', () => {
    // The window covers rows y - 1338 to y + 1339; filled to row 3000, it must reach down to there.
    assert.deepEqual(bestCenter(filled(4000, 3000 - 2677, 3000), 'CC', points), [3000 - 1339, 3 - 971 - 1]);
  });

  it('of a CC view is as near the middle as equal windows allow', () => {
    assert.equal(bestCenter(filled(4000, 1900, 1910), 'CC', points)[0], 2000);
    assert.equal(bestCenter(filled(4000, 0, 0), 'CC', points)[0], 2000);
  });

  it('of a CC view no taller than the window is the middle', () => {
    assert.equal(bestCenter(filled(2677, 0, 100), 'CC', points)[0], 1338);
  });

  it('of an MLO view is that of the readme: the window ends at the lowest and the foremost point', () => {
    const image = { rows: 3818, columns: 2607, pixels: new Uint16Array(3818 * 2607).fill(1) };
    const readme = { rightmostPoints: [[2493, 2548], 2556], bottommostPoints: [3767, [1456, 1524]] } as const;
    assert.deepEqual(bestCenter(image, 'MLO', readme), [2279, 1681]);
  });

  it('of an MLO view ends no lower than anything in front', () => {
    const image = { rows: 3000, columns: 10, pixels: new Uint16Array(30000).fill(1, 0, 20000) };
    const lowest = { rightmostPoints: [[0, 0], 9], bottommostPoints: [2500, [0, 0]] } as const;
    assert.deepEqual(bestCenter(image, 'MLO', lowest), [1999 - 1487 - 1, 9 - 874 - 1]);
  });
});
