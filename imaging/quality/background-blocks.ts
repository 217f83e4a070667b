import type { Background } from './find-background.js';
import type { BreastRegion } from './find-breast.js';
import type { ReducedView } from './reduce-view.js';

/** Blocks between the breast and what counts as background only: skin and scatter may fade out there. */
const CLEARANCE = 4;

/** Every fourth of the blocks that are empty background, well away from the breast. */
export function backgroundBlocks(
  { rows, columns, means }: ReducedView,
  background: Background,
  breast: BreastRegion | undefined,
): number[] {
  const blocks: number[] = [];
  const isNear = (row: number, column: number): boolean =>
    breast !== undefined &&
    [row - CLEARANCE, row, row + CLEARANCE].some((y) =>
      [column - CLEARANCE, column, column + CLEARANCE].some(
        (x) => y >= 0 && y < rows && x >= 0 && x < columns && breast.mask.pixels[y * columns + x] === 1,
      ),
    );
  for (let row = 0; row < rows; row += 2) {
    for (let column = 0; column < columns; column += 2) {
      const block = row * columns + column;
      if (Math.abs((means[block] as number) - background.level) > background.tolerance) continue;
      if (!isNear(row, column)) blocks.push(block);
    }
  }
  return blocks;
}
