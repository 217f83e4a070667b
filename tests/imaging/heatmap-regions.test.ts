import assert from 'node:assert/strict';
import fc from 'fast-check';
import { heatmapRegions, type Point, simplifiedOutline } from '../../imaging/heatmap-regions.js';
import type { FloatPlane } from '../../imaging/planes.js';

const plane = (...lines: readonly string[]): FloatPlane => ({
  rows: lines.length,
  columns: lines[0]?.length ?? 0,
  pixels: Float32Array.from([...lines.join('')].map((digit) => Number(digit) / 8)),
});
const corners = (outline: readonly Point[]): number[][] => outline.map(({ row, column }) => [row, column]);

/** The area inside a closed line, by the shoelace formula. */
function areaInside(outline: readonly Point[]): number {
  let twice = 0;
  for (const [index, { row, column }] of outline.entries()) {
    const next = outline[(index + 1) % outline.length] as Point;
    twice += column * next.row - next.column * row;
  }
  return twice / 2;
}

describe('the regions of a heatmap', () => {
  it('are measured by what reaches the threshold', () => {
    const [one, other, ...rest] = heatmapRegions(
      plane(
        '00000', //
        '04600',
        '04000',
        '00008',
      ),
      0.5,
    );
    assert.deepEqual(rest, []);
    assert.equal(one?.pixels, 3);
    assert.equal(one?.peak, 0.75);
    assert.ok(Math.abs((one?.mean ?? 0) - 1.75 / 3) < 1e-12);
    assert.deepEqual(one?.centre, { row: (1.5 + 1.5 + 2.5) / 3, column: (1.5 + 2.5 + 1.5) / 3 });
    assert.deepEqual(corners(one?.outline ?? []), [
      [1, 1],
      [1, 3],
      [2, 3],
      [2, 2],
      [3, 2],
      [3, 1],
    ]);
    assert.deepEqual(other?.centre, { row: 3.5, column: 4.5 });
    assert.deepEqual(corners(other?.outline ?? []), [
      [3, 4],
      [3, 5],
      [4, 5],
      [4, 4],
    ]);
  });

  it('are none where nothing reaches the threshold, and NaN never does', () => {
    assert.deepEqual(heatmapRegions(plane('012', '210'), 0.5), []);
    assert.deepEqual(heatmapRegions({ rows: 1, columns: 1, pixels: Float32Array.of(Number.NaN) }, 0), []);
  });

  it('do not join by a corner', () => {
    const regions = heatmapRegions(plane('80', '08'), 0.5);
    assert.deepEqual(
      regions.map(({ pixels, outline }) => [pixels, outline.length]),
      [
        [1, 4],
        [1, 4],
      ],
    );
  });

  it('have an outline around holes', () => {
    const [ring] = heatmapRegions(plane('888', '808', '888'), 0.5);
    assert.equal(ring?.pixels, 8);
    assert.equal(areaInside(ring?.outline ?? []), 9);
    assert.equal(ring?.outline.length, 4);
  });

  it('hold every pixel once, and outlines enclose them', () => {
    const anyPlane = fc
      .record({ rows: fc.integer({ min: 1, max: 9 }), columns: fc.integer({ min: 1, max: 9 }) })
      .chain((size) =>
        fc
          .array(fc.constantFrom(0, 0.25, 0.5, 1), {
            minLength: size.rows * size.columns,
            maxLength: size.rows * size.columns,
          })
          .map((values): FloatPlane => ({ ...size, pixels: Float32Array.from(values) })),
      );
    fc.assert(
      fc.property(anyPlane, (any) => {
        const regions = heatmapRegions(any, 0.5);
        const set = any.pixels.filter((value) => value >= 0.5);
        assert.equal(
          regions.reduce((sum, { pixels }) => sum + pixels, 0),
          set.length,
        );
        const total = regions.reduce((sum, { mean, pixels }) => sum + mean * pixels, 0);
        assert.ok(Math.abs(total - set.reduce((sum, value) => sum + value, 0)) < 1e-9);
        for (const { pixels, outline } of regions) assert.ok(areaInside(outline) >= pixels);
      }),
    );
  });

  it('keep an outline of few corners, and lose corners of a long one by moving it little', () => {
    const square = corners(heatmapRegions(plane('88', '88'), 0.5)[0]?.outline ?? []);
    assert.equal(
      simplifiedOutline(
        square.map(([row = 0, column = 0]) => ({ row, column })),
        4,
      ).length,
      4,
    );
    const disc: FloatPlane = { rows: 200, columns: 200, pixels: new Float32Array(200 * 200) };
    for (let row = 0; row < 200; row += 1) {
      for (let column = 0; column < 200; column += 1) {
        if (Math.hypot(row - 100, column - 100) < 90) disc.pixels[row * 200 + column] = 1;
      }
    }
    const [region] = heatmapRegions(disc, 0.5);
    const simple = simplifiedOutline(region?.outline ?? [], 40);
    assert.ok(simple.length <= 40 && simple.length > 8);
    assert.ok(Math.abs(areaInside(simple) / (region?.pixels ?? 0) - 1) < 0.03);
  });
});
