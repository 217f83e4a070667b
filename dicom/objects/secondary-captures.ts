import { lateralityOf, VIEWS, type View } from '../../pipeline/exam.js';
import { RESEARCH_USE_ONLY } from '../../pipeline/predictions.js';
import { CODES, codeItem } from './codes.js';
import type { Dataset } from './dataset.js';
import type { ExamResult, ResultPixels } from './exam-result.js';
import { assembled, sopReference } from './modules.js';

export const SECONDARY_CAPTURE = '1.2.840.10008.5.1.4.1.1.7';

/**
 * The picture that `visualize_heatmaps` draws on the absolute scale, a secondary capture for each view: what any viewer can
 * show. Its legend, with exam, bundle and notice, is burned in. None where there are no heatmaps.
 */
export async function* secondaryCaptures(result: ExamResult, pixels: ResultPixels): AsyncGenerator<Dataset> {
  if (result.detection.status !== 'succeeded') return;
  for (const [index, view] of VIEWS.entries()) yield await secondaryCapture(result, view, pixels, index + 1);
}

async function secondaryCapture(
  result: ExamResult,
  view: View,
  pixels: ResultPixels,
  number: number,
): Promise<Dataset> {
  const picture = await pixels.absolutePicture(view);
  const { source } = result.views[view];
  return assembled({
    result,
    kind: 'secondary-captures',
    options: null,
    sopClassUid: SECONDARY_CAPTURE,
    modality: 'OT',
    number,
    content: {
      ConversionType: 'WSD',
      ImageType: ['DERIVED', 'SECONDARY'],
      PatientOrientation: null,
      BodyPartExamined: 'BREAST',
      ImageLaterality: lateralityOf(view),
      ImageComments: `${view}: probabilities of benign and malignant findings over the view. ${RESEARCH_USE_ONLY}`,
      BurnedInAnnotation: 'YES',
      RecognizableVisualFeatures: 'NO',
      DerivationDescription: 'Heatmaps over the cropped view, on a fixed scale from 0 to 1',
      SourceImageSequence: [{ ...sopReference(source), PurposeOfReferenceCodeSequence: [codeItem(CODES.sourceImage)] }],
      SamplesPerPixel: 3,
      PhotometricInterpretation: 'RGB',
      PlanarConfiguration: 0,
      Rows: picture.rows,
      Columns: picture.columns,
      BitsAllocated: 8,
      BitsStored: 8,
      HighBit: 7,
      PixelRepresentation: 0,
      LossyImageCompression: '00',
      PixelData: picture.pixels,
    },
  });
}
