import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { augmentationWindow } from '../../imaging/augmentation-window.js';
import { MersenneTwister } from '../../imaging/mersenne-twister.js';
import { readNpz } from '../../imaging/npz.js';
import { mirrorColumns } from '../../imaging/orientation.js';
import { rowEnds } from '../../imaging/row-ends.js';
import { standardiseWindow } from '../../imaging/standardise.js';
import { takeWindow } from '../../imaging/take-window.js';
import { WINDOW_SIZE } from '../../pipeline/bundle.js';
import { itWithShared } from '../support/shared.js';
import {
  type GoldenCrop,
  type GoldenDraw,
  type GoldenExam,
  goldenCropped,
  goldenJson,
  goldenPath,
  isMirrored,
  positionOf,
} from './golden.js';

const close = (actual: number, expected: number, tolerance: number, what: string): void =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${what}: ${actual} instead of ${expected}`);

describe('taking a window', () => {
  // The plain bicubic formula agrees to float32 rounding; OpenCV's vendor library departs by up to 0.26 grey levels
  // of 4095 (PIPELINE.md 10), which over the deviations of these windows (700 and more) is 4e-4.
  for (const [exam, file, tolerance] of [
    ['gmic-0', 'predictions_opencv_ipp_off.json', 5e-6],
    ['gmic-0', 'predictions.json', 4e-4],
    ['mixed', 'predictions.json', 4e-4],
  ] as const) {
    itWithShared(`gives the network what the original program gave it (${exam}, ${file})`, async (shared) => {
      await compareDraws(shared, exam, file, tolerance);
    });
  }

  async function compareDraws(shared: string, exam: GoldenExam, file: string, tolerance: number): Promise<void> {
    const crops = goldenJson<GoldenCrop[]>(shared, exam, 'crop_centers.json');
    const runs = goldenJson<Record<string, { draws: GoldenDraw[] }>>(shared, exam, file);
    const views = new Map(
      await Promise.all(
        crops.map(async (crop) => {
          const image = await goldenCropped(shared, exam, crop);
          const archive = readFileSync(goldenPath(shared, exam, `heatmaps_${crop.image}.npz`));
          const { benign, malignant } = readNpz(archive, ['benign', 'malignant']);
          const orient = isMirrored(crop) ? mirrorColumns : <Plane>(plane: Plane): Plane => plane;
          return [crop.view, { crop, image: orient(image), heatmaps: [orient(benign), orient(malignant)] }] as const;
        }),
      ),
    );
    for (const run of ['imageheatmaps_aug10', 'imageheatmaps_noaug1']) {
      const noise = run.endsWith('_aug10') ? 100 : 0;
      const random = MersenneTwister.numpy(0);
      // The first two passes of ten are enough here; the windows of all are compared elsewhere.
      for (const draw of (runs[run] as { draws: GoldenDraw[] }).draws.slice(0, 8)) {
        const { crop, image, heatmaps } = views.get(draw.view) as NonNullable<ReturnType<typeof views.get>>;
        const position = positionOf(crop.view);
        const { rows, columns } = image;
        const window = augmentationWindow({
          rows,
          columns,
          viewPosition: position,
          bestCenter: crop.best_center,
          cropNoise: noise,
          sizeNoise: noise,
          random,
        });
        const size = WINDOW_SIZE[position];
        const ends = new Int32Array(size[0]);
        const input = takeWindow(image, window, size, undefined, ends);
        for (const [row, end] of rowEnds(input, size[1]).entries()) assert.ok(end <= (ends[row] as number));
        standardiseWindow(input, ends);
        let sum = 0;
        for (let index = 0; index < input.length; index += 1) sum += Math.abs(input[index] as number);
        close(sum / draw.input_image.sum_abs, 1, tolerance, 'sum of magnitudes');
        for (const [place, expected] of Object.entries(draw.input_image.samples)) {
          const [row, column] = place.split(',').map(Number) as [number, number];
          close(input[row * size[1] + column] as number, expected, tolerance, `${run} ${draw.view} at ${place}`);
        }
        for (const [channel, heatmap] of heatmaps.entries()) {
          const values = takeWindow(heatmap, window, size);
          let total = 0;
          for (let index = 0; index < values.length; index += 1) total += values[index] as number;
          close(total / values.length, draw.input_heatmaps_mean?.[channel] as number, 1e-5, 'heatmap mean');
          const at = draw['input_heatmaps_at_1338,300']?.[channel] as number;
          close(values[1338 * size[1] + 300] as number, at, 1e-4, 'heatmap value');
        }
      }
    }
  }

  const image = { rows: 2, columns: 3, pixels: Uint16Array.of(1, 2, 3, 4, 5, 6) };

  it('pads with zeros above, below and to the right', () => {
    const taken = takeWindow(
      image,
      { padding: { top: 1, bottom: 1, right: 1 }, window: { top: 0, bottom: 4, left: 1, right: 4 } },
      [4, 3],
    );
    assert.deepEqual([...taken], [0, 0, 0, 2, 3, 0, 5, 6, 0, 0, 0, 0]);
  });

  it('says from which column on a row is background, resized or not', () => {
    const breast = { rows: 2, columns: 4, pixels: Uint16Array.of(1, 2, 3, 0, 4, 0, 0, 0) };
    const padding = { top: 1, bottom: 0, right: 2 };
    const ends = new Int32Array(3).fill(9);
    takeWindow(breast, { padding, window: { top: 0, bottom: 3, left: 1, right: 5 } }, [3, 4], undefined, ends);
    assert.deepEqual([...ends], [0, 2, 0]);
    const larger = new Int32Array(6).fill(9);
    const window = { top: 0, bottom: 3, left: 0, right: 6 };
    const resized = takeWindow(breast, { padding, window }, [6, 12], undefined, larger);
    for (const [row, end] of rowEnds(resized, 12).entries()) assert.ok(end <= (larger[row] as number), `row ${row}`);
    assert.ok(Math.max(...larger) < 12);
  });

  it('writes into the channel of a tensor, over whatever was there', () => {
    const tensor = new Float32Array(12).fill(9);
    const window = { top: 0, bottom: 2, left: 0, right: 3 };
    takeWindow(image, { padding: { top: 0, bottom: 0, right: 0 }, window }, [2, 3], tensor.subarray(6));
    assert.deepEqual([...tensor], [9, 9, 9, 9, 9, 9, 1, 2, 3, 4, 5, 6]);
  });
});
