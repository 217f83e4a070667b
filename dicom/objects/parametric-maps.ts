import type { FloatPlane } from '../../imaging/planes.js';
import { lateralityOf, VIEWS, type View } from '../../pipeline/exam.js';
import { HEATMAP_CLASSES, type HeatmapClass } from '../../pipeline/heatmaps.js';
import { RESEARCH_USE_ONLY } from '../../pipeline/predictions.js';
import { CODES, codeItem, PRIVATE_SCHEME_IDENTIFICATION } from './codes.js';
import type { Dataset } from './dataset.js';
import type { ExamResult, ResultPixels } from './exam-result.js';
import { checkHeatmapSize } from './findings.js';
import { assembled, sopReference } from './modules.js';
import { derivedUid } from './uids.js';

export const PARAMETRIC_MAP = '1.2.840.10008.5.1.4.1.1.30';

/** Outside the crop nothing was computed, which is no probability of 0. */
export const NOT_COMPUTED = -1;

/**
 * The heatmaps as they were computed, in 32-bit floats: a parametric map (PS3.3 A.75) of one frame for each view and class,
 * with the size and the orientation of the source image, so that pixel lies upon pixel. Each takes four bytes a pixel (34 MB
 * at 2560 × 3328); they are made one after the other. None where there are no heatmaps.
 */
export async function* parametricMaps(result: ExamResult, pixels: ResultPixels): AsyncGenerator<Dataset> {
  if (result.detection.status !== 'succeeded') return;
  let number = 0;
  for (const view of VIEWS) {
    const heatmaps = await pixels.heatmaps(view);
    for (const name of HEATMAP_CLASSES) {
      checkHeatmapSize(result, view, heatmaps[name]);
      number += 1;
      yield parametricMap(result, view, name, heatmaps[name], number);
    }
  }
}

function parametricMap(
  result: ExamResult,
  view: View,
  name: HeatmapClass,
  heatmap: FloatPlane,
  number: number,
): Dataset {
  const { source } = result.views[view];
  const frameOfReference = derivedUid('frame of reference', source.sopInstanceUid);
  const dimensions = derivedUid('dimensions', source.sopInstanceUid, name);
  const quantity = name === 'benign' ? CODES.benignHeatmap : CODES.malignantHeatmap;
  return assembled({
    result,
    kind: 'parametric-maps',
    options: null,
    sopClassUid: PARAMETRIC_MAP,
    modality: 'OT',
    number,
    content: {
      CodingSchemeIdentificationSequence: [PRIVATE_SCHEME_IDENTIFICATION],
      FrameOfReferenceUID: frameOfReference,
      PositionReferenceIndicator: null,
      ImageType: FRAME_TYPE,
      ContentLabel: name === 'benign' ? 'BENIGN' : 'MALIGNANT',
      ContentDescription: `${view}, ${name}. ${RESEARCH_USE_ONLY}`,
      ContentQualification: 'RESEARCH',
      ImageComments: [
        `Pixels of ${NOT_COMPUTED} were not computed. ${RESEARCH_USE_ONLY}`,
        ...result.warnings
          .filter((warning) => warning.view === undefined || warning.view === view)
          .map(({ code, message }) => `Warning (${code}): ${message}`),
      ].join(' '),
      PatientOrientation: source.patientOrientation,
      BodyPartExamined: 'BREAST',
      BurnedInAnnotation: 'NO',
      RecognizableVisualFeatures: 'NO',
      LossyImageCompression: '00',
      PresentationLUTShape: 'IDENTITY',
      AcquisitionContextSequence: [],
      ReferencedSeriesSequence: [
        { SeriesInstanceUID: source.seriesInstanceUid, ReferencedInstanceSequence: [sopReference(source)] },
      ],
      DimensionOrganizationSequence: [{ DimensionOrganizationUID: dimensions }],
      DimensionIndexSequence: [
        {
          DimensionOrganizationUID: dimensions,
          DimensionIndexPointer: STACK_POSITION,
          FunctionalGroupPointer: FRAME_CONTENT,
          DimensionDescriptionLabel: 'Frame',
        },
      ],
      NumberOfFrames: 1,
      SharedFunctionalGroupsSequence: [
        {
          PixelMeasuresSequence: source.pixelSpacing && [{ PixelSpacing: source.pixelSpacing, SliceThickness: 1 }],
          PixelValueTransformationSequence: [{ RescaleIntercept: 0, RescaleSlope: 1, RescaleType: 'US' }],
          FrameVOILUTSequence: [{ WindowCenter: 0.5, WindowWidth: 1, VOILUTFunction: 'LINEAR_EXACT' }],
          // A mammogram has no place in the patient's coordinates, so that the items are there and empty.
          PlanePositionSequence: [{}],
          PlaneOrientationSequence: [{}],
          FrameAnatomySequence: [
            { FrameLaterality: lateralityOf(view), AnatomicRegionSequence: [codeItem(CODES.breast)] },
          ],
          ParametricMapFrameTypeSequence: [{ FrameType: FRAME_TYPE }],
          DerivationImageSequence: [
            {
              DerivationDescription: 'Probability of each pixel, averaged over the patches that cover it',
              DerivationCodeSequence: [codeItem(CODES.patchNetwork)],
              SourceImageSequence: [
                {
                  ...sopReference(source),
                  PurposeOfReferenceCodeSequence: [codeItem(CODES.sourceImage)],
                  SpatialLocationsPreserved: 'YES',
                },
              ],
            },
          ],
          RealWorldValueMappingSequence: [
            {
              LUTExplanation: quantity.meaning,
              LUTLabel: name.toUpperCase(),
              MeasurementUnitsCodeSequence: [codeItem(CODES.noUnits)],
              RealWorldValueIntercept: 0,
              RealWorldValueSlope: 1,
              DoubleFloatRealWorldValueFirstValueMapped: 0,
              DoubleFloatRealWorldValueLastValueMapped: 1,
              QuantityDefinitionSequence: [
                {
                  ValueType: 'CODE',
                  ConceptNameCodeSequence: [codeItem(CODES.quantity)],
                  ConceptCodeSequence: [codeItem(quantity)],
                },
              ],
            },
          ],
        },
      ],
      PerFrameFunctionalGroupsSequence: [
        { FrameContentSequence: [{ StackID: '1', InStackPositionNumber: 1, DimensionIndexValues: 1 }] },
      ],
      SamplesPerPixel: 1,
      PhotometricInterpretation: 'MONOCHROME2',
      Rows: source.rows,
      Columns: source.columns,
      BitsAllocated: 32,
      FloatPixelPaddingValue: NOT_COMPUTED,
      FloatPixelPaddingRangeLimit: NOT_COMPUTED,
      FloatPixelData: inSource(result, view, heatmap),
    },
  });
}

/** A derived quantity that is no volume (PS3.3 C.8.32.3). */
const FRAME_TYPE = ['DERIVED', 'PRIMARY', 'OTHER', 'QUANTITY'];

/** (0020,9057) In-Stack Position Number, and (0020,9111) Frame Content Sequence, as attribute tags. */
const STACK_POSITION = 0x00209057;
const FRAME_CONTENT = 0x00209111;

/** The heatmap in the pixels of its source image. */
function inSource(result: ExamResult, view: View, { rows, columns, pixels }: FloatPlane): Float32Array {
  if (result.detection.status !== 'succeeded') throw new Error('there are no heatmaps');
  const { source, mirrored, upsideDown } = result.views[view];
  const { crop } = result.detection.views[view];
  const whole = new Float32Array(source.rows * source.columns).fill(NOT_COMPUTED);
  for (let row = 0; row < rows; row += 1) {
    const inView = crop.top + row;
    const target = upsideDown ? source.rows - 1 - inView : inView;
    const line = pixels.slice(row * columns, (row + 1) * columns);
    const first = mirrored ? source.columns - crop.right : crop.left;
    whole.set(mirrored ? line.reverse() : line, target * source.columns + first);
  }
  return whole;
}
