import assert from 'node:assert/strict';
import fc from 'fast-check';
import { augmentationWindow } from '../../imaging/augmentation-window.js';
import { MersenneTwister } from '../../imaging/mersenne-twister.js';
import { itWithShared } from '../support/shared.js';
import { GOLDEN_EXAMS, type GoldenCrop, type GoldenDraw, goldenJson, positionOf } from './golden.js';

describe('augmentation windows', () => {
  for (const exam of GOLDEN_EXAMS) {
    itWithShared(`are those of every draw of the original program for ${exam}`, (shared) => {
      const crops = goldenJson<GoldenCrop[]>(shared, exam, 'crop_centers.json');
      const runs = goldenJson<Record<string, { draws: GoldenDraw[] }>>(shared, exam, 'predictions.json');
      for (const [run, { draws }] of Object.entries(runs)) {
        const noise = run.endsWith('_aug10') ? 100 : 0;
        const random = MersenneTwister.numpy(0);
        assert.equal(draws.length, noise === 0 ? 4 : 40);
        for (const draw of draws) {
          const crop = crops.find(({ view }) => view === draw.view) as GoldenCrop;
          const drawn = augmentationWindow({
            rows: crop.cropped_shape[0],
            columns: crop.cropped_shape[1],
            viewPosition: positionOf(crop.view),
            bestCenter: crop.best_center,
            cropNoise: noise,
            sizeNoise: noise,
            random,
          });
          const { shifted, window } = drawn;
          assert.deepEqual([drawn.paddedRows, drawn.paddedColumns], draw.padded_shape);
          assert.deepEqual(Object.values(shifted), draw.borders_after_crop_noise);
          assert.deepEqual([window.top, window.bottom, window.left, window.right], draw.borders_final);
        }
      }
    });
  }

  it('stay inside the padded view, whatever its size and center', () => {
    fc.assert(
      fc.property(
        fc.record({
          rows: fc.integer({ min: 256, max: 6000 }),
          columns: fc.integer({ min: 256, max: 5000 }),
          viewPosition: fc.constantFrom('CC' as const, 'MLO' as const),
          bestCenter: fc.tuple(fc.integer({ min: -3000, max: 7000 }), fc.integer({ min: -3000, max: 7000 })),
          cropNoise: fc.integer({ min: 0, max: 200 }),
          sizeNoise: fc.integer({ min: 0, max: 200 }),
        }),
        fc.integer({ min: 0, max: 0xffffffff }),
        (request, seed) => {
          const { window, paddedRows, paddedColumns } = augmentationWindow({
            ...request,
            random: MersenneTwister.numpy(seed),
          });
          assert.ok(window.top >= 0 && window.left >= 0);
          assert.ok(window.bottom <= paddedRows && window.right <= paddedColumns);
          assert.ok(window.top < window.bottom && window.left < window.right);
        },
      ),
    );
  });

  it('take two numbers for the shift and always four for the size', () => {
    for (const [cropNoise, taken] of [
      [0, 4],
      [100, 6],
    ] as const) {
      const [random, expected] = [MersenneTwister.numpy(9), MersenneTwister.numpy(9)];
      augmentationWindow({
        rows: 900,
        columns: 900,
        viewPosition: 'CC',
        bestCenter: [0, 0],
        cropNoise,
        sizeNoise: 0,
        random,
      });
      for (let index = 0; index < taken; index += 1) expected.nextDouble();
      assert.equal(random.nextUint32(), expected.nextUint32());
    }
  });
});
