import assert from 'node:assert/strict';
import fc from 'fast-check';
import { breastMask, dilate, erode } from '../../imaging/breast-mask.js';
import { anyMask, drawnMask, morphologyStep } from './masks.js';

describe('the breast mask', () => {
  it('erodes and dilates as iterated 4-neighbour morphology does', () => {
    fc.assert(
      fc.property(anyMask, fc.integer({ min: 1, max: 6 }), (mask, iterations) => {
        let eroded = mask;
        let dilated = mask;
        for (let step = 0; step < iterations; step += 1) {
          eroded = morphologyStep(eroded, (cross) => cross.every((value) => value === 1));
          dilated = morphologyStep(dilated, (cross) => cross.some((value) => value === 1));
        }
        assert.deepEqual(erode(mask, iterations), eroded);
        assert.deepEqual(dilate(mask, iterations), dilated);
      }),
    );
  });

  it('drops lines and labels thinner than the erosion and keeps the largest body', () => {
    const { pixels, ...shape } = drawnMask(
      '#########',
      '.........',
      '.###.....',
      '####..##.',
      '.###..##.',
      '.........',
    );
    const image = { ...shape, pixels: Uint16Array.from(pixels, (value) => value * 4000) };
    assert.deepEqual(
      breastMask(image, 1),
      drawnMask('.........', '.........', '.##......', '####.....', '.##......', '.........'),
    );
  });

  it('is nothing where all is black or nothing is wide enough', () => {
    assert.equal(breastMask({ rows: 9, columns: 9, pixels: new Uint16Array(81) }, 1), undefined);
    assert.equal(breastMask({ rows: 9, columns: 9, pixels: new Uint16Array(81).fill(7) }, 5), undefined);
  });
});
