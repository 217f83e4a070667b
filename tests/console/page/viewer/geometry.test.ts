import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  boxOnScreen,
  type Camera,
  fitted,
  fittingScale,
  type Hung,
  LARGEST_SCALE,
  linkedCamera,
  loupeCamera,
  panned,
  pixelAt,
  type Size,
  toPosition,
  toScreen,
  truePixelsAt,
  zoomedAt,
} from '../../../../console/page/viewer/geometry.js';

const extent = fc.integer({ min: 1, max: 4_000 });
const hangs: fc.Arbitrary<Hung> = fc.record({
  rows: extent,
  columns: extent,
  mirrored: fc.boolean(),
  wall: fc.constantFrom('left', 'right', 'none'),
});
const sizes: fc.Arbitrary<Size> = fc.record({
  width: fc.integer({ min: 64, max: 2_000 }),
  height: fc.integer({ min: 64, max: 2_000 }),
});
const number = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const cameras: fc.Arbitrary<Camera> = fc.record({
  row: number(0, 4_000),
  column: number(0, 4_000),
  scale: number(0.02, LARGEST_SCALE),
});
const points = fc.record({ x: number(0, 2_000), y: number(0, 2_000) });
const close = (a: number, b: number, tolerance = 1e-6): void =>
  assert.ok(Math.abs(a - b) <= tolerance, `${a} is not ${b}`);

describe('where pixels are on the screen', () => {
  it('finds the position under a point and the point of a position, either way round', () => {
    fc.assert(
      fc.property(points, cameras, hangs, sizes, (point, camera, hung, size) => {
        const { x, y } = toScreen(toPosition(point, camera, hung, size), camera, hung, size);
        close(x, point.x);
        close(y, point.y);
      }),
    );
  });

  it('names the pixel under a point by its row and column on disk, and none beside the picture', () => {
    const size = { width: 100, height: 80 };
    const hung: Hung = { rows: 40, columns: 50, mirrored: false, wall: 'none' };
    const camera = fitted(hung, size);
    assert.equal(camera.scale, 2);
    assert.deepEqual(pixelAt({ x: 0.5, y: 0.5 }, camera, hung, size), { row: 0, column: 0 });
    assert.deepEqual(pixelAt({ x: 99.5, y: 79.5 }, camera, hung, size), { row: 39, column: 49 });
    assert.deepEqual(pixelAt({ x: 0.5, y: 0.5 }, camera, { ...hung, mirrored: true }, size), { row: 0, column: 49 });
    assert.equal(pixelAt({ x: -0.5, y: 10 }, camera, hung, size), undefined);
    assert.equal(pixelAt({ x: 10, y: 80.5 }, camera, hung, size), undefined);
  });

  it('fits all of a picture with its chest wall at its edge of the viewport', () => {
    fc.assert(
      fc.property(hangs, sizes, (hung, size) => {
        const camera = fitted(hung, size);
        const box = boxOnScreen({ top: 0, bottom: hung.rows, left: 0, right: hung.columns }, camera, hung, size);
        assert.ok(box.x >= -1e-6 && box.y >= -1e-6);
        assert.ok(box.x + box.width <= size.width + 1e-6 && box.y + box.height <= size.height + 1e-6);
        if (hung.wall === 'left') close(box.x, 0);
        if (hung.wall === 'right') close(box.x + box.width, size.width);
        if (hung.wall === 'none') close(box.x, size.width - (box.x + box.width));
      }),
    );
  });

  it('keeps what is under the pointer there when it zooms, as long as the picture stays in sight', () => {
    fc.assert(
      fc.property(
        hangs,
        sizes,
        number(0.25, 0.75),
        number(0.25, 0.75),
        number(1, 64),
        (hung, size, across, down, factor) => {
          const camera = fitted(hung, size);
          const point = toScreen({ row: down * hung.rows, column: across * hung.columns }, camera, hung, size);
          const before = toPosition(point, camera, hung, size);
          const after = toPosition(point, zoomedAt(camera, factor, point, hung, size), hung, size);
          close(after.row, before.row);
          close(after.column, before.column);
        },
      ),
    );
  });

  it('zooms neither beyond the largest scale nor below half of what fits', () => {
    fc.assert(
      fc.property(hangs, sizes, points, number(1e-6, 1e6), (hung, size, point, factor) => {
        const { scale } = zoomedAt(fitted(hung, size), factor, point, hung, size);
        assert.ok(scale <= LARGEST_SCALE && scale >= Math.min(1, fittingScale(hung, size) / 2) - 1e-9);
      }),
    );
  });

  it('moves the picture with the pointer, and never out of sight', () => {
    fc.assert(
      fc.property(hangs, sizes, number(-9_000, 9_000), number(-9_000, 9_000), (hung, size, x, y) => {
        const camera = panned(fitted(hung, size), { x, y }, hung, size);
        const box = boxOnScreen({ top: 0, bottom: hung.rows, left: 0, right: hung.columns }, camera, hung, size);
        assert.ok(box.x < size.width && box.y < size.height && box.x + box.width > 0 && box.y + box.height > 0);
      }),
    );
    const hung: Hung = { rows: 100, columns: 100, mirrored: false, wall: 'none' };
    const size = { width: 100, height: 100 };
    const camera = fitted(hung, size);
    const moved = panned(camera, { x: 10, y: -5 }, hung, size);
    const at = toScreen({ row: 50, column: 50 }, moved, hung, size);
    assert.deepEqual(at, { x: 60, y: 45 });
  });

  it('shows true pixels each on one device pixel, near where the pointer was', () => {
    fc.assert(
      fc.property(hangs, sizes, number(0.25, 0.75), number(0.25, 0.75), (hung, size, across, down) => {
        const start = fitted(hung, size);
        const point = toScreen({ row: down * hung.rows, column: across * hung.columns }, start, hung, size);
        const camera = truePixelsAt(start, point, hung, size);
        assert.equal(camera.scale, 1);
        const corner = toPosition({ x: 0, y: 0 }, camera, hung, size);
        assert.equal(corner.row, Math.round(corner.row));
        assert.equal(corner.column, Math.round(corner.column));
        const after = toPosition(point, camera, hung, size);
        assert.ok(Math.abs(after.row - down * hung.rows) <= 1);
        assert.ok(Math.abs(after.column - across * hung.columns) <= 1);
      }),
    );
    const loupe = loupeCamera({ row: 10.7, column: 20.2 }, { width: 5, height: 4 });
    assert.deepEqual(loupe, { row: 10, column: 20.5, scale: 1 });
  });

  it('links both breasts as mirror images about the chest wall, and two states of one view as the same place', () => {
    fc.assert(
      fc.property(cameras, hangs, hangs, (camera, from, to) => {
        const back = linkedCamera(linkedCamera(camera, from, to), to, from);
        close(back.column, camera.column);
        assert.equal(back.row, camera.row);
      }),
    );
    const right: Hung = { rows: 30, columns: 20, mirrored: false, wall: 'right' };
    const left: Hung = { rows: 30, columns: 24, mirrored: false, wall: 'left' };
    // Five pixels from the wall in both.
    assert.deepEqual(linkedCamera({ row: 7, column: 15, scale: 2 }, right, left), { row: 7, column: 5, scale: 2 });
    // Stored the other way round, the wall of the right breast is at its first column.
    const turned = { ...right, mirrored: true };
    assert.deepEqual(linkedCamera({ row: 7, column: 5, scale: 2 }, turned, left), { row: 7, column: 5, scale: 2 });
  });
});
