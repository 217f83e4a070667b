import { VIEWS, type View } from '../../pipeline/exam.js';
import { VARIANTS, type Variant } from '../../pipeline/predictions.js';
import { CODES, type Code } from './codes.js';
import {
  type ContentItem,
  code,
  container,
  coordinates,
  date,
  image,
  number,
  text,
  time,
  uidReference,
} from './content-item.js';
import type { Dataset } from './dataset.js';
import type { ExamResult } from './exam-result.js';
import type { Finding, Findings } from './findings.js';
import { closedLine, findingAlgorithm, labelOf } from './mammography-cad-sr.js';
import { assembled, stageAlgorithm } from './modules.js';
import { algorithmRows, breastCode, impressionOf, reportContent } from './report.js';
import { derivedUid } from './uids.js';

export const COMPREHENSIVE_3D_SR = '1.2.840.10008.5.1.4.1.1.88.34';

/**
 * The same result as an imaging measurement report (PS3.16 TID 1500) in a Comprehensive 3D SR, for viewers that read only
 * that (OHIF among them): a planar region of interest for each finding, and the probabilities of each breast. These are two
 * reports in two series, since OHIF (3.12) shows nothing of a report that has groups without coordinates, and one report of a
 * series. Where neither ran, one holds the sentence that says so.
 */
export function measurementReports(result: ExamResult, findings: Findings | undefined): Dataset[] {
  const regions = (findings?.all ?? []).map((finding) => regionGroup(result, finding, findings as Findings));
  const breasts = (['L', 'R'] as const).flatMap((side) =>
    VARIANTS.flatMap((variant) => breastGroup(result, side, variant)),
  );
  const ofBreasts = (): Dataset => measurementReport(result, findings, breasts, { apart: 'breasts' });
  if (regions.length === 0 && breasts.length > 0) return [ofBreasts()];
  const first = measurementReport(result, findings, regions);
  return breasts.length === 0 ? [first] : [first, ofBreasts()];
}

function measurementReport(
  result: ExamResult,
  findings: Findings | undefined,
  groups: readonly ContentItem[],
  series: { readonly apart?: string } = {},
): Dataset {
  const root: ContentItem = {
    concept: CODES.imagingMeasurementReport,
    content: { type: 'CONTAINER' },
    children: [
      code('HAS CONCEPT MOD', CODES.language, CODES.english),
      code('HAS OBS CONTEXT', CODES.observerType, CODES.device),
      uidReference(
        'HAS OBS CONTEXT',
        CODES.deviceObserverUid,
        derivedUid('device', result.softwareVersion, result.bundle),
      ),
      text('HAS OBS CONTEXT', CODES.deviceObserverName, `mammoflow ${result.softwareVersion}`),
      text('HAS OBS CONTEXT', CODES.deviceObserverManufacturer, 'mammoflow'),
      text('HAS OBS CONTEXT', CODES.deviceObserverModelName, `bundle ${result.bundle.name}`),
      code('HAS CONCEPT MOD', CODES.procedureReported, CODES.mammographyProcedure),
      container('CONTAINS', CODES.imageLibrary, [
        container(
          'CONTAINS',
          CODES.imageLibraryGroup,
          VIEWS.map((view) => libraryEntry(result, view)),
        ),
      ]),
      ...(groups.length === 0 ? [] : [container('CONTAINS', CODES.imagingMeasurements, groups)]),
      container('CONTAINS', CODES.qualitativeEvaluations, [
        text('CONTAINS', CODES.comment, impressionOf(result, findings?.all.length)),
      ]),
    ],
  };
  return assembled({
    result,
    kind: 'measurement-report',
    ...series,
    options: findings?.options ?? null,
    sopClassUid: COMPREHENSIVE_3D_SR,
    modality: 'SR',
    number: 1,
    content: reportContent(result, '1500', root, result.replaces.measurementReports),
  });
}

/** TID 1601 with TID 1602: what tells the four images apart. */
function libraryEntry(result: ExamResult, view: View): ContentItem {
  const { source } = result.views[view];
  const { study } = result;
  return image('CONTAINS', source, [
    code('HAS ACQ CONTEXT', CODES.modality, CODES.mammography),
    code('HAS ACQ CONTEXT', CODES.targetRegion, CODES.breast),
    code('HAS ACQ CONTEXT', CODES.imageLaterality, sideCode(view)),
    ...(study.date === undefined ? [] : [date('HAS ACQ CONTEXT', CODES.studyDate, study.date)]),
    ...(study.time === undefined ? [] : [time('HAS ACQ CONTEXT', CODES.studyTime, study.time)]),
    number('HAS ACQ CONTEXT', CODES.pixelDataRows, source.rows, CODES.pixels),
    number('HAS ACQ CONTEXT', CODES.pixelDataColumns, source.columns, CODES.pixels),
  ]);
}

const sideCode = (view: View): Code => (view.startsWith('L') ? CODES.left : CODES.right);

/** TID 1410: one region of one image. */
function regionGroup(result: ExamResult, finding: Finding, findings: Findings): ContentItem {
  const { view } = finding;
  return container('CONTAINS', CODES.measurementGroup, [
    text('HAS OBS CONTEXT', CODES.trackingIdentifier, labelOf(finding)),
    uidReference('HAS OBS CONTEXT', CODES.trackingUid, finding.trackingUid),
    code('CONTAINS', CODES.finding, CODES.selectedRegion),
    coordinates('CONTAINS', CODES.imageRegion, 'POLYLINE', closedLine(finding), [
      image('SELECTED FROM', result.views[view].source),
    ]),
    code('HAS CONCEPT MOD', CODES.findingSite, CODES.breast, [
      code('HAS CONCEPT MOD', CODES.laterality, sideCode(view)),
    ]),
    ...[
      number('CONTAINS', CODES.certaintyOfFinding, 100 * finding.peak, CODES.percent),
      number('CONTAINS', CODES.meanMalignant, 100 * finding.mean, CODES.percent),
      number('CONTAINS', CODES.area, finding.pixels, CODES.pixels),
    ].map((measured) => ({
      ...measured,
      children: algorithmRows('HAS CONCEPT MOD', findingAlgorithm(result, findings.options)),
    })),
  ]);
}

/** TID 1501: what one classifier says of one breast. None where it did not come to its end. */
function breastGroup(result: ExamResult, side: 'L' | 'R', variant: Variant): ContentItem[] {
  const { classification } = result;
  if (classification.status !== 'succeeded') return [];
  const name = side === 'L' ? 'left' : 'right';
  const { name: stage, version, parameters } = stageAlgorithm(result, 'classify');
  const identifier = `${name} breast, ${variant === 'image' ? 'images alone' : 'images with heatmaps'}`;
  return [
    container('CONTAINS', CODES.measurementGroup, [
      text('HAS OBS CONTEXT', CODES.trackingIdentifier, identifier),
      uidReference('HAS OBS CONTEXT', CODES.trackingUid, derivedUid('breast', result, side, variant)),
      code('HAS CONCEPT MOD', CODES.findingSite, breastCode(`${side}_CC`)),
      ...algorithmRows('HAS CONCEPT MOD', { name: `${stage}: ${variant}`, version, parameters }),
      number(
        'CONTAINS',
        CODES.probabilityMalignantInBreast,
        100 * classification[variant][`${name}_malignant`],
        CODES.percent,
      ),
      number(
        'CONTAINS',
        CODES.probabilityBenignInBreast,
        100 * classification[variant][`${name}_benign`],
        CODES.percent,
      ),
    ]),
  ];
}
