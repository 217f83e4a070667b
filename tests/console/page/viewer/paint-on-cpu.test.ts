import assert from 'node:assert/strict';
import fc from 'fast-check';
import { colourOf, DIFFERENCE_MAP, PROBABILITY_MAPS } from '../../../../console/page/viewer/colour-map.js';
import { pixelAt, toPosition, truePixelsAt } from '../../../../console/page/viewer/geometry.js';
import { paintScene, paintSurround } from '../../../../console/page/viewer/paint-on-cpu.js';
import { pyramidOf } from '../../../../console/page/viewer/pyramid.js';
import { LOUPE_EDGE, type Overlay, type Scene, SURROUND } from '../../../../console/page/viewer/scene.js';
import { greyOf, windowBetween } from '../../../../console/page/viewer/window-level.js';

const ROWS = 40;
const COLUMNS = 30;
const grey16 = (row: number, column: number): number => (row * 1_500 + column * 37) % 65_536;
const picture = pyramidOf(
  {
    level: 0,
    rows: ROWS,
    columns: COLUMNS,
    values: Uint16Array.from({ length: ROWS * COLUMNS }, (_, index) =>
      grey16(Math.floor(index / COLUMNS), index % COLUMNS),
    ),
  },
  { rows: ROWS, columns: COLUMNS },
);
const size = { width: 50, height: 44 };
const base: Scene = {
  size,
  picture,
  mirrored: false,
  camera: { row: ROWS / 2, column: COLUMNS / 2, scale: 1 },
  window: windowBetween(5_000, 50_000),
  inverted: false,
};
const paint = (scene: Scene): Uint8Array => {
  const target = new Uint32Array(scene.size.width * scene.size.height);
  paintScene(scene, target);
  return new Uint8Array(target.buffer);
};
const pixelOf = (bytes: Uint8Array, x: number, y: number): number[] => {
  const at = 4 * (y * size.width + x);
  return [...bytes.subarray(at, at + 4)];
};
const half: Overlay = {
  // Probability 0.8 in the right half of a part of 20 x 10 that begins at row 10 and column 5.
  plane: {
    level: 0,
    rows: 20,
    columns: 10,
    values: Float32Array.from({ length: 200 }, (_, index) => (index % 10 >= 5 ? 0.8 : 0.05)),
  },
  top: 10,
  left: 5,
  rows: 20,
  columns: 10,
  map: PROBABILITY_MAPS.malignant,
  low: 0,
  high: 1,
  threshold: 0.1,
  opacity: 0.5,
};

describe('painting without a graphics processor', () => {
  it('shows true pixels as the grey that the window gives each, and the surround beside them', () => {
    for (const mirrored of [false, true]) {
      for (const inverted of [false, true]) {
        const scene = { ...base, mirrored, inverted };
        const hung = { rows: ROWS, columns: COLUMNS, mirrored, wall: 'none' } as const;
        const bytes = paint(scene);
        for (let y = 0; y < size.height; y += 1) {
          for (let x = 0; x < size.width; x += 1) {
            const pixel = pixelAt({ x: x + 0.5, y: y + 0.5 }, scene.camera, hung, size);
            const grey = pixel && Math.floor(greyOf(grey16(pixel.row, pixel.column), scene.window, inverted) + 0.5);
            const expected = grey === undefined ? [...SURROUND, 255] : [grey, grey, grey, 255];
            assert.deepEqual(pixelOf(bytes, x, y), expected, `${x}, ${y}`);
          }
        }
      }
    }
  });

  it('is between the four neighbours wherever it looks', () => {
    const cameras = fc.record({
      row: fc.double({ min: 0, max: ROWS, noNaN: true }),
      column: fc.double({ min: 0, max: COLUMNS, noNaN: true }),
      scale: fc.double({ min: 1, max: 16, noNaN: true }),
    });
    fc.assert(
      fc.property(cameras, fc.boolean(), (camera, mirrored) => {
        const bytes = paint({ ...base, camera, mirrored });
        for (const [x, y] of [
          [0, 0],
          [25, 22],
          [49, 43],
          [13, 31],
        ] as const) {
          const { row, column } = toPosition({ x: x + 0.5, y: y + 0.5 }, camera, { mirrored }, size);
          const inside = row >= 0 && column >= 0 && row < ROWS && column < COLUMNS;
          if (!inside) {
            assert.deepEqual(pixelOf(bytes, x, y), [...SURROUND, 255]);
            continue;
          }
          const around = [row - 0.5, row + 0.5].flatMap((r) =>
            [column - 0.5, column + 0.5].map((c) =>
              grey16(Math.min(ROWS - 1, Math.max(0, Math.floor(r))), Math.min(COLUMNS - 1, Math.max(0, Math.floor(c)))),
            ),
          );
          const grey = pixelOf(bytes, x, y)[0] as number;
          assert.ok(grey >= Math.floor(greyOf(Math.min(...around), base.window)));
          assert.ok(grey <= Math.ceil(greyOf(Math.max(...around), base.window)));
        }
      }),
    );
  });

  it('lays colour of the probability where it is at or above the threshold, and nowhere else', () => {
    const bytes = paint({ ...base, overlay: half });
    const plain = paint(base);
    const hung = { rows: ROWS, columns: COLUMNS, mirrored: false, wall: 'none' } as const;
    const [red, green, blue] = colourOf(half.map, 0.8, 0, 1);
    let coloured = 0;
    for (let y = 0; y < size.height; y += 1) {
      for (let x = 0; x < size.width; x += 1) {
        const pixel = pixelAt({ x: x + 0.5, y: y + 0.5 }, base.camera, hung, size);
        const over = pixel && pixel.row >= 10 && pixel.row < 30 && pixel.column >= 10 && pixel.column < 15;
        if (over !== true) {
          assert.deepEqual(pixelOf(bytes, x, y), pixelOf(plain, x, y));
          continue;
        }
        coloured += 1;
        const grey = greyOf(grey16(pixel.row, pixel.column), base.window);
        for (const [index, colour] of [red, green, blue].entries()) {
          const found = pixelOf(bytes, x, y)[index] as number;
          assert.ok(Math.abs(found - (grey + colour) / 2) <= 1, `${x}, ${y}: ${found}`);
        }
      }
    }
    assert.equal(coloured, 100);
  });

  it('shows differences of both signs by their size, and leaves small ones out', () => {
    const plane = {
      ...half.plane,
      values: half.plane.values.map((_, index) => [-0.2, -0.01, 0.01, 0.2][index % 4] as number),
    };
    const overlay = { ...half, plane, map: DIFFERENCE_MAP, low: -0.25, high: 0.25, threshold: 0.05, opacity: 1 };
    const bytes = paint({ ...base, overlay });
    // Row 10 of the picture is row 0 of the overlay: x is 10 beyond the column.
    const row = Array.from({ length: 4 }, (_, column) => pixelOf(bytes, 5 + column + 10, 10 + 2));
    const rounded = (value: number): number[] => [
      ...colourOf(DIFFERENCE_MAP, value, -0.25, 0.25).map((one) => Math.floor(one + 0.5)),
      255,
    ];
    const grey = Math.floor(greyOf(grey16(10, 6), base.window) + 0.5);
    assert.deepEqual(row[0], rounded(Math.fround(-0.2)));
    assert.deepEqual(row[1], [grey, grey, grey, 255]);
    assert.deepEqual(row[3], rounded(Math.fround(0.2)));
  });

  it('draws the loupe at true pixels with an edge around it, cut off at the edge of the viewport', () => {
    const camera = { row: 20, column: 15, scale: 4 };
    const loupe = { x: 40, y: 10, size: { width: 20, height: 8 }, camera: { row: 20, column: 15, scale: 1 } };
    const bytes = paint({ ...base, camera, loupe });
    const expected = Math.floor(greyOf(grey16(20 - 4, 15 - 10), base.window) + 0.5);
    assert.deepEqual(pixelOf(bytes, 40, 10), [expected, expected, expected, 255]);
    assert.deepEqual(pixelOf(bytes, 39, 12), [...LOUPE_EDGE, 255]);
    assert.deepEqual(pixelOf(bytes, 45, 9), [...LOUPE_EDGE, 255]);
    assert.deepEqual(pixelOf(bytes, 45, 18), [...LOUPE_EDGE, 255]);
    assert.notDeepEqual(pixelOf(bytes, 38, 12), [...LOUPE_EDGE, 255]);
  });

  it('shows a smaller picture from a coarser level, still in the range of what is there', () => {
    const scene = { ...base, camera: { row: 20, column: 15, scale: 0.25 } };
    const grey = pixelOf(paint(scene), 25, 22)[0] as number;
    const mean = picture.planeFor(0.25);
    assert.equal(mean.level, 2);
    assert.ok(grey > 0 && grey < 255);
  });

  it('has a place for the pointer even when true pixels are asked for at a corner', () => {
    const hung = { rows: ROWS, columns: COLUMNS, mirrored: false, wall: 'left' } as const;
    const camera = truePixelsAt({ row: 0, column: 0, scale: 9 }, { x: 0, y: 0 }, hung, size);
    assert.ok(paint({ ...base, camera }).some((byte, index) => index % 4 === 0 && byte > SURROUND[2]));
  });

  it('clears to the surround', () => {
    const target = new Uint32Array(4);
    paintSurround(target);
    assert.deepEqual([...new Uint8Array(target.buffer).subarray(0, 4)], [...SURROUND, 255]);
  });
});
