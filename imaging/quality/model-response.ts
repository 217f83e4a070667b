import { VIEWS, type View, type ViewPosition, viewPositionOf } from '../../pipeline/exam.js';
import { RESPONSE_STATISTICS, type ResponseReference, type ResponseStatistic } from '../../pipeline/model-reference.js';
import { type CheckSetting, verdictOf } from '../../pipeline/quality-policy.js';
import type { Finding } from '../../pipeline/quality-report.js';
import type { ResponseStatistics } from './response-statistics.js';
import { distanceFrom, spreadOf } from './spread-of.js';

/** What is measured of the answers to an exam's views; a view without a breast has nothing. */
export type MeasuredResponses = Readonly<Partial<Record<View, ResponseStatistics>>>;

/**
 * A large lesion may take more than a quarter of a small breast, but hardly of both. So of the upper quartile the lower one of the
 * two breasts in the same position counts, for both: it is high where the network finds everything odd. A median is the view's own.
 */
function withoutLesions(measured: MeasuredResponses): MeasuredResponses {
  const views = VIEWS.flatMap((view) => {
    const [own, other] = [measured[view], measured[oppositeView(view)]];
    if (own === undefined) return [];
    const lower = (name: 'benignUpper' | 'malignantUpper'): number => Math.min(own[name], other?.[name] ?? own[name]);
    return [[view, { ...own, benignUpper: lower('benignUpper'), malignantUpper: lower('malignantUpper') }] as const];
  });
  return Object.fromEntries(views);
}

const oppositeView = (view: View): View =>
  (view.startsWith('L') ? view.replace('L', 'R') : view.replace('R', 'L')) as View;

const NEXT =
  'Look at the picture and its heatmaps. Do not rely on the number: try the model on such pictures first, and give it a reference of them.';

const WORDS: Readonly<Record<ResponseStatistic, string>> = {
  benignMedian: 'the median of the benign heatmap',
  benignUpper: 'the upper quartile of the benign heatmaps of both breasts',
  malignantMedian: 'the median of the malignant heatmap',
  malignantUpper: 'the upper quartile of the malignant heatmaps of both breasts',
};

/**
 * How far the patch network's answer to each view lies from its answers to the pictures that the model was made or accepted on, in
 * standard deviations of these, for the statistic that lies furthest away.
 *
 * @returns a finding a view; none where the check is off.
 */
export function inspectResponse(
  measured: MeasuredResponses,
  reference: ResponseReference | undefined,
  setting: CheckSetting,
): Finding[] {
  if (setting.action === 'off') return [];
  const compared = withoutLesions(measured);
  return VIEWS.map((view): Finding => {
    const found = furthest(compared[view], reference?.[viewPositionOf(view)]);
    const value = found && Number(found.distance.toPrecision(4));
    const verdict = verdictOf(value, setting);
    return {
      code: 'model-response',
      view,
      ...(value === undefined ? {} : { value }),
      expected: [...setting.expected],
      ...(setting.action === 'refuse' ? { accepted: [...setting.accepted] } : {}),
      verdict,
      message: found === undefined ? unmeasured(reference) : verdict === 'ok' ? 'As expected.' : faultOf(found),
      ...(verdict === 'ok' ? {} : { next: NEXT }),
    };
  });
}

const unmeasured = (reference: ResponseReference | undefined): string =>
  reference === undefined
    ? 'The bundle has no reference of how its network answers, so nobody can say whether it knows such pictures.'
    : 'There is no breast to measure it in.';

const faultOf = ({ name, isMore }: Furthest): string =>
  `The patch network answers to this picture as to none that the model was made for (${WORDS[name]} is too ${isMore ? 'high' : 'low'}).`;

interface Furthest {
  readonly name: ResponseStatistic;
  readonly distance: number;
  readonly isMore: boolean;
}

function furthest(
  statistics: ResponseStatistics | undefined,
  expected: ResponseReference[ViewPosition] | undefined,
): Furthest | undefined {
  if (statistics === undefined || expected === undefined) return undefined;
  const all = RESPONSE_STATISTICS.map((name): Furthest => {
    const [value, spread] = [statistics[name], expected[name]];
    return { name, distance: distanceFrom(spread, value), isMore: value > spread.mean };
  });
  return all.reduce((most, each) => (each.distance > most.distance ? each : most));
}

/** Log-odds that differ by less are the same answer: a factor of 1.3. */
const NARROWEST = 0.25;

/**
 * The reference of a patch network whose answers to some exams were measured.
 * @param patch SHA-256 of the network.
 * @throws RangeError where no view of a position has a breast.
 */
export function responseReferenceOf(exams: readonly MeasuredResponses[], patch: string): ResponseReference {
  const compared = exams.map(withoutLesions);
  const of = (position: ViewPosition) => {
    const views = VIEWS.filter((view) => viewPositionOf(view) === position);
    const all = compared.flatMap((exam) => views.flatMap((view) => exam[view] ?? []));
    if (all.length === 0) throw new RangeError(`no ${position} view has a breast`);
    const spreads = RESPONSE_STATISTICS.map((name) => [
      name,
      spreadOf(
        all.map((statistics) => statistics[name]),
        () => NARROWEST,
      ),
    ]);
    return Object.fromEntries(spreads) as ResponseReference[ViewPosition];
  };
  return { patch, exams: exams.length, CC: of('CC'), MLO: of('MLO') };
}
