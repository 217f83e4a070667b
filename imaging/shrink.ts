/** A picture's values with its size; what they are (16-bit grey, probabilities) does not matter. */
export interface Shrinkable<Pixels extends Uint16Array | Float32Array> {
  readonly rows: number;
  readonly columns: number;
  readonly pixels: Pixels;
}

/**
 * A picture at a coarser level: each value is the mean of a block of `2^level` rows and columns, those at the right and the
 * bottom of what there is of them. Level 0 is the picture itself. 16-bit values are rounded.
 */
export function shrink<Pixels extends Uint16Array | Float32Array>(
  picture: Shrinkable<Pixels>,
  level: number,
): Shrinkable<Pixels> {
  if (level === 0) return picture;
  const block = 2 ** level;
  const rows = Math.ceil(picture.rows / block);
  const columns = Math.ceil(picture.columns / block);
  const { pixels } = picture;
  const rounds = pixels instanceof Uint16Array;
  const small = (rounds ? new Uint16Array(rows * columns) : new Float32Array(rows * columns)) as Pixels;
  const sums = new Float64Array(columns);
  for (let row = 0; row < rows; row += 1) {
    sums.fill(0);
    const first = row * block;
    const end = Math.min(picture.rows, first + block);
    for (let source = first; source < end; source += 1) {
      const start = source * picture.columns;
      for (let column = 0; column < picture.columns; column += 1) {
        sums[column >> level] = (sums[column >> level] as number) + (pixels[start + column] as number);
      }
    }
    for (let column = 0; column < columns; column += 1) {
      const width = Math.min(picture.columns, (column + 1) * block) - column * block;
      const mean = (sums[column] as number) / ((end - first) * width);
      small[row * columns + column] = rounds ? Math.round(mean) : mean;
    }
  }
  return { rows, columns, pixels: small };
}
