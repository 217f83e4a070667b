/**
 * Values of a view, row after row as they lie on disk: 16-bit grey, or probabilities. At level n each is the mean of a block
 * of 2^n rows and columns; those at the right and the bottom are of what there is.
 */
export interface Plane<Values extends Uint16Array | Float32Array> {
  readonly level: number;
  readonly rows: number;
  readonly columns: number;
  readonly values: Values;
}
export type GreyPlane = Plane<Uint16Array>;
export type ProbabilityPlane = Plane<Float32Array>;

/** Rows or columns at a level of what has `size` of them at level 0. */
export const sizeAtLevel = (size: number, level: number): number => Math.ceil(size / 2 ** level);

/** The next coarser level: means of 2 × 2 values, rounded where they are grey. */
export function halved({ level, rows, columns, values }: GreyPlane): GreyPlane {
  const smallRows = Math.ceil(rows / 2);
  const smallColumns = Math.ceil(columns / 2);
  const small = new Uint16Array(smallRows * smallColumns);
  const whole = columns >> 1;
  for (let row = 0; row < smallRows; row += 1) {
    const above = 2 * row * columns;
    // The last row of an odd number stands for both: the mean of a value and itself is the value.
    const below = 2 * row + 1 < rows ? above + columns : above;
    const target = row * smallColumns;
    for (let column = 0; column < whole; column += 1) {
      const [a, b] = [above + 2 * column, below + 2 * column];
      const sum = (values[a] as number) + (values[a + 1] as number) + (values[b] as number) + (values[b + 1] as number);
      small[target + column] = (sum + 2) >> 2;
    }
    if (whole < smallColumns) {
      small[target + whole] =
        ((values[above + columns - 1] as number) + (values[below + columns - 1] as number) + 1) >> 1;
    }
  }
  return { level: level + 1, rows: smallRows, columns: smallColumns, values: small };
}
