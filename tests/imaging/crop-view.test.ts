import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cutOut, locateBreast } from '../../imaging/crop-view.js';
import { readGrey16Png } from '../../imaging/grey16-png.js';
import { mirrorColumns } from '../../imaging/orientation.js';
import { itWithShared } from '../support/shared.js';
import { type GoldenCrop, goldenJson, goldenPath, isMirrored, pictureOf } from './golden.js';
import { drawBreast } from './png-fixtures.js';

const DEFAULTS = { iterations: 100, buffer: 50 };
const hashOf = (pixels: Uint16Array): string =>
  createHash('sha256')
    .update(new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength))
    .digest('hex');

describe('cropping a view', () => {
  for (const [set, count] of [
    ['gmic-0', 4],
    ['mixed', 4],
    ['synthetic', 11],
  ] as const) {
    itWithShared(`gives exactly what the original program gave for ${set}`, async (shared) => {
      const crops = goldenJson<GoldenCrop[]>(shared, set, 'crop_centers.json');
      assert.equal(crops.length, count);
      for (const golden of crops) {
        const image = await readGrey16Png(pictureOf(shared, set, golden.image));
        assert.deepEqual([image.rows, image.columns], golden.source_shape);
        compare(image, golden);
      }
    });
  }

  itWithShared('gives exactly what the original program gave for single images', async (shared) => {
    const singles = goldenJson<Record<string, GoldenCrop>>(shared, 'small', 'single_small.json');
    for (const view of ['L-CC', 'R-CC']) {
      const image = await readGrey16Png(goldenPath(shared, 'synthetic', `small_${view}.png`));
      compare(image, { ...(singles[view] as GoldenCrop), view });
    }
  });

  function compare(image: Parameters<typeof locateBreast>[0], golden: GoldenCrop): void {
    const location = locateBreast(image, isMirrored(golden) ? 'left' : 'right', DEFAULTS);
    if (golden.fails) {
      assert.equal(location, undefined, golden.image);
      return;
    }
    assert.ok(location !== undefined, golden.image);
    const { top, bottom, left, right } = location.window;
    assert.deepEqual([top, bottom, left, right], golden.window_location, golden.image);
    assert.deepEqual(location.rightmostPoints, golden.rightmost_points, golden.image);
    assert.deepEqual(location.bottommostPoints, golden.bottommost_points, golden.image);
    assert.equal(location.distanceFromStartingSide, golden.distance_from_starting_side, golden.image);
    const cropped = cutOut(image, location.window);
    assert.deepEqual([cropped.rows, cropped.columns], golden.cropped_shape, golden.image);
    assert.equal(hashOf(cropped.pixels), golden.cropped_sha256_le16, golden.image);
  }

  it('finds the mirrored place in a mirrored view, with points one column further as the original has them', () => {
    const image = drawBreast(500, 420);
    const right = locateBreast(image, 'right', { iterations: 20, buffer: 10 });
    const left = locateBreast(mirrorColumns(image), 'left', { iterations: 20, buffer: 10 });
    assert.ok(right !== undefined && left !== undefined);
    assert.deepEqual(
      [left.window.left, left.window.right],
      [image.columns - right.window.right, image.columns - right.window.left],
    );
    assert.deepEqual(left.rightmostPoints, [right.rightmostPoints[0], right.rightmostPoints[1] + 1]);
    assert.equal(left.bottommostPoints[1][0], right.bottommostPoints[1][0] + 1);
  });

  it('leaves the buffer above, below and in front of the breast, and none at the chest wall', () => {
    const image = { rows: 60, columns: 60, pixels: new Uint16Array(3600) };
    for (let row = 20; row < 40; row += 1) image.pixels.fill(500, row * 60 + 5, row * 60 + 30);
    const location = locateBreast(image, 'right', { iterations: 1, buffer: 4 });
    assert.deepEqual(location?.window, { top: 16, bottom: 44, left: 5, right: 34 });
    assert.equal(location?.distanceFromStartingSide, 5);
  });

  it('finds nothing in a black view', () => {
    assert.equal(
      locateBreast({ rows: 300, columns: 300, pixels: new Uint16Array(90000) }, 'left', DEFAULTS),
      undefined,
    );
  });
});
