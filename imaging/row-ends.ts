/**
 * For each row of a plane in training orientation, the column from which on all values are 0: right of it there is nothing
 * but background.
 */
export function rowEnds(pixels: Uint16Array | Float32Array, columns: number): Int32Array {
  // Bits compare faster than numbers; a -0 counts as a value.
  const bits =
    pixels instanceof Float32Array ? new Int32Array(pixels.buffer, pixels.byteOffset, pixels.length) : pixels;
  const ends = new Int32Array(pixels.length / columns);
  for (let row = 0; row < ends.length; row += 1) {
    const start = row * columns;
    let end = start + columns;
    while (end > start && bits[end - 1] === 0) end -= 1;
    ends[row] = end - start;
  }
  return ends;
}
