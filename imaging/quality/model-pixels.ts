import { viewPositionOf } from '../../pipeline/exam.js';
import { PIXEL_STATISTICS, type PixelStatistic } from '../../pipeline/model-reference.js';
import type { ViewCheck, ViewSubject } from './check.js';
import type { MeasuredView } from './measure-view.js';
import { pixelStatistics } from './pixel-statistics.js';
import { distanceFrom } from './spread-of.js';

/**
 * How far the view's pixel statistics lie from those of the pictures that the model was made or accepted on, in standard
 * deviations of these, for the statistic that lies furthest away.
 */
export const modelPixels: ViewCheck = {
  code: 'model-pixels',
  measure: (measured, subject) => furthest(measured, subject)?.distance,
  unmeasured: ({ reference }) =>
    reference === undefined
      ? 'The bundle has no reference of the pictures it was made for, so nobody can say whether this one is like them.'
      : undefined,
  fault(measured, subject) {
    const name = furthest(measured, subject)?.name ?? 'contrast';
    return `The picture is unlike those that the model was made for (${WORDS[name]}).`;
  },
  next: 'Do not rely on the number: try the model on such pictures first, and give it a reference of them.',
};

const WORDS: Readonly<Record<PixelStatistic, string>> = {
  contrast: 'the contrast of the tissue',
  skewness: 'the distribution of dark and bright tissue',
  fineness: 'the fineness of its texture',
  noise: 'how much neighbouring pixels differ',
  levels: 'the number of grey levels',
};

function furthest(
  measured: MeasuredView,
  { view, reference }: ViewSubject,
): { readonly name: PixelStatistic; readonly distance: number } | undefined {
  const statistics = pixelStatistics(measured);
  if (statistics === undefined || reference === undefined) return undefined;
  const expected = reference.pixels[viewPositionOf(view)];
  const distances = PIXEL_STATISTICS.map((name) => ({
    name,
    distance: distanceFrom(expected[name], statistics[name]),
  }));
  return distances.reduce((most, each) => (each.distance > most.distance ? each : most));
}
