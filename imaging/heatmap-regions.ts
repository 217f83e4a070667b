import type { FloatPlane } from './planes.js';

/** A connected region of a heatmap that reaches a threshold. Places are in pixels; the first pixel's outer corner is 0, 0. */
export interface HeatmapRegion {
  /** How many pixels it has. */
  readonly pixels: number;
  readonly peak: number;
  readonly mean: number;
  /** The centroid of its pixels. In a region that bends, it may lie outside. */
  readonly centre: Point;
  /** Its outer edge along the pixels' sides, clockwise, from the leftmost corner of its first row; not closed. */
  readonly outline: readonly Point[];
}

export interface Point {
  readonly row: number;
  readonly column: number;
}

/**
 * The regions of a heatmap where it is at least `threshold`: 4-connected components, in the order of their first pixels
 * (rows before columns). Holes belong to the outline's inside, but not to the numbers.
 *
 * @param threshold a probability, 0 to 1; pixels that equal it belong to a region
 */
export function heatmapRegions(plane: FloatPlane, threshold: number): HeatmapRegion[] {
  const { rows, columns, pixels } = plane;
  const parents: number[] = [];
  const found: Measure[] = [];
  const rootOf = (run: number): number => {
    let root = run;
    while (parents[root] !== root) root = parents[root] as number;
    for (let next = run; next !== root; ) {
      const after = parents[next] as number;
      parents[next] = root;
      next = after;
    }
    return root;
  };

  // Runs of a row that are still to be compared with the next one: where each ends, and its number.
  let above: Run[] = [];
  for (let row = 0; row < rows; row += 1) {
    const here: Run[] = [];
    let candidate = 0;
    const start = row * columns;
    for (let column = 0; column < columns; column += 1) {
      if (!((pixels[start + column] as number) >= threshold)) continue;
      const first = column;
      let [sum, peak] = [0, 0];
      for (; column < columns && (pixels[start + column] as number) >= threshold; column += 1) {
        const value = pixels[start + column] as number;
        sum += value;
        if (value > peak) peak = value;
      }
      const run = parents.length;
      parents.push(run);
      const length = column - first;
      const columnSum = ((first + column) / 2) * length;
      found.push({ pixels: length, sum, peak, rowSum: (row + 0.5) * length, columnSum, row, column: first });
      here.push({ run, first, end: column });
      while (candidate < above.length && (above[candidate] as Run).end <= first) candidate += 1;
      for (let other = candidate; other < above.length && (above[other] as Run).first < column; other += 1) {
        const [a, b] = [rootOf(run), rootOf((above[other] as Run).run)];
        // The lowest number stays the root: it is the run that holds the region's first pixel.
        parents[Math.max(a, b)] = Math.min(a, b);
      }
    }
    above = here;
  }

  const regions = new Map<number, Measure>();
  for (const [run, measure] of found.entries()) {
    const root = rootOf(run);
    const region = regions.get(root);
    regions.set(root, region === undefined ? measure : joined(region, measure));
  }
  return [...regions.values()].map((region) => ({
    pixels: region.pixels,
    peak: region.peak,
    mean: region.sum / region.pixels,
    centre: { row: region.rowSum / region.pixels, column: region.columnSum / region.pixels },
    outline: outlineFrom(plane, threshold, region),
  }));
}

interface Run {
  readonly run: number;
  readonly first: number;
  /** The column after its last. */
  readonly end: number;
}

interface Measure {
  readonly pixels: number;
  readonly sum: number;
  readonly peak: number;
  readonly rowSum: number;
  readonly columnSum: number;
  /** Of the first pixel in raster order. */
  readonly row: number;
  readonly column: number;
}

const joined = (one: Measure, other: Measure): Measure => ({
  pixels: one.pixels + other.pixels,
  sum: one.sum + other.sum,
  peak: Math.max(one.peak, other.peak),
  rowSum: one.rowSum + other.rowSum,
  columnSum: one.columnSum + other.columnSum,
  row: one.row,
  column: one.column,
});

/** East, south, west, north: where a step leads, and the pixels ahead on its right and left, seen from the corner. */
const STEPS = [
  { row: 0, column: 1, right: [0, 0], left: [-1, 0] },
  { row: 1, column: 0, right: [0, -1], left: [0, 0] },
  { row: 0, column: -1, right: [-1, -1], left: [0, -1] },
  { row: -1, column: 0, right: [-1, 0], left: [-1, -1] },
] as const;

/**
 * Walks around the region with it on the right hand, from its first pixel's outer corner. Where two pixels touch only by a
 * corner it turns right and so stays with the 4-connected region.
 */
function outlineFrom({ rows, columns, pixels }: FloatPlane, threshold: number, start: Point): Point[] {
  const inside = (row: number, column: number): boolean =>
    row >= 0 &&
    row < rows &&
    column >= 0 &&
    column < columns &&
    (pixels[row * columns + column] as number) >= threshold;
  const outline: Point[] = [];
  let [row, column, direction] = [start.row, start.column, 0];
  do {
    const from = direction;
    const step = STEPS[direction] as (typeof STEPS)[number];
    if (!inside(row + step.right[0], column + step.right[1])) direction = (direction + 1) % 4;
    else if (inside(row + step.left[0], column + step.left[1])) direction = (direction + 3) % 4;
    if (direction !== from || outline.length === 0) outline.push({ row, column });
    const next = STEPS[direction] as (typeof STEPS)[number];
    row += next.row;
    column += next.column;
  } while (row !== start.row || column !== start.column);
  return outline;
}

/**
 * An outline with at most `most` corners, moved by as few pixels as that takes (Douglas and Peucker, 1973, with a tolerance
 * that is doubled until they are few enough). Outlines of few corners are returned as they are.
 */
export function simplifiedOutline(outline: readonly Point[], most: number): readonly Point[] {
  let simple = outline;
  for (let tolerance = 0.5; simple.length > most; tolerance *= 2) simple = withinTolerance(outline, tolerance);
  return simple;
}

/** A closed line is cut where it is farthest from its first corner, so that both halves have two ends. */
function withinTolerance(outline: readonly Point[], tolerance: number): Point[] {
  const origin = outline[0] as Point;
  const distances = outline.map(({ row, column }) => Math.hypot(row - origin.row, column - origin.column));
  const middle = distances.indexOf(Math.max(...distances));
  const kept = new Set([0, middle]);
  const halves: [number, number][] = [
    [0, middle],
    [middle, outline.length],
  ];
  for (let half = halves.pop(); half !== undefined; half = halves.pop()) {
    const [from, to] = half;
    const end = outline[to % outline.length] as Point;
    let [farthest, distance] = [-1, tolerance];
    for (let index = from + 1; index < to; index += 1) {
      const away = distanceToSegment(outline[index] as Point, outline[from] as Point, end);
      if (away > distance) [farthest, distance] = [index, away];
    }
    if (farthest === -1) continue;
    kept.add(farthest);
    halves.push([from, farthest], [farthest, to]);
  }
  return outline.filter((_, index) => kept.has(index));
}

function distanceToSegment(point: Point, from: Point, to: Point): number {
  const [rows, columns] = [to.row - from.row, to.column - from.column];
  const squared = rows * rows + columns * columns;
  const along = squared === 0 ? 0 : ((point.row - from.row) * rows + (point.column - from.column) * columns) / squared;
  const share = Math.min(1, Math.max(0, along));
  return Math.hypot(point.row - from.row - share * rows, point.column - from.column - share * columns);
}
