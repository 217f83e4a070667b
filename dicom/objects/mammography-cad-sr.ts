import { VIEWS, type View } from '../../pipeline/exam.js';
import { VARIANTS } from '../../pipeline/predictions.js';
import type { FindingOptions } from '../../pipeline/result-objects.js';
import { CODES, type Code } from './codes.js';
import {
  type ContentItem,
  code,
  container,
  coordinates,
  date,
  image,
  number,
  reference,
  text,
  time,
  uidReference,
} from './content-item.js';
import type { Dataset } from './dataset.js';
import type { ExamResult } from './exam-result.js';
import { type CompositeFinding, type Finding, type Findings, peakOf } from './findings.js';
import { assembled, stageAlgorithm } from './modules.js';
import {
  type Algorithm,
  algorithmRows,
  breastCode,
  impressionOf,
  libraryPaths,
  reportContent,
  viewCode,
} from './report.js';

export const MAMMOGRAPHY_CAD_SR = '1.2.840.10008.5.1.4.1.1.88.50';

/** The image library is the second child of the root. */
const imagePath = libraryPaths(1, 2);

/**
 * Mammography CAD SR (PS3.16 TID 4000): the form in which mammography workstations take marks. The rows follow the
 * template's; `sr-templates/` holds them as a table, against which every report is checked before it leaves.
 *
 * A finding is a *selected region*, not a mass or a calcification: the model does not tell them apart. What was not run is
 * *not attempted*, and the summary then never says that nothing was found.
 */
export function mammographyCadSr(result: ExamResult, findings: Findings | undefined): Dataset {
  const root: ContentItem = {
    concept: CODES.mammographyCadReport,
    content: { type: 'CONTAINER' },
    children: [
      code('HAS CONCEPT MOD', CODES.language, CODES.english),
      container(
        'CONTAINS',
        CODES.imageLibrary,
        VIEWS.map((view) => libraryEntry(result, view)),
      ),
      code('CONTAINS', CODES.cadSummary, summaryOf(result, findings), [
        text('HAS PROPERTIES', CODES.impressionDescription, impressionOf(result, findings?.all.length)),
        ...algorithmRows('HAS PROPERTIES', stageAlgorithm(result, 'classify')),
        ...individualImpressions(result, findings),
      ]),
      ...workSummary(CODES.summaryOfDetections, DETECTION_SECTIONS, detections(result, findings)),
      ...workSummary(CODES.summaryOfAnalyses, ANALYSIS_SECTIONS, analyses(result, findings)),
    ],
  };
  return assembled({
    result,
    kind: 'cad-sr',
    options: findings?.options ?? null,
    sopClassUid: MAMMOGRAPHY_CAD_SR,
    modality: 'SR',
    number: 1,
    content: reportContent(result, '4000', root, result.replaces.cadSr && [result.replaces.cadSr]),
  });
}

/** TID 4020. */
function libraryEntry(result: ExamResult, view: View): ContentItem {
  const { source } = result.views[view];
  const { study } = result;
  const [row, column] = source.patientOrientation;
  return image('CONTAINS', source, [
    code('HAS ACQ CONTEXT', CODES.imageLaterality, breastCode(view)),
    code('HAS ACQ CONTEXT', CODES.imageView, viewCode(view)),
    text('HAS ACQ CONTEXT', CODES.patientOrientationRow, row),
    text('HAS ACQ CONTEXT', CODES.patientOrientationColumn, column),
    ...optional(study.date, (value) => date('HAS ACQ CONTEXT', CODES.studyDate, value)),
    ...optional(study.time, (value) => time('HAS ACQ CONTEXT', CODES.studyTime, value)),
    ...optional(source.contentDate, (value) => date('HAS ACQ CONTEXT', CODES.contentDate, value)),
    ...optional(source.contentTime, (value) => time('HAS ACQ CONTEXT', CODES.contentTime, value)),
    ...optional(source.pixelSpacing, ([, across]) =>
      number('HAS ACQ CONTEXT', CODES.horizontalPixelSpacing, across, CODES.millimetres),
    ),
    ...optional(source.pixelSpacing, ([down]) =>
      number('HAS ACQ CONTEXT', CODES.verticalPixelSpacing, down, CODES.millimetres),
    ),
    number('HAS ACQ CONTEXT', CODES.pixelDataRows, source.rows, CODES.pixels),
    number('HAS ACQ CONTEXT', CODES.pixelDataColumns, source.columns, CODES.pixels),
  ]);
}

const optional = <T>(value: T | undefined, row: (value: T) => ContentItem): ContentItem[] =>
  value === undefined ? [] : [row(value)];

/** CID 6047. Only what succeeded altogether may say that there are no findings and leave it at that. */
function summaryOf(result: ExamResult, findings: Findings | undefined): Code {
  const work = [...detections(result, findings), ...analyses(result, findings)];
  const succeeded = work.filter(({ succeeded }) => succeeded).length;
  const complete = succeeded === work.length && ranAll(result);
  const found = (findings?.all.length ?? 0) > 0;
  if (succeeded === 0) return CODES.noneSucceeded;
  if (found) return complete ? CODES.allSucceededWithFindings : CODES.notAllSucceededWithFindings;
  return complete ? CODES.allSucceededWithoutFindings : CODES.notAllSucceededWithoutFindings;
}

const ranAll = ({ detection, classification }: ExamResult): boolean =>
  detection.status !== 'not-run' && classification.status !== 'not-run';

interface Work {
  readonly what: Code;
  readonly algorithm: Algorithm;
  readonly succeeded: boolean;
}

export const findingAlgorithm = (result: ExamResult, options: FindingOptions | undefined): Algorithm => {
  const { name, version, parameters } = stageAlgorithm(result, 'generate_heatmaps');
  return {
    name: `${name}: regions of the malignant heatmap`,
    version,
    parameters: [...parameters, ...(options === undefined ? [] : [`threshold=${options.threshold}`])],
  };
};

const pairingAlgorithm = (options: FindingOptions): Algorithm => ({
  name: 'mammoflow: distance from the foremost point in both views',
  version: '1',
  parameters: [`tolerance-mm=${options.toleranceMillimetres}`],
});

function detections(result: ExamResult, findings: Findings | undefined): Work[] {
  const { status } = result.detection;
  if (status === 'not-run') return [];
  const algorithm = findingAlgorithm(result, findings?.options);
  return [{ what: CODES.selectedRegion, algorithm, succeeded: status === 'succeeded' }];
}

function analyses(result: ExamResult, findings: Findings | undefined): Work[] {
  const work: Work[] = [];
  if (findings?.composites !== undefined) {
    work.push({ what: CODES.spatialCollocation, algorithm: pairingAlgorithm(findings.options), succeeded: true });
  }
  const { status } = result.classification;
  if (status !== 'not-run') {
    for (const variant of VARIANTS) {
      const { name, version, parameters } = stageAlgorithm(result, 'classify');
      const algorithm = { name: `${name}: ${variant}`, version, parameters };
      work.push({ what: CODES.overallImpressionAnalysis, algorithm, succeeded: status === 'succeeded' });
    }
  }
  return work;
}

const DETECTION_SECTIONS = {
  succeeded: CODES.successfulDetections,
  failed: CODES.failedDetections,
  performed: CODES.detectionPerformed,
};
const ANALYSIS_SECTIONS = {
  succeeded: CODES.successfulAnalyses,
  failed: CODES.failedAnalyses,
  performed: CODES.analysisPerformed,
};

/** TID 4015 to 4018: what was attempted, on which images, and how it ended. */
function workSummary(concept: Code, sections: typeof DETECTION_SECTIONS, work: readonly Work[]): ContentItem[] {
  const section = (title: Code, items: readonly Work[]): ContentItem[] =>
    items.length === 0
      ? []
      : [
          container(
            'INFERRED FROM',
            title,
            items.map((item) => performed(sections.performed, item)),
          ),
        ];
  const succeeded = work.filter((item) => item.succeeded);
  const failed = work.filter((item) => !item.succeeded);
  return [
    code('CONTAINS', concept, statusOf(succeeded.length, failed.length), [
      ...section(sections.succeeded, succeeded),
      ...section(sections.failed, failed),
    ]),
  ];
}

function statusOf(succeeded: number, failed: number): Code {
  if (succeeded === 0 && failed === 0) return CODES.notAttempted;
  if (failed === 0) return CODES.succeeded;
  return succeeded === 0 ? CODES.failed : CODES.partiallySucceeded;
}

const performed = (concept: Code, { what, algorithm }: Work): ContentItem =>
  code('CONTAINS', concept, what, [
    ...algorithmRows('HAS PROPERTIES', algorithm),
    ...VIEWS.map((view) => reference('HAS PROPERTIES', imagePath(view))),
  ]);

/** TID 4003, one for each feature: those seen in both views first. */
function individualImpressions(result: ExamResult, findings: Findings | undefined): ContentItem[] {
  if (findings === undefined) return [];
  const intent = INTENTS[findings.options.renderingIntent];
  const impression = (feature: ContentItem): ContentItem =>
    container('INFERRED FROM', CODES.individualImpression, [
      code('HAS CONCEPT MOD', CODES.renderingIntent, intent),
      feature,
    ]);
  return [
    ...(findings.composites ?? []).map((composite) =>
      impression(compositeFeature(result, findings, composite, intent)),
    ),
    ...findings.single.map((finding) => impression(singleImageFinding(result, findings, finding, intent, 'CONTAINS'))),
  ];
}

const INTENTS: Readonly<Record<FindingOptions['renderingIntent'], Code>> = {
  required: CODES.presentationRequired,
  optional: CODES.presentationOptional,
  not: CODES.notForPresentation,
};

/** TID 4004. */
const compositeFeature = (
  result: ExamResult,
  findings: Findings,
  composite: CompositeFinding,
  intent: Code,
): ContentItem =>
  code('CONTAINS', CODES.compositeFeature, CODES.selectedRegion, [
    code('HAS CONCEPT MOD', CODES.renderingIntent, intent),
    uidReference('HAS OBS CONTEXT', CODES.trackingUid, composite.trackingUid),
    code('HAS PROPERTIES', CODES.compositeType, CODES.relatedSpatially),
    code('HAS PROPERTIES', CODES.scopeOfFeature, CODES.onMultipleImages),
    ...algorithmRows('HAS PROPERTIES', pairingAlgorithm(findings.options)),
    number('HAS PROPERTIES', CODES.certaintyOfFeature, 100 * peakOf(composite), CODES.percent),
    ...composite.findings.map((finding) => singleImageFinding(result, findings, finding, intent, 'INFERRED FROM')),
  ]);

/** TID 4006. */
function singleImageFinding(
  result: ExamResult,
  findings: Findings,
  finding: Finding,
  intent: Code,
  relationship: 'CONTAINS' | 'INFERRED FROM',
): ContentItem {
  const on = [reference('SELECTED FROM', imagePath(finding.view))];
  return code(relationship, CODES.singleImageFinding, CODES.selectedRegion, [
    code('HAS CONCEPT MOD', CODES.renderingIntent, intent),
    text('HAS OBS CONTEXT', CODES.trackingIdentifier, labelOf(finding)),
    uidReference('HAS OBS CONTEXT', CODES.trackingUid, finding.trackingUid),
    ...algorithmRows('HAS PROPERTIES', findingAlgorithm(result, findings.options)),
    number('HAS PROPERTIES', CODES.certaintyOfFinding, 100 * finding.peak, CODES.percent),
    coordinates('HAS PROPERTIES', CODES.center, 'POINT', [finding.centre.column, finding.centre.row], on),
    coordinates('HAS PROPERTIES', CODES.outline, 'POLYLINE', closedLine(finding), on),
    text('HAS PROPERTIES', CODES.selectedRegionDescription, describe(finding, findings.options)),
  ]);
}

export const labelOf = ({ view, number }: Finding): string => `${view.replace('_', '-')} region ${number}`;

/** Column, row, column, row, …, the first corner again at the end. */
export const closedLine = ({ outline }: Finding): number[] =>
  [...outline, ...outline.slice(0, 1)].flatMap(({ row, column }) => [column, row]);

const describe = ({ pixels, peak, mean }: Finding, { threshold }: FindingOptions): string =>
  `${pixels} pixels where the probability of a malignant finding is at least ${threshold}: mean ${mean.toFixed(4)}, greatest ${peak.toFixed(4)}.`;
