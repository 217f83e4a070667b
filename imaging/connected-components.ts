import type { Mask } from './planes.js';

/**
 * The largest 4-connected component of a mask; of equally large ones, that whose first pixel comes first in raster
 * order. Works on the runs of set pixels in each row, so its memory grows with the runs and not with the pixels.
 * @returns a mask of that component alone, or undefined when no pixel is set.
 */
export function largestComponent({ rows, columns, pixels }: Mask): Mask | undefined {
  // One run is three numbers: its row, its first column, and the column after its last.
  const runs: number[] = [];
  const parents: number[] = [];
  const rootOf = (run: number): number => {
    let root = run;
    while (parents[root] !== root) root = parents[root] as number;
    while (parents[run] !== root) {
      const next = parents[run] as number;
      parents[run] = root;
      run = next;
    }
    return root;
  };

  let previousFirst = 0;
  let previousEnd = 0;
  for (let row = 0; row < rows; row += 1) {
    const rowStart = row * columns;
    const first = parents.length;
    let above = previousFirst;
    for (let column = 0; column < columns; column += 1) {
      if (pixels[rowStart + column] === 0) continue;
      const start = column;
      while (column < columns && pixels[rowStart + column] !== 0) column += 1;
      const run = parents.length;
      runs.push(row, start, column);
      parents.push(run);
      // Runs of the row above that end before this one begins touch no later run either.
      while (above < previousEnd && (runs[3 * above + 2] as number) <= start) above += 1;
      for (let other = above; other < previousEnd && (runs[3 * other + 1] as number) < column; other += 1) {
        // The lowest run stays the root: it holds the component's first pixel in raster order.
        const a = rootOf(run);
        const b = rootOf(other);
        parents[Math.max(a, b)] = Math.min(a, b);
      }
    }
    previousFirst = first;
    previousEnd = parents.length;
  }

  const sizes = new Float64Array(parents.length);
  let largest = -1;
  for (let run = 0; run < parents.length; run += 1) {
    const root = rootOf(run);
    sizes[root] = (sizes[root] as number) + (runs[3 * run + 2] as number) - (runs[3 * run + 1] as number);
  }
  for (let run = 0; run < parents.length; run += 1) {
    if (largest === -1 || (sizes[run] as number) > (sizes[largest] as number)) largest = run;
  }
  if (largest === -1) return undefined;

  const component = new Uint8Array(rows * columns);
  for (let run = 0; run < parents.length; run += 1) {
    if (rootOf(run) !== largest) continue;
    const rowStart = (runs[3 * run] as number) * columns;
    component.fill(1, rowStart + (runs[3 * run + 1] as number), rowStart + (runs[3 * run + 2] as number));
  }
  return { rows, columns, pixels: component };
}
