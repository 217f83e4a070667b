import assert from 'node:assert/strict';
import { drawView } from '../../../models/phantom/draw-view.js';
import { planExam } from '../../../models/phantom/plan-exam.js';
import { Random } from '../../../models/phantom/random.js';
import { drawTexture, MAMMOGRAM_EXPONENT } from '../../../models/phantom/tissue-texture.js';
import { spectrumExponent } from './power-spectrum.js';

const SIDE = 512;
const ONLY_NORMAL = { normal: 1, benign: 0, malignant: 0, both: 0 };

describe('the texture of tissue', () => {
  for (const exponent of [2.5, MAMMOGRAM_EXPONENT, 3.5]) {
    it(`has a power that falls with frequency as 1/f^${exponent}`, () => {
      const texture = drawTexture(SIDE, SIDE, { exponent, coarsest: 8, finest: 0 }, new Random(1));
      const found = spectrumExponent(texture, [0.01, 0.15]);
      assert.ok(Math.abs(found - exponent) < 0.3, `found ${found}`);
    });
  }

  it('has mean 0 and variance 1', () => {
    const { pixels } = drawTexture(1024, 1024, { exponent: 3, coarsest: 5, finest: 0 }, new Random(2));
    const mean = pixels.reduce((sum, value) => sum + value, 0) / pixels.length;
    const variance = pixels.reduce((sum, value) => sum + (value - mean) ** 2, 0) / pixels.length;
    assert.ok(Math.abs(mean) < 0.1, `mean ${mean}`);
    assert.ok(Math.abs(variance - 1) < 0.3, `variance ${variance}`);
  });

  it('is the same for the same key and another for another', () => {
    const draw = (...key: number[]) => drawTexture(64, 96, { exponent: 3, coarsest: 4, finest: 0 }, new Random(...key));
    assert.deepEqual(draw(1, 2), draw(1, 2));
    assert.notDeepEqual(draw(1, 2), draw(2, 1));
  });
});

describe('the tissue of drawn views', () => {
  // Burgess and others found 2.8 to 3 on average between 0.15 and 0.7 cycles/mm, single mammograms from 2 to 4.
  it('has the power-law spectrum of mammograms', () => {
    const exponents = [1, 2, 3, 4].map((index) => {
      const plan = planExam(11, index, ONLY_NORMAL);
      const { nipple } = plan.outlines.L_CC;
      const { columns, pixels } = drawView(plan, 'L_CC');
      const [top, left] = [Math.round(nipple.row) - SIDE / 2, Math.round(nipple.column) - 180 - SIDE];
      const square = Float32Array.from(
        { length: SIDE * SIDE },
        (_, place) => pixels[(top + Math.floor(place / SIDE)) * columns + left + (place % SIDE)] as number,
      );
      const spectrum = { rows: SIDE, columns: SIDE, pixels: square };
      return spectrumExponent(spectrum, [0.15 * plan.pixelSpacing, 2 * plan.pixelSpacing]);
    });
    for (const found of exponents) assert.ok(found > 2.4 && found < 3.6, `found ${exponents}`);
    const mean = exponents.reduce((sum, value) => sum + value, 0) / exponents.length;
    assert.ok(mean > 2.7 && mean < 3.2, `found ${exponents}`);
  });
});
