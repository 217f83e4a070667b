import type { Dataset } from './dataset.js';

/** A coded concept (PS3.3 8): what counts is the value in its scheme, the meaning is for people. */
export interface Code {
  readonly value: string;
  readonly scheme: string;
  readonly meaning: string;
}

const dcm = (value: string, meaning: string): Code => ({ value, scheme: 'DCM', meaning });
const sct = (value: string, meaning: string): Code => ({ value, scheme: 'SCT', meaning });
const ucum = (value: string, meaning: string): Code => ({ value, scheme: 'UCUM', meaning });

/**
 * Numbers that no standard code says: a breast's probability is not that of a finding (111047 is). Designators that begin
 * with 99 are private (PS3.16 8).
 */
export const PRIVATE_SCHEME = '99MAMMOFLOW';
const own = (value: string, meaning: string): Code => ({ value, scheme: PRIVATE_SCHEME, meaning });

/** Concepts by what they mean, from PS3.16 annex D (DCM) and its context groups. */
export const CODES = {
  // Documents and their sections
  mammographyCadReport: dcm('111036', 'Mammography CAD Report'),
  imagingMeasurementReport: dcm('126000', 'Imaging Measurement Report'),
  imageLibrary: dcm('111028', 'Image Library'),
  imageLibraryGroup: dcm('126200', 'Image Library Group'),
  imagingMeasurements: dcm('126010', 'Imaging Measurements'),
  measurementGroup: dcm('125007', 'Measurement Group'),
  language: dcm('121049', 'Language of Content Item and Descendants'),
  country: dcm('121046', 'Country of Language'),
  procedureReported: dcm('121058', 'Procedure reported'),
  // Observers
  observerType: dcm('121005', 'Observer Type'),
  device: dcm('121007', 'Device'),
  deviceObserverUid: dcm('121012', 'Device Observer UID'),
  deviceObserverName: dcm('121013', 'Device Observer Name'),
  deviceObserverManufacturer: dcm('121014', 'Device Observer Manufacturer'),
  deviceObserverModelName: dcm('121015', 'Device Observer Model Name'),
  // Images
  imageLaterality: dcm('111027', 'Image Laterality'),
  imageView: dcm('111031', 'Image View'),
  imageViewModifier: dcm('111032', 'Image View Modifier'),
  patientOrientationRow: dcm('111044', 'Patient Orientation Row'),
  patientOrientationColumn: dcm('111043', 'Patient Orientation Column'),
  studyDate: dcm('111060', 'Study Date'),
  studyTime: dcm('111061', 'Study Time'),
  contentDate: dcm('111018', 'Content Date'),
  contentTime: dcm('111019', 'Content Time'),
  horizontalPixelSpacing: dcm('111026', 'Horizontal Pixel Spacing'),
  verticalPixelSpacing: dcm('111066', 'Vertical Pixel Spacing'),
  pixelDataRows: dcm('110910', 'Pixel Data Rows'),
  pixelDataColumns: dcm('110911', 'Pixel Data Columns'),
  modality: dcm('121139', 'Modality'),
  mammography: dcm('MG', 'Mammography'),
  targetRegion: dcm('123014', 'Target Region'),
  qualitativeEvaluations: { value: 'C0034375', scheme: 'UMLS', meaning: 'Qualitative Evaluations' },
  mammographyProcedure: sct('71651007', 'Mammography'),
  // Algorithms
  algorithmName: dcm('111001', 'Algorithm Name'),
  algorithmVersion: dcm('111003', 'Algorithm Version'),
  algorithmParameters: dcm('111002', 'Algorithm Parameters'),
  // What was done
  cadSummary: dcm('111017', 'CAD Processing and Findings Summary'),
  summaryOfDetections: dcm('111064', 'Summary of Detections'),
  summaryOfAnalyses: dcm('111065', 'Summary of Analyses'),
  successfulDetections: dcm('111063', 'Successful Detections'),
  failedDetections: dcm('111025', 'Failed Detections'),
  successfulAnalyses: dcm('111062', 'Successful Analyses'),
  failedAnalyses: dcm('111024', 'Failed Analyses'),
  detectionPerformed: dcm('111022', 'Detection Performed'),
  analysisPerformed: dcm('111004', 'Analysis Performed'),
  overallImpressionAnalysis: dcm('111234', 'Overall Impression / Recommendation Analysis'),
  spatialCollocation: sct('133884007', 'Spatial collocation analysis'),
  // CID 6042
  succeeded: dcm('111222', 'Succeeded'),
  partiallySucceeded: dcm('111223', 'Partially Succeeded'),
  failed: dcm('111224', 'Failed'),
  notAttempted: dcm('111225', 'Not Attempted'),
  // CID 6047
  allSucceededWithoutFindings: dcm('111241', 'All algorithms succeeded; without findings'),
  allSucceededWithFindings: dcm('111242', 'All algorithms succeeded; with findings'),
  notAllSucceededWithoutFindings: dcm('111243', 'Not all algorithms succeeded; without findings'),
  notAllSucceededWithFindings: dcm('111244', 'Not all algorithms succeeded; with findings'),
  noneSucceeded: dcm('111245', 'No algorithms succeeded; without findings'),
  // Impressions and findings
  individualImpression: dcm('111034', 'Individual Impression/Recommendation'),
  impressionDescription: dcm('111033', 'Impression Description'),
  renderingIntent: dcm('111056', 'Rendering Intent'),
  presentationRequired: dcm('111150', 'Presentation Required: Rendering device is expected to present'),
  presentationOptional: dcm('111151', 'Presentation Optional: Rendering device may present'),
  notForPresentation: dcm('111152', 'Not for Presentation: Rendering device expected not to present'),
  singleImageFinding: dcm('111059', 'Single Image Finding'),
  compositeFeature: dcm('111015', 'Composite Feature'),
  compositeType: dcm('111016', 'Composite Type'),
  relatedSpatially: dcm('111154', 'Target content items are related spatially'),
  relatedTemporally: dcm('111153', 'Target content items are related temporally'),
  relatedContralaterally: dcm('111155', 'Target content items are related contra-laterally'),
  scopeOfFeature: dcm('111057', 'Scope of Feature'),
  onTheOnlyImage: dcm('111156', 'Feature detected on the only image'),
  onOneImage: dcm('111157', 'Feature detected on only one of the images'),
  onMultipleImages: dcm('111158', 'Feature detected on multiple images'),
  onSeveralModalities: dcm('111159', 'Feature detected on images from multiple modalities'),
  certaintyOfFinding: dcm('111012', 'Certainty of Finding'),
  certaintyOfFeature: dcm('111011', 'Certainty of Feature'),
  certaintyOfImpression: dcm('111013', 'Certainty of impression'),
  probabilityOfCancer: dcm('111047', 'Probability of cancer'),
  selectedRegion: dcm('111099', 'Selected region'),
  selectedRegionDescription: dcm('111058', 'Selected Region Description'),
  center: dcm('111010', 'Center'),
  outline: dcm('111041', 'Outline'),
  imageRegion: dcm('111030', 'Image Region'),
  trackingIdentifier: dcm('112039', 'Tracking Identifier'),
  trackingUid: dcm('112040', 'Tracking Unique Identifier'),
  originalSource: dcm('111040', 'Original Source'),
  finding: dcm('121071', 'Finding'),
  findingSite: sct('363698007', 'Finding Site'),
  laterality: sct('272741003', 'Laterality'),
  area: sct('42798000', 'Area'),
  comment: dcm('121106', 'Comment'),
  derivation: dcm('121401', 'Derivation'),
  mean: sct('373098007', 'Mean'),
  maximum: sct('56851009', 'Maximum'),
  quantity: sct('246205007', 'Quantity'),
  sourceImage: dcm('121322', 'Source image for image processing operation'),
  // Anatomy
  breast: sct('76752008', 'Breast'),
  leftBreast: sct('80248007', 'Left breast'),
  rightBreast: sct('73056007', 'Right breast'),
  left: sct('7771000', 'Left'),
  right: sct('24028007', 'Right'),
  cranioCaudal: sct('399162004', 'cranio-caudal'),
  mediolateralOblique: sct('399368009', 'medio-lateral oblique'),
  // Values and units
  english: { value: 'en-US', scheme: 'RFC5646', meaning: 'English (United States)' },
  percent: ucum('%', 'Percent'),
  pixels: ucum('{pixels}', 'pixels'),
  millimetres: ucum('mm', 'millimeter'),
  micrometres: ucum('um', 'micrometer'),
  noUnits: ucum('1', 'no units'),
  // Ours
  probabilityBenignInBreast: own('benign-breast', 'Probability of a benign finding in the breast'),
  probabilityMalignantInBreast: own('malignant-breast', 'Probability of a malignant finding in the breast'),
  benignHeatmap: own('benign-map', 'Probability of a benign finding at the pixel'),
  malignantHeatmap: own('malignant-map', 'Probability of a malignant finding at the pixel'),
  patchNetwork: own('patch-network', 'Probability by a patch network, averaged over patches'),
  meanMalignant: own('mean-malignant', 'Mean probability of a malignant finding in the region'),
} as const satisfies Record<string, Code>;

export const isCode = (one: Code | undefined, other: Code): boolean =>
  one !== undefined && one.value === other.value && one.scheme === other.scheme;

/** A code as an item of a code sequence. */
export const codeItem = ({ value, scheme, meaning }: Code): Dataset => ({
  CodeValue: value,
  CodingSchemeDesignator: scheme,
  CodeMeaning: meaning,
});

/** The first code of a code sequence that was read; long code values and URNs are read as well. */
export function codeOf(sequence: unknown): Code | undefined {
  const item = (sequence as readonly Dataset[] | undefined)?.[0];
  if (item === undefined) return undefined;
  const text = (keyword: string): string => String((item[keyword] as readonly string[] | string | undefined) ?? '');
  const value = text('CodeValue') || text('LongCodeValue') || text('URNCodeValue');
  return { value, scheme: text('CodingSchemeDesignator'), meaning: text('CodeMeaning') };
}

/** What private codes are, for receivers that meet them (PS3.3 C.12.1.1.8). */
export const PRIVATE_SCHEME_IDENTIFICATION: Dataset = {
  CodingSchemeDesignator: PRIVATE_SCHEME,
  CodingSchemeName: 'mammoflow: numbers of a research model',
  CodingSchemeResponsibleOrganization: 'mammoflow',
};
