import type { Grey16Image } from '../planes.js';
import type { Background } from './find-background.js';

/** How many pixels wide a frame is along each edge: 0 where there is none. */
export interface Frame {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/** A frame begins within this share of the picture's side, and takes no more than that of it. */
const BEGINS_WITHIN = 0.01;
const WIDEST = 0.2;
/** Share of a line's pixels that must have nearly the same value, which is not the background's. */
const FLAT = 0.9;
const SAME = 0.04;
/** Samples of a line. */
const SAMPLES = 200;

/**
 * Looks for a white or grey border along the edges: lines that hold one value, other than the background's, nearly from
 * end to end. A breast against the chest wall is never that even.
 */
export function findFrame(image: Grey16Image, background: Background | undefined): Frame {
  if (background === undefined) return { top: 0, bottom: 0, left: 0, right: 0 };
  const { rows, columns, pixels } = image;
  const row = (at: number) => (along: number) => pixels[at * columns + along] as number;
  const column = (at: number) => (along: number) => pixels[along * columns + at] as number;
  const depth = (lines: number, length: number, line: (at: number) => (along: number) => number): number => {
    let count = 0;
    for (let at = 0; at < lines * WIDEST; at += 1) {
      if (isFrameLine(line(at), length, background)) count += 1;
      else if (count > 0 || at > lines * BEGINS_WITHIN) break;
    }
    return count;
  };
  return {
    top: depth(rows, columns, row),
    bottom: depth(rows, columns, (at) => row(rows - 1 - at)),
    left: depth(columns, rows, column),
    right: depth(columns, rows, (at) => column(columns - 1 - at)),
  };
}

function isFrameLine(valueAt: (along: number) => number, length: number, { level, tolerance }: Background): boolean {
  const count = Math.min(SAMPLES, length);
  const values = Float64Array.from({ length: count }, (_, index) =>
    valueAt(Math.floor(((index + 0.5) * length) / count)),
  );
  const middle = values.slice().sort()[count >> 1] as number;
  if (Math.abs(middle - level) <= 2 * tolerance) return false;
  const near = SAME * Math.max(middle, level);
  let same = 0;
  for (const value of values) if (Math.abs(value - middle) <= near) same += 1;
  return same >= FLAT * count;
}
