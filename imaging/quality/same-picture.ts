import { VIEWS, type View } from '../../pipeline/exam.js';
import type { ExamCheck, MeasuredExam } from './check.js';
import type { MeasuredView } from './measure-view.js';

/** Cells along a side of the pictures that are compared, and of the neighbourhood that each is compared with. */
const CELLS = 64;
const NEAR = 3;

/**
 * The highest correlation between the textures of two views, as they are, mirrored, upside down or both: 1 for the same
 * picture, near 0 for different ones, since the coarse form that all breasts share is taken off.
 */
export const samePicture: ExamCheck = {
  code: 'same-picture',
  measure: (exam) => mostAlike(exam)?.correlation,
  fault(exam) {
    const pair = mostAlike(exam);
    const how = pair === undefined || pair.turned === '' ? '' : ` (${pair.turned})`;
    return `${pair?.views.join(' and ')} show the same picture${how}.`;
  },
  next: 'Give each view its own picture.',
};

const TURNS = ['', 'mirrored', 'upside down', 'turned by 180°'] as const;

function mostAlike(
  exam: MeasuredExam,
): { readonly correlation: number; readonly views: readonly View[]; readonly turned: string } | undefined {
  const textures = VIEWS.map((view) => textureOf(exam[view]));
  let best: ReturnType<typeof mostAlike>;
  for (const [a, first] of textures.entries()) {
    for (const [b, second] of textures.entries()) {
      if (b <= a || first === undefined || second === undefined) continue;
      for (const [turn, turned] of TURNS.entries()) {
        const correlation = correlate(first, second, (turn & 1) === 1, turn >= 2);
        if (best !== undefined && correlation <= best.correlation) continue;
        best = { correlation, views: [VIEWS[a] as View, VIEWS[b] as View], turned };
      }
    }
  }
  return best;
}

/** The breast's rectangle in equal cells, less the mean of each cell's neighbourhood, scaled to length 1. */
function textureOf({ breast, reduced }: MeasuredView): Float64Array | undefined {
  if (breast === undefined) return undefined;
  const { top, bottom, left, right } = breast;
  const cells = new Float64Array(CELLS * CELLS);
  for (let row = 0; row < CELLS; row += 1) {
    const y = Math.min(bottom - 1, Math.floor(top + ((row + 0.5) * (bottom - top)) / CELLS));
    for (let column = 0; column < CELLS; column += 1) {
      const x = Math.min(right - 1, Math.floor(left + ((column + 0.5) * (right - left)) / CELLS));
      const inside = breast.mask.pixels[y * reduced.columns + x] === 1;
      cells[row * CELLS + column] = inside ? (reduced.means[y * reduced.columns + x] as number) : Number.NaN;
    }
  }
  const texture = new Float64Array(cells.length);
  let squares = 0;
  for (let row = 0; row < CELLS; row += 1) {
    for (let column = 0; column < CELLS; column += 1) {
      const value = cells[row * CELLS + column] as number;
      if (Number.isNaN(value)) continue;
      let [sum, count] = [0, 0];
      for (let y = Math.max(0, row - NEAR); y <= Math.min(CELLS - 1, row + NEAR); y += 1) {
        for (let x = Math.max(0, column - NEAR); x <= Math.min(CELLS - 1, column + NEAR); x += 1) {
          const near = cells[y * CELLS + x] as number;
          if (Number.isNaN(near)) continue;
          sum += near;
          count += 1;
        }
      }
      const rest = value - sum / count;
      texture[row * CELLS + column] = rest;
      squares += rest * rest;
    }
  }
  if (squares === 0) return undefined;
  return texture.map((value) => value / Math.sqrt(squares));
}

function correlate(a: Float64Array, b: Float64Array, mirrored: boolean, upsideDown: boolean): number {
  let sum = 0;
  for (let row = 0; row < CELLS; row += 1) {
    const other = (upsideDown ? CELLS - 1 - row : row) * CELLS;
    for (let column = 0; column < CELLS; column += 1) {
      sum += (a[row * CELLS + column] as number) * (b[other + (mirrored ? CELLS - 1 - column : column)] as number);
    }
  }
  return sum;
}
