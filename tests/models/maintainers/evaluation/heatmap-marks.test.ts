import assert from 'node:assert/strict';
import { heatmapMarks, heatmapPeak, isInside } from '../../../../models/maintainers/evaluation/heatmap-marks.js';

const plane = (...rows: number[][]) => ({
  rows: rows.length,
  columns: rows[0]?.length as number,
  pixels: Float32Array.from(rows.flat()),
});

describe("a heatmap's maximum", () => {
  it('lies in the middle of the pixels that share it', () => {
    const found = heatmapPeak(plane([0, 0.5, 0, 0], [0, 0.75, 0.75, 0], [0, 0.75, 0.75, 0]));
    assert.deepEqual(found, { value: 0.75, row: 1.5, column: 1.5 });
  });

  it('shared by separate regions is the first of them, and not between them', () => {
    assert.deepEqual(heatmapPeak(plane([0, 0, 0, 0], [1, 1, 0, 1], [1, 1, 0, 1])), { value: 1, row: 1.5, column: 0.5 });
  });

  it('of an even heatmap is its middle', () => {
    assert.deepEqual(heatmapPeak(plane([0, 0, 0])), { value: 0, row: 0, column: 1 });
  });
});

describe('marks of a heatmap', () => {
  it('are regions at or above the threshold, at the place of their maximum', () => {
    const map = plane([0.5, 0.75, 0, 0.25], [0, 0, 0, 0], [0.25, 0, 0.5, 1]);
    assert.deepEqual(heatmapMarks(map, 0.5), [
      { value: 0.75, row: 0, column: 1 },
      { value: 1, row: 2, column: 3 },
    ]);
    assert.equal(heatmapMarks(map, 0.25).length, 4);
    assert.deepEqual(heatmapMarks(map, 1.5), []);
  });

  it('that touch at a corner only are two', () => {
    assert.equal(heatmapMarks(plane([1, 0], [0, 1]), 1).length, 2);
  });

  it('are followed around corners', () => {
    const map = plane([1, 1, 1], [0, 0, 1], [1, 1, 1], [1, 0, 0], [1, 1, 1]);
    assert.deepEqual(heatmapMarks(map, 1).length, 1);
  });
});

describe('a place', () => {
  it('on the rim of a circle is inside, and one beyond is not', () => {
    const circle = { row: 10, column: 10, radius: 5 };
    assert.ok(isInside({ row: 13, column: 14 }, circle));
    assert.ok(!isInside({ row: 13, column: 14.1 }, circle));
  });
});
