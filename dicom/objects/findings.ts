import { type HeatmapRegion, heatmapRegions, type Point, simplifiedOutline } from '../../imaging/heatmap-regions.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { VIEWS, type View } from '../../pipeline/exam.js';
import type { FindingOptions } from '../../pipeline/result-objects.js';
import type { ExamResult, ResultPixels, ViewDetection } from './exam-result.js';
import { toSource } from './source-geometry.js';
import { derivedUid } from './uids.js';

/** A region of one view's malignant heatmap, in its source image: places in pixels from the first pixel's outer corner. */
export interface Finding {
  readonly view: View;
  /** From 1 in each view. */
  readonly number: number;
  readonly trackingUid: string;
  readonly centre: Point;
  /** Corners of a closed line, the first not repeated. */
  readonly outline: readonly Point[];
  readonly pixels: number;
  readonly peak: number;
  readonly mean: number;
  /** Of its centre from the breast's foremost point; only where the source says how large its pixels are. */
  readonly millimetresFromForemost?: number;
}

/** A finding of a CC view and one of the MLO view of the same breast that lie equally far from the foremost point. */
export interface CompositeFinding {
  readonly trackingUid: string;
  readonly findings: readonly [cc: Finding, mlo: Finding];
}

export interface Findings {
  readonly options: FindingOptions;
  readonly all: readonly Finding[];
  /** Undefined where views were not compared, because a source does not say how large its pixels are. */
  readonly composites: readonly CompositeFinding[] | undefined;
  /** Those that are part of no composite finding. */
  readonly single: readonly Finding[];
}

/** More regions than these in one view are noise, and no workstation could show them. */
const MOST_REGIONS = 100;
/** Corners of an outline. In explicit VR a list of coordinates has 16 bits for its length: 8,191 points. */
const MOST_CORNERS = 256;

/**
 * Draws findings from the heatmaps: connected regions of the malignant map (`imaging/heatmap-regions.ts`), and pairs of
 * them across the two views of a breast. The pairing is the arc method of radiologists: the distance from the nipple is
 * about the same in both views. Here the foremost point that `crop` found stands for the nipple; pairs are formed by the
 * least difference first.
 *
 * @returns undefined where there are no heatmaps
 * @throws MammoflowError `corrupt-data` for a heatmap that is not its crop's size, `invalid-argument` where the threshold
 *   leaves more than a hundred regions in a view
 */
export async function findingsOf(
  result: ExamResult,
  pixels: ResultPixels,
  options: FindingOptions,
): Promise<Findings | undefined> {
  if (result.detection.status !== 'succeeded') return undefined;
  const all: Finding[] = [];
  for (const view of VIEWS) {
    const { malignant } = await pixels.heatmaps(view);
    checkHeatmapSize(result, view, malignant);
    const regions = heatmapRegions(malignant, options.threshold);
    if (regions.length > MOST_REGIONS) {
      throw new MammoflowError(
        'invalid-argument',
        `The heatmap of ${view} of exam ${result.exam} has ${regions.length} regions at threshold ${options.threshold}, more than ${MOST_REGIONS}.`,
        'Choose a higher threshold.',
      );
    }
    for (const [index, region] of regions.entries()) {
      all.push(asFinding(result, view, result.detection.views[view], index + 1, region, options));
    }
  }
  const composites = VIEWS.every((view) => result.views[view].source.pixelSpacing !== undefined)
    ? [...pairs(all, 'L', options), ...pairs(all, 'R', options)]
    : undefined;
  const paired = new Set(composites?.flatMap(({ findings }) => findings));
  return { options, all, composites, single: all.filter((finding) => !paired.has(finding)) };
}

/** @throws MammoflowError `corrupt-data` */
export function checkHeatmapSize(
  result: ExamResult,
  view: View,
  { rows, columns }: { readonly rows: number; readonly columns: number },
): void {
  if (result.detection.status !== 'succeeded') return;
  const { crop } = result.detection.views[view];
  if (rows === crop.bottom - crop.top && columns === crop.right - crop.left) return;
  throw new MammoflowError(
    'corrupt-data',
    `The heatmap of ${view} of exam ${result.exam} has ${columns} × ${rows} pixels, its crop ${crop.right - crop.left} × ${crop.bottom - crop.top}.`,
    'Run `mammoflow verify` on the exam.',
  );
}

function asFinding(
  result: ExamResult,
  view: View,
  detection: ViewDetection,
  number: number,
  region: HeatmapRegion,
  options: FindingOptions,
): Finding {
  const place = toSource(result, view, detection);
  const spacing = result.views[view].source.pixelSpacing;
  const foremost = { row: detection.foremost.row + 0.5, column: detection.foremost.column + 0.5 };
  return {
    view,
    number,
    trackingUid: derivedUid('finding', result, options, view, number),
    centre: place(region.centre),
    outline: simplifiedOutline(region.outline, MOST_CORNERS).map(place),
    pixels: region.pixels,
    peak: region.peak,
    mean: region.mean,
    ...(spacing && {
      millimetresFromForemost: Math.hypot(
        (region.centre.row - foremost.row) * spacing[0],
        (region.centre.column - foremost.column) * spacing[1],
      ),
    }),
  };
}

function pairs(all: readonly Finding[], side: 'L' | 'R', options: FindingOptions): CompositeFinding[] {
  const of = (view: View): Finding[] => all.filter((finding) => finding.view === view);
  const candidates = of(`${side}_CC`)
    .flatMap((cc) => of(`${side}_MLO`).map((mlo) => ({ cc, mlo, apart: apart(cc, mlo) })))
    .filter((pair) => pair.apart <= options.toleranceMillimetres)
    .sort((one, other) => one.apart - other.apart);
  const taken = new Set<Finding>();
  const found: CompositeFinding[] = [];
  for (const { cc, mlo } of candidates) {
    if (taken.has(cc) || taken.has(mlo)) continue;
    taken.add(cc).add(mlo);
    found.push({ trackingUid: derivedUid('composite', cc.trackingUid, mlo.trackingUid), findings: [cc, mlo] });
  }
  return found;
}

const apart = (one: Finding, other: Finding): number =>
  Math.abs((one.millimetresFromForemost ?? Number.NaN) - (other.millimetresFromForemost ?? Number.NaN));

/** The greatest probability of what it is made of. */
export const peakOf = ({ findings }: CompositeFinding): number => Math.max(...findings.map(({ peak }) => peak));
