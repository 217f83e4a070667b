import type { DicomObject } from '../data-set/read-object.js';
import { decimals, text } from '../data-set/values.js';
import { identityOf, orientationOf, type PixelFormat, pixelFormatOf, spacingOf } from '../image/describe-image.js';
import { voiLut } from '../pixels/voi.js';
import { invalidObject } from '../refusal.js';
import type { ExamResult, SourceImage } from './exam-result.js';

/** What a source image says of itself, its study and its patient, as results repeat it. */
export interface DescribedSource {
  readonly source: SourceImage;
  readonly patient: ExamResult['patient'];
  readonly study: ExamResult['study'];
}

/**
 * Reads from a source image what results repeat, so that an archive files them beside it and a workstation shows it under
 * them as without them.
 *
 * @param what how to call the object in a message
 * @throws ExamError `invalid-dicom` for an object without Patient Orientation, without which no report says where a breast
 *   points to, or one that contradicts itself
 */
export function describeSource(object: DicomObject, what: string): DescribedSource {
  const { dataSet } = object;
  const uids = identityOf(object, what);
  const format = pixelFormatOf(object, what);
  const spacing = spacingOf(object);
  const orientation = orientationOf(object);
  if (orientation === undefined) {
    throw invalidObject(
      what,
      'does not say its Patient Orientation (0020,0020), which reports of it need',
      'Have the device say it, and put the study again.',
    );
  }
  const said = (keyword: Parameters<typeof text>[1]): string | undefined => text(dataSet, keyword);
  return {
    source: {
      sopClassUid: uids.SOPClassUID,
      sopInstanceUid: uids.SOPInstanceUID,
      seriesInstanceUid: uids.SeriesInstanceUID,
      rows: format.rows,
      columns: format.columns,
      ...(spacing === undefined ? {} : { pixelSpacing: [spacing[0], spacing[1]] as [number, number] }),
      patientOrientation: [orientation[0], orientation[1]],
      display: displayOf(object, format),
      ...present({ contentDate: said('ContentDate'), contentTime: said('ContentTime') }),
    },
    patient: {
      name: said('PatientName') ?? '',
      id: said('PatientID') ?? '',
      ...present({ birthDate: said('PatientBirthDate') }),
    },
    study: {
      studyInstanceUid: uids.StudyInstanceUID,
      ...present({ date: said('StudyDate'), time: said('StudyTime'), accessionNumber: said('AccessionNumber') }),
    },
  };
}

/** A VOI transformation that does not hold what it says is left out: viewers then choose a window themselves. */
function displayOf(object: DicomObject, { photometric, signed }: PixelFormat): SourceImage['display'] {
  const { dataSet } = object;
  const [slope] = decimals(dataSet, 'RescaleSlope');
  const [intercept] = decimals(dataSet, 'RescaleIntercept');
  const [centre] = decimals(dataSet, 'WindowCenter');
  const [width] = decimals(dataSet, 'WindowWidth');
  const shape = text(dataSet, 'VOILUTFunction') ?? 'LINEAR';
  const lut = voiLut(object, signed);
  return {
    inverted: photometric === 'MONOCHROME1',
    ...(isNumber(slope) && isNumber(intercept) && { rescale: { slope, intercept } }),
    ...(isNumber(centre) && isNumber(width) && width > 0 && isShape(shape)
      ? { window: { centre, width, function: shape } }
      : {}),
    ...(typeof lut === 'object' && lut.first >= 0 && { voiLut: { ...lut, entries: [...lut.entries] } }),
  };
}

const isNumber = (value: number | undefined): value is number => Number.isFinite(value);

const SHAPES = ['LINEAR', 'LINEAR_EXACT', 'SIGMOID'] as const;
const isShape = (name: string): name is (typeof SHAPES)[number] => (SHAPES as readonly string[]).includes(name);

/** Without what is not there. */
const present = <T extends Record<string, string | undefined>>(values: T): { [Key in keyof T]?: string } =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]?: string;
  };
