import { type GreyPlane, halved } from './plane.js';

/** A view's picture at some levels. Coarser ones are made when they are asked for. */
export interface Pyramid {
  /** Of level 0. */
  readonly rows: number;
  readonly columns: number;
  /** The finest level that is here; 0 once the picture has come whole. */
  readonly finest: number;
  /** The plane to draw with, at a scale of device pixels a pixel of level 0. */
  planeFor(scale: number): GreyPlane;
  /** The value at a row and column of level 0, where level 0 is here. */
  valueAt(row: number, column: number): number | undefined;
  readonly bytes: number;
}

/** A view of full size is not drawn from anything coarser than this: 1/32. */
const COARSEST = 5;

/**
 * The level whose values are at most one device pixel wide and more than half of one, so that a mean of four neighbours
 * leaves nothing out and nothing is blurred: 0 for anything larger than half size.
 */
export const levelForScale = (scale: number): number =>
  Math.min(COARSEST, Math.max(0, Math.floor(Math.log2(1 / scale) + 1e-9)));

/** @param finest a plane of any level. @param full rows and columns of level 0. */
export function pyramidOf(finest: GreyPlane, full: { rows: number; columns: number }): Pyramid {
  const planes = [finest];
  return {
    ...full,
    finest: finest.level,
    planeFor(scale) {
      const steps = Math.max(0, levelForScale(scale) - finest.level);
      while (planes.length <= steps) {
        const last = planes.at(-1) as GreyPlane;
        if (last.rows === 1 && last.columns === 1) return last;
        planes.push(halved(last));
      }
      return planes[steps] as GreyPlane;
    },
    valueAt(row, column) {
      if (finest.level !== 0 || row < 0 || column < 0 || row >= full.rows || column >= full.columns) return undefined;
      return finest.values[row * full.columns + column];
    },
    bytes: finest.values.byteLength,
  };
}
