import type { DicomObject } from '../data-set/read-object.js';
import { decimals, text, texts } from '../data-set/values.js';

export const MAMMOGRAPHY_FOR_PRESENTATION = '1.2.840.10008.5.1.4.1.1.1.2';
const MAMMOGRAPHY_FOR_PROCESSING = '1.2.840.10008.5.1.4.1.1.1.2.1';
export const KEY_OBJECT_SELECTION = '1.2.840.10008.5.1.4.1.1.88.59';

/** SOP classes (PS3.4, B.5) that lie beside mammograms and are told by name. */
const OTHER_CLASSES: readonly (readonly [RegExp, string])[] = [
  [/^1\.2\.840\.10008\.5\.1\.4\.1\.1\.13\.1\.3$/, 'a tomosynthesis volume'],
  [/^1\.2\.840\.10008\.5\.1\.4\.1\.1\.13\.1\.[45]$/, 'tomosynthesis projections'],
  [/^1\.2\.840\.10008\.5\.1\.4\.1\.1\.(6|3)\.1$/, 'ultrasound'],
  [/^1\.2\.840\.10008\.5\.1\.4\.1\.1\.4(\.|$)/, 'magnetic resonance'],
  [/^1\.2\.840\.10008\.5\.1\.4\.1\.1\.2(\.|$)/, 'computed tomography'],
  [/^1\.2\.840\.10008\.5\.1\.4\.1\.1\.1$/, 'a computed radiography image, not a digital mammogram'],
  [/^1\.2\.840\.10008\.5\.1\.4\.1\.1\.1\.1(\.1)?$/, 'a digital X-ray image, not a mammogram'],
  [/^1\.2\.840\.10008\.5\.1\.4\.1\.1\.7(\.|$)/, 'a secondary capture'],
  [/^1\.2\.840\.10008\.5\.1\.4\.1\.1\.11\./, 'a presentation state'],
  [/^1\.2\.840\.10008\.5\.1\.4\.1\.1\.88\./, 'a report'],
  [/^1\.2\.840\.10008\.5\.1\.4\.1\.1\.104\./, 'an encapsulated document'],
  [/^1\.2\.840\.10008\.5\.1\.4\.1\.1\.66/, 'a segmentation, registration or raw data'],
];

/** In Image Type, by devices that make a flat picture from tomosynthesis. */
const GENERATED = /^(GENERATED_2D|TOMO(SYNTHESIS|_2D)?|TOMO_PROJ|C-?VIEW|V-?PREVIEW|INSIGHT_?2D|SYNTHETIC(_2D)?)$/;
/** Contact views are at 1.0 to 1.15 by geometry; magnification stands begin at 1.4. */
const LARGEST_FACTOR = 1.3;

/**
 * Why an object cannot be one of the four views, whatever its view is. Undefined for one that may be.
 * @param generated whether pictures made from tomosynthesis are taken.
 */
export function leftOutKind(object: DicomObject, { generated = false } = {}): string | undefined {
  const { dataSet } = object;
  const sopClass = text(dataSet, 'SOPClassUID') ?? '';
  const intent = text(dataSet, 'PresentationIntentType')?.toUpperCase();
  if (sopClass === MAMMOGRAPHY_FOR_PROCESSING || intent === 'FOR PROCESSING') return 'raw data (FOR PROCESSING)';
  if (sopClass !== MAMMOGRAPHY_FOR_PRESENTATION) {
    return OTHER_CLASSES.find(([pattern]) => pattern.test(sopClass))?.[1] ?? 'no mammogram';
  }
  const modality = text(dataSet, 'Modality');
  if (modality !== 'MG') return 'not of modality MG';
  const body = text(dataSet, 'BodyPartExamined')?.toUpperCase();
  if (body !== undefined && body !== 'BREAST') return 'of another body part';
  if (text(dataSet, 'ConversionType') !== undefined) return 'scanned film or another conversion';
  const [frames = 1] = decimals(dataSet, 'NumberOfFrames');
  if (frames > 1) return `of ${frames} frames`;
  const isGenerated = texts(dataSet, 'ImageType').some((value) => GENERATED.test(value.toUpperCase()));
  if (isGenerated && !generated) return 'generated from tomosynthesis';
  if (text(dataSet, 'QualityControlImage') === 'YES') return 'a picture of quality control';
  if (text(dataSet, 'PartialView') === 'YES') return 'a part of a view';
  const [factor = 1] = decimals(dataSet, 'EstimatedRadiographicMagnificationFactor');
  if (factor > LARGEST_FACTOR) return `magnified ${factor} times`;
  return undefined;
}

/** Whether it says that text is burned into its pixels. */
export const saysBurnedIn = ({ dataSet }: DicomObject): boolean => text(dataSet, 'BurnedInAnnotation') === 'YES';

/** Implants as the object says; undefined where it does not. */
export const hasImplant = ({ dataSet }: DicomObject): boolean | undefined => {
  const said = text(dataSet, 'BreastImplantPresent');
  return said === undefined ? undefined : said === 'YES';
};

export const instanceNumberOf = ({ dataSet }: DicomObject): number => decimals(dataSet, 'InstanceNumber')[0] ?? 0;
