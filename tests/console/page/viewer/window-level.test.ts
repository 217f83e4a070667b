import assert from 'node:assert/strict';
import fc from 'fast-check';
import { histogramOf, percentile } from '../../../../console/page/viewer/histogram.js';
import {
  DRAG_EXTENT,
  draggedWindow,
  edgesOf,
  greyOf,
  PRESETS,
  presetWindow,
  windowBetween,
} from '../../../../console/page/viewer/window-level.js';

const plane = (values: readonly number[]) => ({
  level: 0,
  rows: 1,
  columns: values.length,
  values: Uint16Array.from(values),
});
const value = fc.integer({ min: 0, max: 65_535 });

describe('window and level', () => {
  it('shows the edges black and white and is straight between them', () => {
    const window = windowBetween(1_000, 3_000);
    assert.deepEqual(
      [0, 1_000, 1_500, 2_000, 3_000, 65_535].map((one) => greyOf(one, window)),
      [0, 0, 63.75, 127.5, 255, 255],
    );
    assert.equal(greyOf(1_500, window, true), 255 - 63.75);
    assert.deepEqual(edgesOf(window), [1_000, 3_000]);
  });

  it('never shows a higher value darker, nor anything outside 0 to 255', () => {
    fc.assert(
      fc.property(value, value, value, value, (a, b, black, white) => {
        const window = windowBetween(black, white);
        const [low, high] = [greyOf(Math.min(a, b), window), greyOf(Math.max(a, b), window)];
        assert.ok(low >= 0 && low <= high && high <= 255);
        assert.ok(Math.abs(greyOf(a, window, true) - (255 - greyOf(a, window))) < 1e-9);
      }),
    );
  });

  it('finds percentiles of what is not 0 exactly', () => {
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 300 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, share) => {
          const sorted = values.filter((one) => one > 0).sort((a, b) => a - b);
          const histogram = histogramOf(plane(values));
          assert.equal(histogram.count, sorted.length);
          assert.deepEqual([histogram.least, histogram.most], [Math.min(...values), Math.max(...values)]);
          const expected = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
          assert.equal(percentile(histogram, share), expected);
        },
      ),
    );
  });

  it('opens presets between percentiles of the tissue, the range of the file, and all 16 bits', () => {
    // A thousand tissue values among as much background.
    const values = [
      ...Array.from({ length: 1_000 }, () => 0),
      ...Array.from({ length: 1_000 }, (_, index) => 2_001 + index),
    ];
    const histogram = histogramOf(plane(values));
    const edges = PRESETS.map((preset) => [preset, ...edgesOf(presetWindow(preset, histogram))]);
    assert.deepEqual(edges, [
      ['tissue', 2_010, 2_999],
      ['dense', 2_500, 2_999],
      ['file', 0, 3_000],
      ['full', 0, 65_535],
    ]);
  });

  it('has a window for a picture that is black, or of one value', () => {
    for (const values of [
      [0, 0, 0],
      [500, 500],
    ]) {
      for (const preset of PRESETS) assert.ok(presetWindow(preset, histogramOf(plane(values))).width >= 1);
    }
  });

  it('is dragged wider to the right and higher downwards, in proportion to its width', () => {
    const start = { centre: 20_000, width: 10_000 };
    assert.deepEqual(draggedWindow(start, DRAG_EXTENT / 2, 0), { centre: 20_000, width: 15_000 });
    assert.deepEqual(draggedWindow(start, 0, -DRAG_EXTENT / 4), { centre: 17_500, width: 10_000 });
    assert.equal(draggedWindow(start, -10 * DRAG_EXTENT, 0).width, 1);
    fc.assert(
      fc.property(value, fc.integer({ min: 1, max: 65_536 }), fc.integer(), fc.integer(), (centre, width, dx, dy) => {
        const window = draggedWindow({ centre, width }, dx, dy);
        assert.ok(window.width >= 1 && window.width <= 65_536 && window.centre >= 0 && window.centre <= 65_535);
      }),
    );
  });
});
