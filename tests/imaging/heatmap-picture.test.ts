import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { COLOUR_MAPS } from '../../imaging/colour-maps.js';
import { cutOut } from '../../imaging/crop-view.js';
import { readGrey16Png } from '../../imaging/grey16-png.js';
import { absolutePicture, greyBaseOf, selfScaledPicture } from '../../imaging/heatmap-picture.js';
import { readNpz } from '../../imaging/npz.js';
import { readPngTexts } from '../../imaging/png-text.js';
import { writeRgbPng } from '../../imaging/rgb-png.js';
import { sharp } from '../../imaging/sharp.js';
import { itWithShared } from '../support/shared.js';
import { type GoldenCrop, goldenJson, goldenPath } from './golden.js';

describe('heatmap pictures', () => {
  itWithShared('scaled by themselves are those of the original program, pixel for pixel', async (shared) => {
    const { window_location } = goldenJson<Record<string, GoldenCrop>>(shared, 'small', 'single_small.json')[
      'L-CC'
    ] as GoldenCrop;
    const [top, bottom, left, right] = window_location;
    const whole = await readGrey16Png(goldenPath(shared, 'synthetic', 'small_L-CC.png'));
    const view = cutOut(whole, { top, bottom, left, right });
    const archive = readFileSync(goldenPath(shared, 'small', 'heatmaps_small_L-CC.npz'));
    const heatmaps = readNpz(archive, ['benign', 'malignant']);
    for (const [name, map] of [
      ['benign', COLOUR_MAPS.deepgreen],
      ['malignant', COLOUR_MAPS.hot],
    ] as const) {
      const reference = await sharp(goldenPath(shared, 'small', `visualize_small_L-CC_${name}.png`))
        .raw()
        .toBuffer();
      const png = await writeRgbPng(selfScaledPicture(greyBaseOf(view), heatmaps[name], map, 0.2));
      assert.ok((await sharp(png).raw().toBuffer()).equals(reference), name);
      assert.deepEqual(readPngTexts(png), { Disclaimer: 'Research use only. Not for diagnosis.' });
    }
  });

  itWithShared('use the colour tables that OpenCV has', (shared) => {
    const golden = goldenJson<Record<'HOT' | 'DEEPGREEN', number[][]>>(shared, 'colormaps.json');
    assert.deepEqual([...COLOUR_MAPS.hot], golden.HOT.flat());
    assert.deepEqual([...COLOUR_MAPS.deepgreen], golden.DEEPGREEN.flat());
  });

  const plane = (value: number, rows = 300, columns = 280) => ({
    rows,
    columns,
    pixels: new Float32Array(rows * columns).fill(value),
  });
  const view = greyBaseOf({ rows: 300, columns: 280, pixels: new Uint16Array(300 * 280).fill(7) });
  const maps = { origin: ['exam e-17', 'bundle nyu'], malignantMap: COLOUR_MAPS.hot, benignMap: COLOUR_MAPS.deepgreen };
  it('are black where neither view nor heatmap vary', () => {
    assert.ok(selfScaledPicture(view, plane(0.7), COLOUR_MAPS.hot, 0.2).pixels.every((value) => value === 0));
  });

  it('on the absolute scale show a probability in the same colour whatever surrounds it', () => {
    const surrounded = plane(0.4);
    surrounded.pixels.fill(1, 50);
    for (const malignant of [plane(0.4), surrounded]) {
      const request = { title: 'L_CC', view, malignant, benign: plane(0), opacity: 1, ...maps };
      const colour = absolutePicture(request).pixels.subarray(0, 3);
      assert.deepEqual(colour, COLOUR_MAPS.hot.subarray(3 * 102, 3 * 103));
    }
  });

  it('on the absolute scale show both classes, each channel the brighter of the two', () => {
    const request = { title: 'R_MLO', view, malignant: plane(0.4), benign: plane(0.6), opacity: 1, ...maps };
    const brighter = [0, 1, 2].map((channel) =>
      Math.max(COLOUR_MAPS.hot[3 * 102 + channel] as number, COLOUR_MAPS.deepgreen[3 * 153 + channel] as number),
    );
    assert.deepEqual([...absolutePicture(request).pixels.subarray(0, 3)], brighter);
  });

  it('on the absolute scale carry a legend below the view with both colour bars, in every width', () => {
    for (const columns of [100, 280, 800]) {
      const narrow = greyBaseOf({ rows: 300, columns, pixels: new Uint16Array(300 * columns) });
      const heat = plane(0, 300, columns);
      const picture = absolutePicture({
        title: 'L_MLO',
        view: narrow,
        malignant: heat,
        benign: heat,
        opacity: 1,
        ...maps,
      });
      assert.ok(picture.rows > 300 && picture.columns >= 256);
      const legend = picture.pixels.subarray(3 * 300 * picture.columns);
      const colours = new Set<string>();
      for (let index = 0; index < legend.length; index += 3) colours.add(legend.subarray(index, index + 3).join());
      for (const map of [COLOUR_MAPS.hot, COLOUR_MAPS.deepgreen]) {
        for (const byte of [0, 255]) assert.ok(colours.has(map.subarray(3 * byte, 3 * byte + 3).join()));
      }
      assert.ok(picture.pixels.subarray(0, 3 * 300 * picture.columns).every((value) => value === 0));
    }
  });

  it('on the absolute scale name exam and bundle, in as many lines as long names need', () => {
    const draw = (origin: string[]) =>
      absolutePicture({ title: 'L_CC', view, malignant: plane(0), benign: plane(0), opacity: 1, ...maps, origin });
    const [one, other, long] = [draw(['exam e-17']), draw(['exam e-18']), draw([`exam ${'x'.repeat(128)}`])];
    assert.equal(one.rows, other.rows);
    assert.notDeepEqual(one.pixels, other.pixels);
    assert.ok(long.rows > one.rows);
    const edge = Array.from({ length: long.rows }, (_, row) => long.pixels[3 * ((row + 1) * long.columns - 1)]);
    assert.ok(
      edge.every((value) => value === 0),
      'nothing is cut off at the right',
    );
  });

  it('on the absolute scale warn below the view, whatever the signs, and are as they were without a warning', () => {
    const draw = (warnings?: string[]) =>
      absolutePicture({
        ...{ title: 'L_CC', view, malignant: plane(0), benign: plane(0), opacity: 1, ...maps, origin: ['exam e-17'] },
        ...(warnings === undefined ? {} : { warnings }),
      });
    const [without, none, one, many] = [
      draw(),
      draw([]),
      draw(['noise: L_CC is noisy.']),
      draw(['a', 'b – “c” (0.2)']),
    ];
    assert.deepEqual(none.pixels, without.pixels);
    assert.ok(one.rows > without.rows);
    assert.ok(many.rows > one.rows);
    const above = 3 * view.rows * without.columns;
    assert.deepEqual(one.pixels.subarray(0, above), without.pixels.subarray(0, above), 'the view is the same');
  });

  it('refuse a heatmap of another shape than the view', () => {
    assert.throws(() => selfScaledPicture(view, plane(0, 299), COLOUR_MAPS.hot, 0.2), /does not lie over a view/);
    const request = { title: 'L_CC', view, malignant: plane(0), benign: plane(0, 300, 281), opacity: 1, ...maps };
    assert.throws(() => absolutePicture(request), RangeError);
  });
});
