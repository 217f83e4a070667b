import { VIEWS, type ViewPosition, viewPositionOf } from '../../pipeline/exam.js';
import { type ModelReference, PIXEL_STATISTICS, type PixelStatistic } from '../../pipeline/model-reference.js';
import type { MeasuredExam } from './check.js';
import type { MeasuredView } from './measure-view.js';
import { spreadOf } from './spread-of.js';

export type PixelStatistics = Readonly<Record<PixelStatistic, number>>;

/**
 * What a network sees of a view whatever its brightness, since it standardises every picture: contrast, skewness and
 * texture of the tissue.
 * @returns undefined where there is no tissue, or it is all of one value.
 */
export function pixelStatistics({ tissue }: MeasuredView): PixelStatistics | undefined {
  if (tissue === undefined || tissue.roughness === 0 || tissue.coarseRoughness === 0) return undefined;
  const { contrast, skewness, roughness, coarseRoughness, levels } = tissue;
  return {
    contrast,
    skewness,
    fineness: roughness / coarseRoughness,
    noise: Math.sqrt(roughness / 2),
    levels,
  };
}

/** The narrowest spread, as a share of the mean: a narrower one is that of too few or too equal pictures. */
const NARROWEST = 0.02;

/** The reference of a model that was made or accepted on some exams. */
export function referenceOf(exams: readonly MeasuredExam[], description: string): ModelReference {
  const of = (position: ViewPosition) => {
    const views = VIEWS.filter((view) => viewPositionOf(view) === position);
    const all = exams.flatMap((exam) => views.flatMap((view) => pixelStatistics(exam[view]) ?? []));
    return Object.fromEntries(
      PIXEL_STATISTICS.map((name) => {
        const values = all.map((statistics) => statistics[name]);
        return [name, spreadOf(values, (mean) => NARROWEST * Math.abs(mean))];
      }),
    ) as ModelReference['pixels']['CC'];
  };
  return { description, exams: exams.length, pixels: { CC: of('CC'), MLO: of('MLO') } };
}
