import type { Grey16Image } from '../planes.js';
import { backgroundBlocks } from './background-blocks.js';
import { type BreastShape, breastShape } from './breast-shape.js';
import { byteOrderRoughness } from './byte-order-roughness.js';
import { type Background, findBackground } from './find-background.js';
import { type BreastRegion, findBreast } from './find-breast.js';
import { type Frame, findFrame } from './find-frame.js';
import { type ReducedView, reduceView } from './reduce-view.js';
import { type TissueStatistics, tissueStatistics } from './tissue-statistics.js';

/** All that the checks know of a view's pixels. Holds no full picture, so that four of them are small. */
export interface MeasuredView {
  /** Of the picture as it came, in pixels. */
  readonly rows: number;
  readonly columns: number;
  readonly reduced: ReducedView;
  readonly byteOrderRoughness: number | undefined;
  /** Undefined for a constant picture. */
  readonly background: Background | undefined;
  /** Blocks of the reduced view that are empty, away from the breast. */
  readonly backgroundBlocks: readonly number[];
  readonly frame: Frame;
  /** Undefined where nothing large stands out from the background. */
  readonly breast: BreastRegion | undefined;
  readonly shape: BreastShape | undefined;
  readonly tissue: TissueStatistics | undefined;
}

/** Measures a view as it lies on disk. */
export function measureView(image: Grey16Image): MeasuredView {
  const reduced = reduceView(image);
  const background = findBackground(reduced);
  const frame = findFrame(image, background);
  const breast = background === undefined ? undefined : findBreast(reduced, background, frame);
  return {
    rows: image.rows,
    columns: image.columns,
    reduced,
    byteOrderRoughness: byteOrderRoughness(image),
    background,
    backgroundBlocks: background === undefined ? [] : backgroundBlocks(reduced, background, breast),
    frame,
    breast,
    shape: breast === undefined ? undefined : breastShape(breast),
    tissue: breast === undefined ? undefined : tissueStatistics(image, reduced, breast),
  };
}
