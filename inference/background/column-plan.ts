import { commonStretch, lengthOf, type Stretch, sweptColumns, sweptStretch } from './stretch.js';
import type { Trunk, TrunkSegment } from './trunk.js';

/** How a map is put together for the segment that reads it: columns before the stretch, some of the stretch, those behind. */
export interface ColumnPieces {
  readonly before: number;
  /** How many of the stretch's columns are wanted, one at the least. */
  readonly alike: number;
  readonly behind: number;
}

/** A map's columns as a segment sees them, if nothing is left out. */
interface Columns {
  readonly count: number;
  readonly stretch: Stretch;
  /** How far apart in the segment's input what two neighbouring columns read begins. */
  readonly stride: number;
}

/**
 * Which columns each segment of a trunk gets, and after the last segment what follows the trunk, when of the
 * window's alike columns as many as possible are left out.
 *
 * ```
 *  whole     b b b b b b b b = = = = = = = = = = = = = = =       b: any columns, =: the stretch
 *  segment   b b b b b b b b = = = = =                           what is left is enough for one column
 *  its map   x x x x x = z z                                     of the stretch to come out: z sees the border
 *  next      x x x x x = = = = z z                               that column is repeated, as often as the next needs
 * ```
 *
 * If a segment of total stride s makes n alike columns of the stretch, they read the same values at n places that lie s
 * apart. Without (n - 1) s of the stretch's columns, n - 1 of them do not come out and nothing else changes: what comes
 * out before reads too little to reach the gap, what comes out behind begins within the stretch or behind it, and moves with it.
 */
export function planColumns(trunk: Trunk, stretch: Stretch): ColumnPieces[] {
  const pieces: ColumnPieces[] = [];
  let map: Columns = { count: trunk.columns, stretch, stride: 1 };
  const add = (leftOut: number): void => {
    const alike = lengthOf(map.stretch) - leftOut;
    pieces.push({ before: map.stretch.from, alike, behind: map.count - map.stretch.to });
  };
  for (const segment of trunk.segments) {
    const made = throughSegment(segment, map);
    add((lengthOf(made.stretch) - 1) * made.stride);
    map = made;
  }
  add(0);
  return pieces;
}

/** What a segment makes of a map of which nothing is left out. */
function throughSegment(segment: TrunkSegment, { count, stretch }: Columns): Columns {
  const maps = columnsOfMaps(segment, { count, stretch, stride: 1 });
  return maps.get(segment.output) as Columns;
}

/** The columns of every map in a segment. */
export function columnsOfMaps(segment: TrunkSegment, input: Columns): Map<string, Columns> {
  const maps = new Map([[segment.input, input]]);
  for (const { inputs, output, sweep } of segment.operators) {
    const [first, second] = inputs.map((name) => maps.get(name) as Columns) as [Columns, Columns?];
    if (sweep !== undefined) {
      maps.set(output, {
        count: sweptColumns(first.count, sweep),
        stretch: sweptStretch(first.stretch, sweep),
        stride: first.stride * sweep.stride,
      });
    } else if (second === undefined) maps.set(output, first);
    else maps.set(output, { ...first, stretch: commonStretch(first.stretch, second.stretch) });
  }
  return maps;
}
