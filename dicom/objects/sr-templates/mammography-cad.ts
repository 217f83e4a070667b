import { CODES, type Code, isCode } from '../codes.js';
import { type ContentItem, isReference, type Reference } from '../content-item.js';
import { parallel } from '../exam-result.js';
import { type ContextGroup, include, row, type Surroundings, type Template } from './template.js';

const dcm = (value: string, meaning: string): Code => ({ value, scheme: 'DCM', meaning });
const sct = (value: string, meaning: string): Code => ({ value, scheme: 'SCT', meaning });
const group = (cid: number, extensible: boolean, codes: readonly Code[]): ContextGroup => ({ cid, extensible, codes });

const LANGUAGES = group(5000, true, [CODES.english]);
const SIDES = group(6022, true, [CODES.leftBreast, CODES.rightBreast, sct('63762007', 'Both breasts')]);
const VIEWS_FOR_MAMMOGRAPHY = group(4014, false, [
  sct('399260004', 'medio-lateral'),
  CODES.mediolateralOblique,
  sct('399352003', 'latero-medial'),
  sct('399099002', 'latero-medial oblique'),
  CODES.cranioCaudal,
  sct('399196006', 'caudo-cranial (from below)'),
  sct('399188001', 'superolateral to inferomedial oblique'),
  sct('441555000', 'inferomedial to superolateral oblique'),
  sct('399192008', 'cranio-caudal exaggerated laterally'),
  sct('399101009', 'cranio-caudal exaggerated medially'),
  sct('127457009', 'tissue specimen from breast'),
]);
const VIEW_MODIFIERS = group(4015, false, [
  sct('399161006', 'Cleavage'),
  sct('399011000', 'Axillary Tail'),
  sct('399197002', 'Rolled Lateral'),
  sct('399226006', 'Rolled Medial'),
  sct('414493004', 'Rolled Inferior'),
  sct('415670009', 'Rolled Superior'),
  sct('399209000', 'Implant Displaced'),
  sct('399163009', 'Magnification'),
  sct('399055006', 'Spot Compression'),
  sct('399110001', 'Tangential'),
  sct('442581004', 'Nipple in profile'),
  sct('441752004', 'Anterior compression'),
  sct('442593008', 'Infra-mammary fold'),
  sct('442580003', 'Axillary tissue'),
]);
const INTENDED_USES = group(6034, false, [
  CODES.presentationRequired,
  CODES.presentationOptional,
  CODES.notForPresentation,
]);
const COMPOSITE_RELATIONS = group(6035, false, [
  CODES.relatedTemporally,
  CODES.relatedSpatially,
  CODES.relatedContralaterally,
]);
const SCOPES = group(6036, false, [
  CODES.onTheOnlyImage,
  CODES.onOneImage,
  CODES.onMultipleImages,
  CODES.onSeveralModalities,
]);
const STATUS_OF_RESULTS = group(6042, false, [
  CODES.succeeded,
  CODES.partiallySucceeded,
  CODES.failed,
  CODES.notAttempted,
]);
const SUMMARIES = group(6047, false, [
  CODES.allSucceededWithoutFindings,
  CODES.allSucceededWithFindings,
  CODES.notAllSucceededWithoutFindings,
  CODES.notAllSucceededWithFindings,
  CODES.noneSucceeded,
]);

const NON_LESION = dcm('111102', 'Non-lesion');
const BREAST_GEOMETRY = dcm('111100', 'Breast geometry');
const IMAGE_QUALITY = dcm('111101', 'Image Quality');
const NIPPLE = sct('24142002', 'Nipple');
const BREAST_COMPOSITION = sct('129715009', 'Breast composition');
const BREAST_DENSITY = sct('129793001', 'Mammography breast density');
const INDIVIDUAL_CALCIFICATION = sct('129770007', 'Individual Calcification');
const CALCIFICATION_CLUSTER = sct('129769006', 'Calcification Cluster');
const SINGLE_IMAGE_FINDINGS = group(6014, true, [
  CODES.selectedRegion,
  BREAST_GEOMETRY,
  IMAGE_QUALITY,
  NON_LESION,
  NIPPLE,
  BREAST_COMPOSITION,
  BREAST_DENSITY,
  INDIVIDUAL_CALCIFICATION,
  CALCIFICATION_CLUSTER,
]);
const COMPOSITE_FEATURES = group(6016, true, SINGLE_IMAGE_FINDINGS.codes);
const ANALYSES = group(6043, true, [CODES.spatialCollocation, CODES.overallImpressionAnalysis]);

const codeValueOf = ({ content }: ContentItem): Code | undefined =>
  content.type === 'CODE' ? content.code : undefined;
const items = (children: readonly (ContentItem | Reference)[]): ContentItem[] =>
  children.filter((child): child is ContentItem => !isReference(child));
const has = ({ children }: ContentItem, ...concepts: readonly Code[]): boolean =>
  items(children).some(({ concept }) => concepts.some((one) => isCode(concept, one)));
const isOneOf = (code: Code | undefined, ...codes: readonly Code[]): boolean => codes.some((one) => isCode(code, one));

const findingIs =
  (...codes: readonly Code[]) =>
  ({ source }: Surroundings): boolean =>
    isOneOf(codeValueOf(source), ...codes);
const findingIsNot =
  (...codes: readonly Code[]) =>
  ({ source }: Surroundings): boolean =>
    !isOneOf(codeValueOf(source), ...codes);

const IMPRESSION_CONCEPTS = [
  dcm('111005', 'Assessment Category'),
  dcm('111023', 'Differential Diagnosis/Impression'),
  CODES.impressionDescription,
  dcm('111053', 'Recommended Follow-up'),
  dcm('111055', 'Recommended Follow-up Interval'),
  dcm('111054', 'Recommended Follow-up Date'),
] as const;

const percentage = ({ content }: ContentItem): string | undefined =>
  content.type === 'NUM' && content.number >= 0 && content.number <= 100 ? undefined : 'is not between 0 and 100';

/** PS3.3 C.7.6.1.1.1: one to three letters, each of another axis. */
function patientDirection({ content }: ContentItem): string | undefined {
  const letters = content.type === 'TEXT' ? [...content.text] : [];
  if (letters.length === 0 || letters.length > 3 || letters.some((letter) => !'APRLHF'.includes(letter))) {
    return 'is no direction of the patient: one to three of A, P, R, L, H and F';
  }
  const axes = letters.map((letter) => ['AP', 'RL', 'HF'].findIndex((axis) => axis.includes(letter)));
  return new Set(axes).size === axes.length ? undefined : 'names one axis twice';
}

/**
 * A mammogram's rows and columns lead along two axes, of which one is anterior-posterior in every view; in a cranio-caudal
 * view the other leads right or left, never to the head or the feet.
 */
function libraryImage({ children }: ContentItem): string | undefined {
  const textOf = (concept: Code): string | undefined => {
    const found = items(children).find((child) => isCode(child.concept, concept));
    return found?.content.type === 'TEXT' ? found.content.text : undefined;
  };
  const along = textOf(CODES.patientOrientationRow);
  const down = textOf(CODES.patientOrientationColumn);
  if (along === undefined && down === undefined) return undefined;
  if (along === undefined || down === undefined)
    return 'has a Patient Orientation of rows or of columns, but not of both';
  if (parallel(along, down)) return `has rows (${along}) and columns (${down}) that lead along one axis`;
  const view = items(children).find((child) => isCode(child.concept, CODES.imageView));
  const mainAxes = [along.charAt(0), down.charAt(0)];
  if (view === undefined) return undefined;
  if (!mainAxes.some((letter) => 'AP'.includes(letter))) {
    return `is a mammogram whose Patient Orientation (${along}, ${down}) leads neither forward nor back`;
  }
  const isCc = isCode(codeValueOf(view), CODES.cranioCaudal);
  return isCc && mainAxes.some((letter) => 'HF'.includes(letter))
    ? `is a cranio-caudal view whose Patient Orientation (${along}, ${down}) leads to the head or the feet`
    : undefined;
}

/** CID 6047 says whether there are findings, and 6042 how the work ended: the tree below must not say otherwise. */
function cadSummary(item: ContentItem, { root }: Surroundings): string | undefined {
  const summary = codeValueOf(item);
  const impressions = items(item.children).filter(({ concept }) => isCode(concept, CODES.individualImpression));
  const withFindings = isOneOf(summary, CODES.allSucceededWithFindings, CODES.notAllSucceededWithFindings);
  if (withFindings && impressions.length === 0) return 'says that there are findings, and there is none';
  if (!withFindings && impressions.length > 0) return 'says that there are no findings, and there are some';
  const statuses = items(root.children)
    .filter(({ concept }) => isOneOf(concept, CODES.summaryOfDetections, CODES.summaryOfAnalyses))
    .map(codeValueOf);
  const whole = isOneOf(summary, CODES.allSucceededWithFindings, CODES.allSucceededWithoutFindings);
  if (whole && statuses.some((status) => isOneOf(status, CODES.failed, CODES.partiallySucceeded))) {
    return 'says that all algorithms succeeded, and some failed';
  }
  if (whole && statuses.every((status) => isOneOf(status, CODES.notAttempted))) {
    return 'says that all algorithms succeeded, and none was attempted';
  }
  const none = isOneOf(summary, CODES.noneSucceeded);
  return none && statuses.some((status) => isOneOf(status, CODES.succeeded, CODES.partiallySucceeded))
    ? 'says that no algorithm succeeded, and some did'
    : undefined;
}

const inImageLibrary = (item: ContentItem, parent: ContentItem | undefined): string | undefined =>
  item.content.type === 'IMAGE' && isCode(parent?.concept, CODES.imageLibrary)
    ? undefined
    : 'leads to no image of the image library';

/** PS3.3 C.18.6.1.2: pairs of coordinates; a closed line repeats its first point, and lies within its image. */
function coordinatesWithin(item: ContentItem, { root }: Surroundings): string | undefined {
  if (item.content.type !== 'SCOORD') return undefined;
  const { points, graphic } = item.content;
  if (points.length % 2 === 1) return 'has half a point';
  const count = points.length / 2;
  if (graphic === 'POINT' && count !== 1) return `is one point, and has ${count}`;
  if (graphic === 'CIRCLE' && count !== 2) return `takes two points, and has ${count}`;
  if (graphic === 'ELLIPSE' && count !== 4) return `takes four points, and has ${count}`;
  if (graphic === 'POLYLINE') {
    if (count < 2) return 'has fewer than two points';
    const closed = points[0] === points.at(-2) && points[1] === points.at(-1);
    if (isCode(item.concept, CODES.outline) && !closed) return 'is an outline that is not closed';
  }
  const size = imageSize(item, root);
  if (size === undefined) return undefined;
  const outside = points.some((value, index) => value < 0 || value > (index % 2 === 0 ? size.columns : size.rows));
  return outside ? `leads out of its image of ${size.columns} × ${size.rows} pixels` : undefined;
}

function imageSize(item: ContentItem, root: ContentItem): { rows: number; columns: number } | undefined {
  const selected = item.children.find((child): child is Reference => isReference(child));
  let target: ContentItem | Reference | undefined = root;
  for (const index of selected?.path.slice(1) ?? []) {
    target = target !== undefined && !isReference(target) ? target.children[index - 1] : undefined;
  }
  if (target === undefined || isReference(target)) return undefined;
  const numberOf = (concept: Code): number | undefined => {
    const found = items((target as ContentItem).children).find((child) => isCode(child.concept, concept));
    return found?.content.type === 'NUM' ? found.content.number : undefined;
  };
  const rows = numberOf(CODES.pixelDataRows);
  const columns = numberOf(CODES.pixelDataColumns);
  return rows === undefined || columns === undefined ? undefined : { rows, columns };
}

/** Findings whose own templates (TID 4007 to 4010, 4012, 4014) are not tabulated here: said, not passed over. */
const untabulated = (item: ContentItem): string | undefined => {
  const value = codeValueOf(item);
  return isOneOf(
    value,
    BREAST_COMPOSITION,
    BREAST_GEOMETRY,
    INDIVIDUAL_CALCIFICATION,
    CALCIFICATION_CLUSTER,
    NON_LESION,
    IMAGE_QUALITY,
  )
    ? `is a finding (${value?.meaning}) whose rows this table does not have`
    : undefined;
};

const SPACING_UNITS = [CODES.millimetres, CODES.micrometres];
const OPERATING_POINT = dcm('111071', 'CAD Operating Point');
const MAXIMUM_OPERATING_POINT = dcm('111072', 'Maximum CAD Operating Point');

const detectionOrAnalysis = (tid: string, concept: Code, values: ContextGroup): Template => ({
  tid,
  extensible: false,
  ordered: true,
  rows: [
    row('', '', 'CODE', concept, '1', 'M', { values }),
    include('>', 'HAS PROPERTIES', '4019', '1', 'M'),
    // Mammography CAD has an image library, so that images are named by reference only.
    row('>', 'HAS PROPERTIES', 'IMAGE', undefined, '1-n', 'MC', {
      byReference: true,
      when: ({ source }) => !has(source, CODES.imageRegion),
      target: inImageLibrary,
    }),
    row('>', 'INFERRED FROM', 'SCOORD', CODES.imageRegion, '1-n', 'MC', {
      when: ({ source }) => has(source, CODES.imageRegion),
      rule: coordinatesWithin,
    }),
    row('>>', 'SELECTED FROM', 'IMAGE', undefined, '1', 'M', { byReference: true, target: inImageLibrary }),
    include('>', '', '4023', '1', 'U'),
  ],
});

const statusIs =
  (...codes: readonly Code[]) =>
  ({ source }: Surroundings): boolean =>
    isOneOf(codeValueOf(source), ...codes);

const workPerformed = (tid: string, succeeded: Code, failed: Code, performed: string): Template => ({
  tid,
  extensible: false,
  ordered: true,
  rows: [
    row('', '', 'CONTAINER', succeeded, '1', 'MC', { when: statusIs(CODES.succeeded, CODES.partiallySucceeded) }),
    include('>', 'CONTAINS', performed, '1-n', 'M'),
    row('', '', 'CONTAINER', failed, '1', 'MC', { when: statusIs(CODES.failed, CODES.partiallySucceeded) }),
    include('>', 'CONTAINS', performed, '1-n', 'M'),
  ],
});

/**
 * The templates of mammography CAD (PS3.16, "Mammography CAD SR IOD Templates"), a row here for each row there that a
 * report of single image findings and composite features can have. Rows that hold other measurements, calcifications,
 * breast composition and image quality are left out; reports that need them are told so.
 */
export const MAMMOGRAPHY_CAD_TEMPLATES: readonly Template[] = [
  {
    tid: '4000',
    extensible: false,
    ordered: true,
    rows: [
      row('', '', 'CONTAINER', CODES.mammographyCadReport, '1', 'M'),
      include('>', 'HAS CONCEPT MOD', '1204', '1', 'M'),
      row('>', 'CONTAINS', 'CONTAINER', CODES.imageLibrary, '1', 'M'),
      include('>>', 'CONTAINS', '4020', '1-n', 'M'),
      include('>', 'CONTAINS', '4001', '1', 'M'),
      row('>', 'CONTAINS', 'CODE', CODES.summaryOfDetections, '1', 'M', { values: STATUS_OF_RESULTS }),
      include('>>', 'INFERRED FROM', '4015', '1', 'MC', {
        when: ({ source }) => !isOneOf(codeValueOf(source), CODES.notAttempted),
      }),
      row('>', 'CONTAINS', 'CODE', CODES.summaryOfAnalyses, '1', 'M', { values: STATUS_OF_RESULTS }),
      include('>>', 'INFERRED FROM', '4016', '1', 'MC', {
        when: ({ source }) => !isOneOf(codeValueOf(source), CODES.notAttempted),
      }),
    ],
  },
  {
    tid: '1204',
    extensible: false,
    ordered: true,
    rows: [
      row('', '', 'CODE', CODES.language, '1', 'M', { values: LANGUAGES }),
      row('>', 'HAS CONCEPT MOD', 'CODE', CODES.country, '1', 'U'),
    ],
  },
  {
    tid: '4001',
    extensible: false,
    ordered: true,
    rows: [
      row('', '', 'CODE', CODES.cadSummary, '1', 'M', { values: SUMMARIES, rule: cadSummary }),
      include('>', 'HAS PROPERTIES', '4002', '1', 'U'),
      include('>', 'INFERRED FROM', '4003', '1-n', 'U'),
    ],
  },
  {
    tid: '4002',
    extensible: false,
    ordered: true,
    rows: [
      row('', '', 'CODE', IMPRESSION_CONCEPTS[0], '1', 'U'),
      row('>', 'HAS CONCEPT MOD', 'CODE', CODES.laterality, '1', 'U', { values: SIDES }),
      row('', '', 'CODE', IMPRESSION_CONCEPTS[1], '1', 'U'),
      row('>', 'HAS CONCEPT MOD', 'CODE', CODES.laterality, '1', 'U', { values: SIDES }),
      row('', '', 'TEXT', CODES.impressionDescription, '1', 'U'),
      row('', '', 'CODE', IMPRESSION_CONCEPTS[3], '1', 'U'),
      row('>', 'HAS CONCEPT MOD', 'CODE', CODES.laterality, '1', 'U', { values: SIDES }),
      row('', '', 'NUM', IMPRESSION_CONCEPTS[4], '1', 'U'),
      row('', '', 'DATE', IMPRESSION_CONCEPTS[5], '1', 'U'),
      row('', '', 'NUM', CODES.certaintyOfImpression, '1', 'UC', {
        when: ({ source }) => has(source, ...IMPRESSION_CONCEPTS.slice(0, 3)),
        units: [CODES.percent],
        rule: percentage,
      }),
      include('', '', '4019', '1-n', 'MC', { when: ({ source }) => has(source, ...IMPRESSION_CONCEPTS) }),
    ],
  },
  {
    tid: '4003',
    extensible: false,
    ordered: true,
    rows: [
      row('', '', 'CONTAINER', CODES.individualImpression, '1', 'M', {
        rule: (item) =>
          has(item, CODES.compositeFeature, CODES.singleImageFinding)
            ? undefined
            : 'has neither a composite feature nor a single image finding',
      }),
      row('>', 'HAS CONCEPT MOD', 'CODE', CODES.renderingIntent, '1', 'M', { values: INTENDED_USES }),
      include('>', 'CONTAINS', '4002', '1', 'U'),
      include('>', 'CONTAINS', '4004', '1-n', 'U'),
      include('>', 'CONTAINS', '4006', '1-n', 'U'),
    ],
  },
  {
    tid: '4004',
    extensible: false,
    ordered: true,
    rows: [
      row('', '', 'CODE', CODES.compositeFeature, '1', 'M', {
        values: COMPOSITE_FEATURES,
        rule: ({ children }) => {
          const from = children.filter((child) => child.relationship === 'INFERRED FROM').length;
          return from >= 2 ? undefined : `is a composite of ${from}, and takes at least two`;
        },
      }),
      row('>', 'HAS CONCEPT MOD', 'CODE', CODES.renderingIntent, '1', 'M', { values: INTENDED_USES }),
      include('>', 'HAS OBS CONTEXT', '4108', '1', 'U'),
      include('>', 'HAS PROPERTIES', '4005', '1', 'U'),
      include('>', 'INFERRED FROM', '4004', '1-n', 'U'),
      row('>', 'INFERRED FROM', 'CODE', CODES.compositeFeature, '1-n', 'U', { byReference: true }),
      include('>', 'INFERRED FROM', '4006', '1-n', 'U'),
      row('>', 'INFERRED FROM', 'CODE', CODES.singleImageFinding, '1-n', 'U', { byReference: true }),
      row('>', 'HAS OBS CONTEXT', 'COMPOSITE', CODES.originalSource, '1', 'U'),
    ],
  },
  {
    tid: '4005',
    extensible: false,
    ordered: true,
    rows: [
      row('', '', 'CODE', CODES.compositeType, '1', 'M', { values: COMPOSITE_RELATIONS }),
      row('', '', 'CODE', CODES.scopeOfFeature, '1', 'M', { values: SCOPES }),
      include('', '', '4019', '1', 'M'),
      row('', '', 'NUM', CODES.certaintyOfFeature, '1', 'U', { units: [CODES.percent], rule: percentage }),
      row('', '', 'NUM', CODES.probabilityOfCancer, '1', 'UC', {
        when: findingIsNot(NON_LESION),
        units: [CODES.percent],
        rule: percentage,
      }),
    ],
  },
  {
    tid: '4006',
    extensible: false,
    ordered: true,
    rows: [
      row('', '', 'CODE', CODES.singleImageFinding, '1', 'M', { values: SINGLE_IMAGE_FINDINGS, rule: untabulated }),
      row('>', 'HAS CONCEPT MOD', 'CODE', CODES.renderingIntent, '1', 'M', { values: INTENDED_USES }),
      row('>>', 'HAS PROPERTIES', 'NUM', OPERATING_POINT, '1', 'UC', {
        when: ({ source, root }) =>
          isOneOf(codeValueOf(source), CODES.presentationOptional) && anywhere(root, MAXIMUM_OPERATING_POINT),
      }),
      include('>', 'HAS OBS CONTEXT', '4108', '1', 'U'),
      include('>', 'HAS PROPERTIES', '4019', '1', 'M'),
      row('>', 'HAS PROPERTIES', 'NUM', CODES.certaintyOfFinding, '1', 'U', {
        units: [CODES.percent],
        rule: percentage,
      }),
      row('>', 'HAS PROPERTIES', 'NUM', CODES.probabilityOfCancer, '1', 'UC', {
        when: findingIsNot(BREAST_COMPOSITION, BREAST_GEOMETRY, NIPPLE, IMAGE_QUALITY, NON_LESION),
        units: [CODES.percent],
        rule: percentage,
      }),
      include('>', 'HAS PROPERTIES', '4021', '1', 'MC', {
        when: findingIsNot(BREAST_COMPOSITION, BREAST_GEOMETRY, IMAGE_QUALITY),
      }),
      include('>', 'HAS PROPERTIES', '4011', '1', 'UC', { when: findingIs(BREAST_DENSITY) }),
      include('>', 'HAS PROPERTIES', '4013', '1', 'MC', { when: findingIs(CODES.selectedRegion) }),
      row('>', 'HAS OBS CONTEXT', 'COMPOSITE', CODES.originalSource, '1', 'U'),
    ],
  },
  {
    tid: '4011',
    extensible: false,
    ordered: true,
    rows: [
      row('', '', 'CODE', dcm('111035', 'Lesion Density'), '1', 'U'),
      row('', '', 'CODE', sct('107644003', 'Shape'), '1', 'U'),
      row('', '', 'CODE', dcm('111037', 'Margins'), '1-n', 'U'),
    ],
  },
  {
    tid: '4013',
    extensible: false,
    ordered: true,
    rows: [row('', '', 'TEXT', CODES.selectedRegionDescription, '1', 'M')],
  },
  workPerformed('4015', CODES.successfulDetections, CODES.failedDetections, '4017'),
  workPerformed('4016', CODES.successfulAnalyses, CODES.failedAnalyses, '4018'),
  detectionOrAnalysis('4017', CODES.detectionPerformed, SINGLE_IMAGE_FINDINGS),
  detectionOrAnalysis('4018', CODES.analysisPerformed, ANALYSES),
  {
    tid: '4019',
    extensible: false,
    ordered: true,
    rows: [
      row('', '', 'TEXT', CODES.algorithmName, '1', 'M'),
      row('', '', 'TEXT', CODES.algorithmVersion, '1', 'M'),
      row('', '', 'TEXT', CODES.algorithmParameters, '1-n', 'U'),
    ],
  },
  {
    tid: '4020',
    extensible: false,
    ordered: true,
    rows: [
      row('', '', 'IMAGE', undefined, '1', 'M', { rule: libraryImage }),
      row('>', 'HAS ACQ CONTEXT', 'CODE', CODES.imageLaterality, '1', 'U', { values: SIDES }),
      row('>', 'HAS ACQ CONTEXT', 'CODE', CODES.imageView, '1', 'U', { values: VIEWS_FOR_MAMMOGRAPHY }),
      row('>>', 'HAS CONCEPT MOD', 'CODE', CODES.imageViewModifier, '1-n', 'U', { values: VIEW_MODIFIERS }),
      row('>', 'HAS ACQ CONTEXT', 'TEXT', CODES.patientOrientationRow, '1', 'U', { rule: patientDirection }),
      row('>', 'HAS ACQ CONTEXT', 'TEXT', CODES.patientOrientationColumn, '1', 'U', { rule: patientDirection }),
      row('>', 'HAS ACQ CONTEXT', 'DATE', CODES.studyDate, '1', 'U'),
      row('>', 'HAS ACQ CONTEXT', 'TIME', CODES.studyTime, '1', 'U'),
      row('>', 'HAS ACQ CONTEXT', 'DATE', CODES.contentDate, '1', 'U'),
      row('>', 'HAS ACQ CONTEXT', 'TIME', CODES.contentTime, '1', 'U'),
      row('>', 'HAS ACQ CONTEXT', 'NUM', CODES.horizontalPixelSpacing, '1', 'U', { units: SPACING_UNITS }),
      row('>', 'HAS ACQ CONTEXT', 'NUM', CODES.verticalPixelSpacing, '1', 'U', { units: SPACING_UNITS }),
      row('>', 'HAS ACQ CONTEXT', 'NUM', CODES.pixelDataRows, '1', 'U', { units: [CODES.pixels] }),
      row('>', 'HAS ACQ CONTEXT', 'NUM', CODES.pixelDataColumns, '1', 'U', { units: [CODES.pixels] }),
    ],
  },
  {
    tid: '4021',
    extensible: false,
    ordered: true,
    rows: [
      row('', '', 'SCOORD', CODES.center, '1', 'M', { graphics: ['POINT'], rule: coordinatesWithin }),
      row('>', 'SELECTED FROM', 'IMAGE', undefined, '1', 'M', { byReference: true, target: inImageLibrary }),
      row('', '', 'SCOORD', CODES.outline, '1', 'U', {
        graphics: ['POLYLINE', 'CIRCLE', 'ELLIPSE'],
        rule: coordinatesWithin,
      }),
      row('>', 'SELECTED FROM', 'IMAGE', undefined, '1', 'M', { byReference: true, target: inImageLibrary }),
    ],
  },
  {
    tid: '4023',
    extensible: false,
    ordered: true,
    rows: [
      row('', 'HAS PROPERTIES', 'NUM', MAXIMUM_OPERATING_POINT, '1', 'M'),
      row('', 'HAS PROPERTIES', 'NUM', dcm('111092', 'Recommended CAD Operating Point'), '1', 'U'),
    ],
  },
  {
    tid: '4108',
    extensible: false,
    ordered: true,
    rows: [
      row('', '', 'TEXT', CODES.trackingIdentifier, '1', 'MC', {
        when: ({ source }) => !has(source, CODES.trackingUid),
        otherwise: 'allowed',
      }),
      row('', '', 'UIDREF', CODES.trackingUid, '1', 'MC', {
        when: ({ source }) => !has(source, CODES.trackingIdentifier),
        otherwise: 'allowed',
      }),
    ],
  },
];

function anywhere(item: ContentItem, concept: Code): boolean {
  return isCode(item.concept, concept) || items(item.children).some((child) => anywhere(child, concept));
}
