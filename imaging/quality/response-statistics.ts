import type { HeatmapClass } from '../../pipeline/heatmaps.js';
import { RESPONSE_STATISTICS, type ResponseStatistic } from '../../pipeline/model-reference.js';
import type { FloatPlane, Grey16Image } from '../planes.js';

export type ResponseStatistics = Readonly<Record<ResponseStatistic, number>>;
export type Heatmaps = Readonly<Record<HeatmapClass, FloatPlane>>;

/**
 * Every so many rows and columns are looked at. Patches are 256 pixels wide and their means change by steps of the stride (70),
 * so nothing lies between.
 */
const STEP = 4;
/** What is nearer to 0 or 1 is no longer told apart by float32 softmax outputs. */
const EDGE = 1e-7;

/**
 * How the patch network answers to a view: median and upper quartile of each heatmap over the breast (what is above 0 in the
 * cropped view), as log-odds, natural logarithm. Most lesions take less than a quarter of a breast, so what is measured is how the
 * network answers to the rest; a picture of a kind that it never saw it finds odd everywhere.
 *
 * @param view as `crop` wrote it.
 * @param heatmaps of the same shape and orientation; probabilities.
 * @returns undefined where there is no breast.
 * @throws RangeError where the shapes differ.
 */
export function responseStatistics(view: Grey16Image, heatmaps: Heatmaps): ResponseStatistics | undefined {
  const { rows, columns, pixels } = view;
  for (const plane of [heatmaps.benign, heatmaps.malignant]) {
    if (plane.rows !== rows || plane.columns !== columns) throw new RangeError('heatmap and view differ in shape');
  }
  const most = Math.ceil(rows / STEP) * Math.ceil(columns / STEP);
  const [benign, malignant] = [new Float32Array(most), new Float32Array(most)];
  let count = 0;
  for (let row = 0; row < rows; row += STEP) {
    for (let index = row * columns; index < (row + 1) * columns; index += STEP) {
      if (pixels[index] === 0) continue;
      benign[count] = heatmaps.benign.pixels[index] as number;
      malignant[count] = heatmaps.malignant.pixels[index] as number;
      count += 1;
    }
  }
  if (count === 0) return undefined;
  const ofClasses = {
    benign: countByValue(benign.subarray(0, count)),
    malignant: countByValue(malignant.subarray(0, count)),
  };
  return Object.fromEntries(
    RESPONSE_STATISTICS.map((name): [ResponseStatistic, number] => {
      const values = name.startsWith('benign') ? ofClasses.benign : ofClasses.malignant;
      const share = name.endsWith('Median') ? 0.5 : 0.75;
      return [name, Number(logOdds(atPlace(values, Math.floor(share * (count - 1)))).toFixed(3))];
    }),
  ) as ResponseStatistics;
}

/** Values in ascending order, and how many there are up to and with each. */
interface Counted {
  readonly values: Float32Array;
  readonly upTo: Uint32Array;
}

/** A heatmap has some thousand different values, each in a cell of many pixels, so only these are sorted. */
function countByValue(all: Float32Array): Counted {
  const counts = new Map<number, number>();
  // Neighbours are mostly of one cell.
  for (let start = 0; start < all.length; ) {
    const value = all[start] as number;
    let end = start + 1;
    while (end < all.length && all[end] === value) end += 1;
    counts.set(value, (counts.get(value) ?? 0) + end - start);
    start = end;
  }
  const values = Float32Array.from(counts.keys()).sort();
  let sum = 0;
  const upTo = Uint32Array.from(values, (value) => {
    sum += counts.get(value) as number;
    return sum;
  });
  return { values, upTo };
}

/** The value at a place in the order of all values, from 0. */
function atPlace({ values, upTo }: Counted, place: number): number {
  return values[upTo.findIndex((count) => count > place)] as number;
}

function logOdds(probability: number): number {
  const within = Math.min(1 - EDGE, Math.max(EDGE, probability));
  return Math.log(within / (1 - within));
}
