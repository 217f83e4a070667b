import assert from 'node:assert/strict';
import fc from 'fast-check';
import { distanceToSet, distanceToUnset } from '../../imaging/distance-transform.js';
import type { Mask } from '../../imaging/planes.js';
import { anyMask, drawnMask } from './masks.js';

/** Every pixel against every other: the definition. */
function naive({ rows, columns, pixels }: Mask, target: number, borderCounts: boolean, limit: number): number[] {
  return Array.from(pixels, (_, index) => {
    const row = Math.floor(index / columns);
    const column = index % columns;
    let nearest = borderCounts ? Math.min(row + 1, column + 1, rows - row, columns - column) : limit;
    for (let other = 0; other < pixels.length; other += 1) {
      if (pixels[other] !== target) continue;
      const distance = Math.abs(Math.floor(other / columns) - row) + Math.abs((other % columns) - column);
      nearest = Math.min(nearest, distance);
    }
    return Math.min(nearest, limit);
  });
}

describe('the city-block distance transform', () => {
  it('agrees with its definition on random masks', () => {
    fc.assert(
      fc.property(anyMask, fc.constantFrom(1, 3, 30, 300), (mask, limit) => {
        assert.deepEqual([...distanceToUnset(mask, limit)], naive(mask, 0, true, limit));
        assert.deepEqual([...distanceToSet(mask, limit)], naive(mask, 1, false, limit));
      }),
    );
  });

  it('saturates at its limit, in one byte where that is enough', () => {
    const mask = drawnMask('#.........');
    assert.deepEqual([...distanceToSet(mask, 3)], [0, 1, 2, 3, 3, 3, 3, 3, 3, 3]);
    assert.ok(distanceToSet(mask, 255) instanceof Uint8Array);
    assert.ok(distanceToSet(mask, 256) instanceof Uint16Array);
  });

  it('refuses a limit that does not fit', () => {
    assert.throws(() => distanceToSet(drawnMask('#'), 65536), RangeError);
    assert.throws(() => distanceToUnset(drawnMask('#'), 0), RangeError);
  });
});
