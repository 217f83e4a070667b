import assert from 'node:assert/strict';
import fc from 'fast-check';
import { largestComponent } from '../../imaging/connected-components.js';
import type { Mask } from '../../imaging/planes.js';
import { anyMask, at, drawnMask } from './masks.js';

/** Flood fill from each pixel in raster order: the definition. */
function naive(mask: Mask): Mask | undefined {
  const seen = new Set<number>();
  let largest: number[] = [];
  for (let start = 0; start < mask.pixels.length; start += 1) {
    if (mask.pixels[start] === 0 || seen.has(start)) continue;
    const component = [start];
    seen.add(start);
    for (const index of component) {
      const row = Math.floor(index / mask.columns);
      const column = index % mask.columns;
      for (const [r, c] of [
        [row - 1, column],
        [row + 1, column],
        [row, column - 1],
        [row, column + 1],
      ] as const) {
        const neighbour = r * mask.columns + c;
        if (at(mask, r, c) === 0 || seen.has(neighbour)) continue;
        seen.add(neighbour);
        component.push(neighbour);
      }
    }
    if (component.length > largest.length) largest = component;
  }
  if (largest.length === 0) return undefined;
  const pixels = new Uint8Array(mask.pixels.length);
  for (const index of largest) pixels[index] = 1;
  return { ...mask, pixels };
}

describe('the largest connected component', () => {
  it('agrees with flood filling on random masks', () => {
    fc.assert(
      fc.property(anyMask, (mask) => assert.deepEqual(largestComponent(mask), naive(mask))),
      { numRuns: 500 },
    );
  });

  it('is the first in raster order of equally large ones', () => {
    assert.deepEqual(largestComponent(drawnMask('..##', '....', '##..')), drawnMask('..##', '....', '....'));
  });

  it('does not join corners', () => {
    assert.deepEqual(largestComponent(drawnMask('#..', '.##')), drawnMask('...', '.##'));
  });

  it('follows a component that winds back on itself', () => {
    const spiral = drawnMask('#####', '#...#', '#.#.#', '#.###', '#....');
    assert.deepEqual(largestComponent(spiral), spiral);
  });

  it('is nothing in an empty mask', () => {
    assert.equal(largestComponent(drawnMask('...', '...')), undefined);
  });
});
