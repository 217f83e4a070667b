import assert from 'node:assert/strict';
import {
  COLOURS,
  type ColourMap,
  colourOf,
  cssGradient,
  DIFFERENCE_MAP,
  PROBABILITY_MAPS,
} from '../../../../console/page/viewer/colour-map.js';

type Triple = readonly [number, number, number];
const at = (map: ColourMap, index: number): Triple => [...map.subarray(3 * index, 3 * index + 3)] as unknown as Triple;
const linear = (byte: number): number => {
  const share = byte / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
};
/** Relative luminance (WCAG 2.2). */
const luminance = ([red, green, blue]: Triple): number =>
  0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
/** CIE L*a*b*, which the maps were not made in: an independent measure of how far colours look apart. */
function lab(colour: Triple): Triple {
  const [r, g, b] = colour.map(linear) as unknown as Triple;
  const f = (t: number): number => (t > 216 / 24389 ? Math.cbrt(t) : (24389 / 27 / 116) * t + 16 / 116);
  const x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505);
  const y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
  const z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}
const apart = (a: Triple, b: Triple): number =>
  Math.hypot(...lab(a).map((one, index) => one - (lab(b)[index] as number)));

/**
 * What dichromats see of a colour, in linear light: Machado, Oliveira and Fernandes, A Physiologically-based Model for
 * Simulation of Color Vision Deficiency (2009), severity 1.
 */
const DICHROMATS: Readonly<Record<string, readonly Triple[]>> = {
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};
const seenBy = (kind: string, colour: Triple): Triple => {
  const light = colour.map(linear);
  return (DICHROMATS[kind] as readonly Triple[]).map((row) => {
    const value = Math.min(
      1,
      Math.max(
        0,
        row.reduce((sum, factor, index) => sum + factor * (light[index] as number), 0),
      ),
    );
    return 255 * (value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055);
  }) as unknown as Triple;
};
const eyes = ['all colours', ...Object.keys(DICHROMATS)];
const seen = (kind: string, colour: Triple): Triple => (kind === 'all colours' ? colour : seenBy(kind, colour));
const STEPS = Array.from({ length: 16 }, (_, index) => index * 17);

describe('colour maps', () => {
  for (const [name, map] of Object.entries(PROBABILITY_MAPS)) {
    it(`of ${name} probabilities get lighter all the way, whatever colours one sees`, () => {
      for (const kind of eyes) {
        const light = STEPS.map((index) => luminance(seen(kind, at(map, index))));
        for (let step = 1; step < light.length; step += 1) {
          assert.ok((light[step] as number) > (light[step - 1] as number), `${kind}, step ${step}`);
        }
      }
    });

    it(`of ${name} probabilities have steps that look about equal`, () => {
      const steps = STEPS.slice(1).map((index) => apart(at(map, index - 17), at(map, index)));
      const mean = steps.reduce((sum, step) => sum + step, 0) / steps.length;
      assert.ok(mean > 5, `steps of ${mean} are not seen`);
      for (const step of steps) assert.ok(step > 0.55 * mean && step < 1.6 * mean, `${step} of ${mean}`);
    });

    it(`of ${name} probabilities stand out from grey of the same lightness`, () => {
      for (const index of STEPS) {
        const [, a, b] = lab(at(map, index));
        assert.ok(Math.hypot(a, b) > 20, `colour ${index}`);
      }
    });
  }

  it('of differences are as light on both sides, dark in the middle, and their ends are told apart by everyone', () => {
    for (let index = 0; index < COLOURS / 2; index += 16) {
      const [down, up] = [lab(at(DIFFERENCE_MAP, index))[0], lab(at(DIFFERENCE_MAP, COLOURS - 1 - index))[0]];
      assert.ok(Math.abs(down - up) < 6, `${index}: ${down} and ${up}`);
    }
    assert.ok(luminance(at(DIFFERENCE_MAP, 127)) < luminance(at(DIFFERENCE_MAP, 0)) / 3);
    for (const kind of ['all colours', 'protanopia', 'deuteranopia', 'tritanopia']) {
      const ends = [at(DIFFERENCE_MAP, 0), at(DIFFERENCE_MAP, COLOURS - 1)].map((end) => seen(kind, end)) as [
        Triple,
        Triple,
      ];
      assert.ok(apart(...ends) > 25, `${kind}: ${apart(...ends)}`);
    }
  });

  it('have colours for values between their ends, and the ends for what is beyond', () => {
    const map = PROBABILITY_MAPS.malignant;
    assert.deepEqual(colourOf(map, 0, 0, 1), at(map, 0));
    assert.deepEqual(colourOf(map, 1, 0, 1), at(map, 255));
    assert.deepEqual(colourOf(map, 7, 0, 1), at(map, 255));
    assert.deepEqual(colourOf(map, -1, 0, 1), at(map, 0));
    assert.deepEqual(colourOf(map, 51 / 255, 0, 1).map(Math.round), [...at(map, 51)]);
    assert.match(cssGradient(map, 2), new RegExp(`^linear-gradient\\(to right, rgb\\(${at(map, 0).join(' ')}\\), rgb`));
  });
});
