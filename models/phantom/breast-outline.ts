import type { ViewPosition } from '../../pipeline/exam.js';
import type { Random } from './random.js';
import { clamp, smoothMax } from './smooth.js';
import { sineOfTurns } from './turns.js';

/** A place in a view in training orientation (chest wall at column 0, breast pointing right), in pixels. */
export interface Place {
  readonly row: number;
  readonly column: number;
}

/**
 * The geometry of one view in training orientation; lengths in pixels of the view. The skin is an ellipse about
 * `centreRow` on (or behind) the chest-wall edge, with different half-heights above and below, a squareness and a slight
 * waviness.
 */
export interface ViewOutline {
  readonly position: ViewPosition;
  readonly rows: number;
  readonly columns: number;
  readonly centreRow: number;
  /** From the chest-wall edge to the skin at `centreRow`. */
  readonly extent: number;
  /** How far behind the edge of the picture the ellipse's centre lies. */
  readonly behind: number;
  readonly halfHeightAbove: number;
  readonly halfHeightBelow: number;
  readonly squareness: number;
  readonly waves: readonly { readonly frequency: number; readonly phase: number; readonly amplitude: number }[];
  /** The nipple's middle, just inside the skin, and its radius. */
  readonly nipple: Place;
  readonly nippleRadius: number;
  /** MLO only: the pectoral muscle fills the corner up to the line from (0, `top`) to (`bottom`, 0). */
  readonly muscle?: { readonly top: number; readonly bottom: number; readonly bulge: number };
}

/** What both breasts and all views of an exam share, before each view varies it. */
export interface Build {
  /** Millimetres per pixel. */
  readonly pixelSpacing: number;
  /** Depth of the breast from chest wall to nipple in the CC view, in pixels. */
  readonly extent: number;
  readonly squareness: number;
  /** Half-height over extent in the CC view. */
  readonly fullness: number;
}

/** Even, so that half-size planes fit, and within what the detectors of the time gave. */
const SMALLEST = { rows: 2_000, columns: 1_000 } as const;
const LARGEST = { rows: 3_300, columns: 2_600 } as const;

/** The size of both breasts' views of one position: detectors and paddles do not change from left to right. */
export function drawSize(position: ViewPosition, build: Build, random: Random): { rows: number; columns: number } {
  const height = build.extent * build.fullness * (position === 'CC' ? 2 : 2.3);
  const even = (size: number, low: number, high: number): number => 2 * Math.round(clamp(size, low, high) / 2);
  return {
    rows: even(height * random.between(1.16, 1.3), SMALLEST.rows, LARGEST.rows),
    columns: even(build.extent * random.between(1.22, 1.6), SMALLEST.columns, LARGEST.columns),
  };
}

/** Draws the outline of one view of a breast. */
export function drawOutline(
  position: ViewPosition,
  build: Build,
  size: { readonly rows: number; readonly columns: number },
  random: Random,
): ViewOutline {
  const { rows, columns } = size;
  const isMlo = position === 'MLO';
  const extent = Math.min(build.extent * random.between(0.95, 1.05), columns * 0.9);
  const behind = extent * random.between(0, 0.25);
  const half = Math.min(build.extent * build.fullness * random.between(0.95, 1.05), rows * 0.46);
  // In the MLO view the breast hangs from the axilla: its upper half is long and cut by the top of the picture.
  const halfHeightBelow = isMlo ? half * random.between(0.78, 0.9) : half * random.between(0.92, 1);
  const halfHeightAbove = isMlo ? half * random.between(2, 2.6) : half * random.between(0.92, 1);
  const centreRow = isMlo
    ? Math.min(
        rows - halfHeightBelow * 1.04 - rows * random.between(0.01, 0.04),
        halfHeightAbove * random.between(0.66, 0.8),
      )
    : rows / 2 + random.between(-0.5, 0.5) * (rows - 2 * half);
  const waves = [1, 2, 3].map((frequency) => ({
    frequency,
    phase: random.unit(),
    amplitude: random.between(0, 0.018) / frequency,
  }));
  const bare = {
    position,
    rows,
    columns,
    centreRow,
    extent,
    behind,
    halfHeightAbove,
    halfHeightBelow,
    squareness: clamp(build.squareness + random.between(-0.08, 0.08), -0.3, 0.5),
    waves,
  };
  const nippleRadius = random.between(3.2, 4.6) / build.pixelSpacing;
  const nippleRow = centreRow + half * (isMlo ? random.between(0, 0.16) : random.between(-0.1, 0.1));
  const nipple = { row: nippleRow, column: skinColumn(bare, nippleRow) - nippleRadius * 0.25 };
  if (!isMlo) return { ...bare, nipple, nippleRadius };
  const skinAtTop = skinColumn(bare, 0);
  const muscle = {
    top: skinAtTop * random.between(0.5, 0.78),
    bottom: rows * random.between(0.48, 0.7),
    bulge: random.between(-0.06, 0.1),
  };
  return { ...bare, nipple, nippleRadius, muscle };
}

type SkinShape = Omit<ViewOutline, 'nipple' | 'nippleRadius' | 'muscle'>;

/**
 * How deep a place lies below the skin, in pixels; negative outside. Exact at the skin and near it (the implicit
 * function over its gradient), an upper bound of no consequence far inside.
 */
export function depthBelowSkin(outline: ViewOutline, row: number, column: number): number {
  const { nipple, nippleRadius } = outline;
  const depth = depthBelowEllipse(outline, row, column);
  const [dy, dx] = [row - nipple.row, column - nipple.column];
  const fromNipple = dy * dy + dx * dx;
  if (fromNipple > 9 * nippleRadius * nippleRadius) return depth;
  return smoothMax(depth, nippleRadius - Math.sqrt(fromNipple), nippleRadius * 0.5);
}

function depthBelowEllipse(shape: SkinShape, row: number, column: number): number {
  const down = row - shape.centreRow;
  const halfHeight = down < 0 ? shape.halfHeightAbove : shape.halfHeightBelow;
  const width = shape.extent + shape.behind;
  const u = down / halfHeight;
  const v = (column + shape.behind) / width;
  const uu = u * u;
  const vv = v * v;
  const round = Math.sqrt(uu + vv + shape.squareness * uu * vv);
  if (round < 0.1) return Math.min(halfHeight, width);
  let wave = 1;
  const turn = (0.5 * u) / round;
  for (const { frequency, phase, amplitude } of shape.waves) {
    wave += amplitude * sineOfTurns(frequency * turn + phase);
  }
  const gradient = Math.sqrt(uu / (halfHeight * halfHeight) + vv / (width * width)) / round;
  return (1 - round * wave) / gradient;
}

/** The column of the skin in a row, 0 where the row misses the breast. */
function skinColumn(shape: SkinShape, row: number): number {
  let [inside, outside] = [0, shape.columns * 1.2];
  if (depthBelowEllipse(shape, row, inside) <= 0) return 0;
  for (let step = 0; step < 40; step += 1) {
    const middle = (inside + outside) / 2;
    if (depthBelowEllipse(shape, row, middle) > 0) inside = middle;
    else outside = middle;
  }
  return inside;
}

/** How far inside the pectoral muscle a place lies, in pixels; negative outside it, minus infinity where there is none. */
export function depthInMuscle({ muscle }: ViewOutline, row: number, column: number): number {
  if (muscle === undefined) return Number.NEGATIVE_INFINITY;
  const y = row / muscle.bottom;
  const x = column / muscle.top;
  const bulge = y > 0 && y < 1 ? muscle.bulge * 4 * y * (1 - y) : 0;
  return (
    ((1 - y - x + bulge) * muscle.top * muscle.bottom) /
    Math.sqrt(muscle.top * muscle.top + muscle.bottom * muscle.bottom)
  );
}

/**
 * The direction from the nipple into the breast: level in the CC view, at right angles to the pectoral muscle's edge in
 * the MLO view (the "posterior nipple line").
 */
export function nippleLine({ muscle }: ViewOutline): { readonly down: number; readonly right: number } {
  if (muscle === undefined) return { down: 0, right: -1 };
  const length = Math.sqrt(muscle.top * muscle.top + muscle.bottom * muscle.bottom);
  return { down: -muscle.top / length, right: -muscle.bottom / length };
}
