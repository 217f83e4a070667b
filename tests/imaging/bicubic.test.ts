import assert from 'node:assert/strict';
import { resizeBicubic } from '../../imaging/bicubic.js';

describe('bicubic resizing', () => {
  const plane = { rows: 5, columns: 4, pixels: Float32Array.from({ length: 20 }, (_, index) => (index * 7) % 11) };

  it('leaves a plane of the same size as it is', () => {
    assert.deepEqual(resizeBicubic(plane, 5, 4), plane.pixels);
  });

  it('keeps a constant plane constant', () => {
    const constant = { rows: 9, columns: 7, pixels: new Float32Array(63).fill(0.25) };
    for (const value of resizeBicubic(constant, 12, 5)) assert.ok(Math.abs(value - 0.25) < 1e-7);
  });

  it('agrees with the formula evaluated in float64 at every pixel', () => {
    const weight = (distance: number): number => {
      const x = Math.abs(distance);
      if (x >= 2) return 0;
      return x <= 1 ? 1.25 * x ** 3 - 2.25 * x ** 2 + 1 : -0.75 * (x ** 3 - 5 * x ** 2 + 8 * x - 4);
    };
    for (const [rows, columns] of [
      [7, 9],
      [3, 2],
      [5, 13],
    ] as const) {
      const resized = resizeBicubic(plane, rows, columns);
      for (let row = 0; row < rows; row += 1) {
        for (let column = 0; column < columns; column += 1) {
          const y = ((row + 0.5) * plane.rows) / rows - 0.5;
          const x = ((column + 0.5) * plane.columns) / columns - 0.5;
          let expected = 0;
          for (let i = Math.floor(y) - 1; i <= Math.floor(y) + 2; i += 1) {
            for (let j = Math.floor(x) - 1; j <= Math.floor(x) + 2; j += 1) {
              const r = Math.min(Math.max(i, 0), plane.rows - 1);
              const c = Math.min(Math.max(j, 0), plane.columns - 1);
              expected += weight(y - i) * weight(x - j) * (plane.pixels[r * plane.columns + c] as number);
            }
          }
          assert.ok(Math.abs((resized[row * columns + column] as number) - expected) < 1e-5);
        }
      }
    }
  });
});
