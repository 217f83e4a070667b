import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cutOut } from '../../imaging/crop-view.js';
import { readGrey16Png } from '../../imaging/grey16-png.js';
import type { Grey16Image } from '../../imaging/planes.js';
import type { HorizontalFlip, ViewPosition } from '../../pipeline/exam.js';

/** One entry of `crop_centers.json`: what the original program found in a picture. */
export interface GoldenCrop {
  readonly image: string;
  readonly view: string;
  readonly horizontal_flip: HorizontalFlip;
  readonly fails?: true;
  readonly source_shape: [number, number];
  readonly cropped_shape: [number, number];
  readonly window_location: [number, number, number, number];
  readonly rightmost_points: [[number, number], number];
  readonly bottommost_points: [number, [number, number]];
  readonly distance_from_starting_side: number;
  readonly best_center: [number, number];
  readonly cropped_sha256_le16: string;
}

/** One draw of `predictions.json`: the window that a pass looked at, and samples of what the network got. */
export interface GoldenDraw {
  readonly view: string;
  readonly padded_shape: [number, number];
  readonly borders_after_crop_noise: [number, number, number, number];
  readonly borders_final: [number, number, number, number];
  readonly input_image: { min: number; max: number; sum_abs: number; samples: Record<string, number> };
  readonly input_heatmaps_mean?: [benign: number, malignant: number];
  readonly 'input_heatmaps_at_1338,300'?: [benign: number, malignant: number];
}

export const GOLDEN_EXAMS = ['gmic-0', 'mixed'] as const;
export type GoldenExam = (typeof GOLDEN_EXAMS)[number];

export const goldenPath = (shared: string, ...path: string[]): string => join(shared, 'reference', 'golden', ...path);
export const goldenJson = <Value>(shared: string, ...path: string[]): Value =>
  JSON.parse(readFileSync(goldenPath(shared, ...path), 'utf8')) as Value;

export const positionOf = (view: string): ViewPosition => (view.endsWith('MLO') ? 'MLO' : 'CC');
export const isMirrored = ({ view, horizontal_flip }: GoldenCrop): boolean =>
  view.startsWith('R') === (horizontal_flip === 'NO');

/** The folder of the picture that an entry of `crop_centers.json` is about. */
export const pictureOf = (shared: string, set: GoldenExam | 'synthetic', image: string): string =>
  set === 'synthetic' ? goldenPath(shared, set, `${image}.png`) : join(shared, 'exams', set, `${image}.png`);

/** The cropped view of a golden exam, in disk orientation, cut where the original program cut it. */
export async function goldenCropped(
  shared: string,
  set: GoldenExam | 'synthetic',
  crop: GoldenCrop,
): Promise<Grey16Image> {
  const image = await readGrey16Png(pictureOf(shared, set, crop.image));
  const [top, bottom, left, right] = crop.window_location;
  return cutOut(image, { top, bottom, left, right });
}
