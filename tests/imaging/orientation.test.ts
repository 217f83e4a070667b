import assert from 'node:assert/strict';
import { mirrorColumns } from '../../imaging/orientation.js';

describe('orientation', () => {
  const image = { rows: 2, columns: 3, pixels: Uint16Array.of(1, 2, 3, 4, 5, 6) };

  it('mirrors columns and leaves the image it was given as it is', () => {
    assert.deepEqual(mirrorColumns(image), { rows: 2, columns: 3, pixels: Uint16Array.of(3, 2, 1, 6, 5, 4) });
    assert.deepEqual(image.pixels, Uint16Array.of(1, 2, 3, 4, 5, 6));
  });

  it('mirrors twice to where it began, for float planes too', () => {
    const plane = { rows: 3, columns: 2, pixels: Float32Array.of(1, 2, 3, 4, 5, 6) };
    assert.deepEqual(mirrorColumns(mirrorColumns(plane)), plane);
  });
});
