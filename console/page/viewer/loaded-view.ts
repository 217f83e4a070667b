import type { HeatmapClass } from '../../../pipeline/heatmaps.js';
import type { View } from '../../../pipeline/views.js';
import { type Level, repoOfOriginal } from '../../contract/binary.js';
import type { ExamView } from '../../contract/exams.js';
import { type Histogram, histogramOf } from './histogram.js';
import { type Extent, type Loading, loadHeatmap, loadPixels } from './load-plane.js';
import type { ProbabilityPlane } from './plane.js';
import { openPlaneCache } from './plane-cache.js';
import { type Pyramid, pyramidOf } from './pyramid.js';

/** Four views of full size with their heatmaps at the levels that are shown, twice. */
const CACHE_BYTES = 256 * 1024 * 1024;
/** All planes that the page has shown lately, whichever page they were on. */
export const planes = openPlaneCache(CACHE_BYTES);

/** What is shown at once: means of 8 × 8 pixels. */
const COARSE = 3;

export interface LoadedPicture {
  readonly picture: Pyramid;
  readonly histogram: Histogram;
}

/**
 * A view's picture, coarse first and then whole.
 *
 * @param onLoaded called for each.
 * @throws ApiError for what {@link loadPixels} cannot load; nothing more is called then.
 */
export async function loadPicture(
  exam: string,
  { view, original, size }: Pick<ExamView, 'view' | 'original' | 'size'>,
  loading: Loading,
  onLoaded: (loaded: LoadedPicture) => void,
): Promise<void> {
  if (original === null) throw new RangeError(`the exam has no ${view}`);
  const expected: Extent | undefined = size ?? undefined;
  const repo = repoOfOriginal(original);
  for (const level of [COARSE, 0] as const) {
    const plane = await planes.get(
      `${repo}/${exam}/${view}/${original.sha256}/${level}`,
      (signal) => loadPixels({ repo, exam, view, version: original, level, expected }, { ...loading, signal }),
      loading.signal,
    );
    onLoaded({ picture: pyramidOf(plane), histogram: histogramOf(plane) });
  }
}

/** One class of a view's heatmap. @throws ApiError as {@link loadHeatmap} does. */
export function heatmapOf(
  exam: string,
  { view, heatmap, crop }: Pick<ExamView, 'heatmap' | 'crop'> & { readonly view: View },
  name: HeatmapClass,
  level: Level,
  loading: Loading,
): Promise<ProbabilityPlane> {
  if (heatmap === null) throw new RangeError(`there is no heatmap of ${view}`);
  const expected: Extent | undefined = crop ? [crop.bottom - crop.top, crop.right - crop.left] : undefined;
  return planes.get(
    `heatmap/${exam}/${view}/${heatmap.sha256}/${name}/${level}`,
    (signal) => loadHeatmap({ exam, view, version: heatmap, class: name, level, expected }, { ...loading, signal }),
    loading.signal,
  );
}
