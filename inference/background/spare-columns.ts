import type { FloatTensor } from '../inference-pool.js';
import { planColumns } from './column-plan.js';
import { copiesInput, splitInput } from './sparing-network.js';
import type { Stretch } from './stretch.js';
import type { Trunk } from './trunk.js';

/** What a sparing network is given in the place of one window. */
export interface SparedWindow {
  readonly window: FloatTensor;
  /** int64 inputs by name. */
  readonly numbers: Readonly<Record<string, BigInt64Array>>;
}

/**
 * Leaves out those of a window's columns that need not be computed twice: the columns at its right end that are all alike,
 * as background beside a breast is, but for those that the network's first segment needs.
 *
 * @param window `[1, channels, rows, columns]` as the trunk takes it.
 */
export function spareColumns(trunk: Trunk, { data, shape }: FloatTensor): SparedWindow {
  const { columns } = trunk;
  const [first, ...boundaries] = planColumns(trunk, alikeColumns(data, columns));
  const { before, alike, behind } = first as (typeof boundaries)[number];
  const numbers = Object.fromEntries(
    boundaries.flatMap((pieces, index) => [
      [splitInput(trunk, index + 1), BigInt64Array.from([pieces.before, 1, pieces.behind].map(BigInt))],
      [copiesInput(trunk, index + 1), BigInt64Array.from([1, 1, 1, pieces.alike].map(BigInt))],
    ]),
  );
  const kept = before + alike + behind;
  if (kept === columns) return { window: { data, shape }, numbers };
  const lines = data.length / columns;
  const spared = new Float32Array(lines * kept);
  // Nothing lies behind a stretch that reaches to the end.
  for (let line = 0; line < lines; line += 1) {
    spared.set(data.subarray(line * columns, line * columns + kept), line * kept);
  }
  return { window: { data: spared, shape: [...shape.slice(0, 3), kept] }, numbers };
}

/**
 * The columns at the right end that hold, in each line of each channel, one value. Found in the numbers themselves, so that
 * nothing that somebody believes of windows can make it wrong.
 */
export function alikeColumns(data: Float32Array, columns: number): Stretch {
  let from = 0;
  for (let end = columns; end <= data.length; end += columns) {
    const last = data[end - 1] as number;
    let index = end - 1;
    const first = end - columns + from;
    while (index >= first && data[index] === last) index -= 1;
    from = index + 1 - (end - columns);
  }
  return { from: Math.min(from, columns - 1), to: columns };
}
