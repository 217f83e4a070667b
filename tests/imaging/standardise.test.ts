import assert from 'node:assert/strict';
import { rowEnds } from '../../imaging/row-ends.js';
import { pixelStatistics, standardiseWholeImage, standardiseWindow } from '../../imaging/standardise.js';
import { VIEWS } from '../../pipeline/exam.js';
import { itWithShared } from '../support/shared.js';
import { type GoldenCrop, goldenCropped, goldenJson } from './golden.js';

describe('standardising', () => {
  itWithShared('finds the mean and deviation that the original program found', async (shared) => {
    const golden = goldenJson<Record<string, { mean: number; std: number }>>(shared, 'gmic-0', 'patch_positions.json');
    const crops = goldenJson<GoldenCrop[]>(shared, 'gmic-0', 'crop_centers.json');
    assert.equal(crops.length, VIEWS.length);
    for (const crop of crops) {
      const { mean, standardDeviation } = pixelStatistics((await goldenCropped(shared, 'gmic-0', crop)).pixels);
      const expected = golden[crop.image] as { mean: number; std: number };
      assert.equal(mean, expected.mean, crop.image);
      assert.ok(Math.abs(standardDeviation / expected.std - 1) < 1e-12, crop.image);
    }
  });

  it('takes the deviation of the population', () => {
    assert.deepEqual(pixelStatistics(Uint16Array.of(2, 4, 4, 4, 5, 5, 7, 9)), { mean: 5, standardDeviation: 2 });
  });

  it('makes a whole image centred and of unit deviation', () => {
    assert.deepEqual(
      [...standardiseWholeImage(Uint16Array.of(2, 4, 4, 4, 5, 5, 7, 9))],
      [-1.5, -0.5, -0.5, -0.5, 0, 0, 1, 2],
    );
  });

  it('does the same to a window in place', () => {
    const window = Float32Array.of(2, 4, 4, 4, 5, 5, 7, 9);
    standardiseWindow(window, rowEnds(window, 4));
    assert.deepEqual([...window], [-1.5, -0.5, -0.5, -0.5, 0, 0, 1, 2]);
  });

  it('gives the background of a window, right of the breast, the value that a pixel of 0 gets elsewhere', () => {
    const window = Float32Array.of(0, 4, 0, 0, 8, 0, 4, 0, 0, 0, 0, 0);
    const [mean, deviation] = [4 / 3, Math.sqrt(96 / 12 - 16 / 9)];
    const expected = window.map((value) => (value - mean) / deviation);
    standardiseWindow(window, rowEnds(window, 4));
    for (const [index, value] of window.entries()) assert.ok(Math.abs(value - (expected[index] as number)) < 1e-6);
    assert.equal(new Set(window).size, 3);
  });

  it('gives zeros for a constant image instead of dividing by zero', () => {
    assert.deepEqual([...standardiseWholeImage(new Uint16Array(4).fill(900))], [0, 0, 0, 0]);
    const window = new Float32Array(4).fill(0.3);
    standardiseWindow(window, rowEnds(window, 2));
    assert.deepEqual([...window], [0, 0, 0, 0]);
  });
});
