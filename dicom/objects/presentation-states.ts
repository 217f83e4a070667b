import { lateralityOf, VIEWS, type View } from '../../pipeline/exam.js';
import { RESEARCH_USE_ONLY } from '../../pipeline/predictions.js';
import type { Dataset } from './dataset.js';
import type { ExamResult, SourceImage } from './exam-result.js';
import type { Finding, Findings } from './findings.js';
import { closedLine, labelOf } from './mammography-cad-sr.js';
import { assembled, dateAndTime, shortened, sopReference } from './modules.js';

export const GRAYSCALE_PRESENTATION_STATE = '1.2.840.10008.5.1.4.1.1.11.1';

const LAYER = 'FINDINGS';

/**
 * A grayscale softcopy presentation state (PS3.3 A.33.1) for each view that has findings: their outlines over the source
 * image, which is otherwise shown as its own attributes say. Views without findings have none, since an empty layer would
 * look like an answer.
 */
export function presentationStates(result: ExamResult, findings: Findings | undefined): Dataset[] {
  if (findings === undefined) return [];
  return VIEWS.filter((view) => findings.all.some((finding) => finding.view === view)).map((view, index) =>
    presentationState(result, findings, view, index + 1),
  );
}

function presentationState(result: ExamResult, findings: Findings, view: View, number: number): Dataset {
  const { source } = result.views[view];
  const { date, time } = dateAndTime(result.computedAt);
  const ofView = findings.all.filter((finding) => finding.view === view);
  return assembled({
    result,
    kind: 'presentation-states',
    side: lateralityOf(view),
    options: findings.options,
    sopClassUid: GRAYSCALE_PRESENTATION_STATE,
    modality: 'PR',
    number,
    content: {
      ContentDate: undefined,
      ContentTime: undefined,
      ContentLabel: `CAD ${view}`,
      ContentDescription: `Regions from ${findings.options.threshold}. ${RESEARCH_USE_ONLY}`,
      ContentCreatorName: null,
      PresentationCreationDate: date,
      PresentationCreationTime: time,
      ReferencedSeriesSequence: [
        { SeriesInstanceUID: source.seriesInstanceUid, ReferencedImageSequence: [sopReference(source)] },
      ],
      DisplayedAreaSelectionSequence: [displayedArea(source)],
      GraphicLayerSequence: [
        { GraphicLayer: LAYER, GraphicLayerOrder: 1, GraphicLayerDescription: 'Regions of the malignant heatmap' },
      ],
      GraphicAnnotationSequence: [
        {
          GraphicLayer: LAYER,
          GraphicObjectSequence: ofView.map(outline),
          TextObjectSequence: [notice(result, view), ...ofView.map(label)],
        },
      ],
      ...display(source),
    },
  });
}

const outline = (finding: Finding): Dataset => ({
  GraphicAnnotationUnits: 'PIXEL',
  GraphicDimensions: 2,
  NumberOfGraphicPoints: finding.outline.length + 1,
  GraphicData: closedLine(finding),
  GraphicType: 'POLYLINE',
  GraphicFilled: 'N',
});

/** Beside the outline's rightmost corner. */
function label(finding: Finding): Dataset {
  const right = finding.outline.reduce((most, corner) => (corner.column > most.column ? corner : most));
  return {
    UnformattedTextValue: `${labelOf(finding)}: ${(100 * finding.peak).toFixed(1)} %`,
    AnchorPointAnnotationUnits: 'PIXEL',
    AnchorPoint: [right.column, right.row],
    AnchorPointVisibility: 'N',
  };
}

/** At the top of what is displayed, whatever part that is: what it is for, and what the quality checks warn of. */
function notice({ warnings }: ExamResult, view: View): Dataset {
  const lines = [
    RESEARCH_USE_ONLY,
    ...warnings
      .filter((warning) => warning.view === undefined || warning.view === view)
      .map(({ code, message }) => `Warning (${code}): ${message}`),
  ];
  return {
    // An ST, whose lines end as PS3.5 6.1.3 says.
    UnformattedTextValue: shortened(lines.join('\r\n'), 1024),
    BoundingBoxAnnotationUnits: 'DISPLAY',
    BoundingBoxTopLeftHandCorner: [0, 0],
    BoundingBoxBottomRightHandCorner: [1, Math.min(1, 0.05 * lines.length)],
    BoundingBoxTextHorizontalJustification: 'LEFT',
  };
}

function displayedArea({ rows, columns, pixelSpacing }: SourceImage): Dataset {
  return {
    DisplayedAreaTopLeftHandCorner: [1, 1],
    DisplayedAreaBottomRightHandCorner: [columns, rows],
    PresentationSizeMode: 'SCALE TO FIT',
    ...(pixelSpacing === undefined
      ? { PresentationPixelAspectRatio: [1, 1] }
      : { PresentationPixelSpacing: pixelSpacing }),
  };
}

/**
 * A presentation state's table has entries of 8 or 16 bits (PS3.3 C.11.8), an image's may have 10 to 16. As bytes, since it may
 * be longer than what is written with a length of 16 bits.
 */
function in16Bits(entries: readonly number[], bits: number): Uint8Array {
  const largest = 2 ** bits - 1;
  return new Uint8Array(Uint16Array.from(entries, (entry) => Math.round((entry * 65535) / largest)).buffer);
}

/** PS3.3 C.11.8, C.11.6: without them the image would be shown without its own window, and MONOCHROME1 as a negative. */
function display({ display: { inverted, rescale, window, voiLut } }: SourceImage): Dataset {
  const windowed: Dataset | undefined = window && {
    WindowCenter: window.centre,
    WindowWidth: window.width,
    VOILUTFunction: window.function === 'LINEAR' ? undefined : window.function,
  };
  const table: Dataset | undefined = voiLut && {
    VOILUTSequence: [
      {
        LUTDescriptor: [voiLut.entries.length % 65536, voiLut.first, 16],
        LUTData: in16Bits(voiLut.entries, voiLut.bits),
      },
    ],
  };
  const values = table ?? windowed;
  return {
    ...(rescale && { RescaleIntercept: rescale.intercept, RescaleSlope: rescale.slope, RescaleType: 'US' }),
    SoftcopyVOILUTSequence: values && [values],
    PresentationLUTShape: inverted ? 'INVERSE' : 'IDENTITY',
  };
}
