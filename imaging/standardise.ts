/** Standard deviations are raised to this, so that a constant image does not divide by zero (PIPELINE.md 4.1). */
const SMALLEST_DEVIATION = 1e-5;
const GREY_VALUES = 65536;

export interface PixelStatistics {
  readonly mean: number;
  /** Of the population, not of a sample. */
  readonly standardDeviation: number;
}

/** Mean and standard deviation of all pixels, background included, in float64 (PIPELINE.md 4.1). */
export function pixelStatistics(pixels: Uint16Array): PixelStatistics {
  const histogram = new Uint32Array(GREY_VALUES);
  for (let index = 0; index < pixels.length; index += 1) {
    const value = pixels[index] as number;
    histogram[value] = (histogram[value] as number) + 1;
  }
  let sum = 0; // an integer below 2^53, hence exact
  for (let value = 1; value < GREY_VALUES; value += 1) sum += value * (histogram[value] as number);
  const mean = sum / pixels.length;
  let squares = 0;
  for (let value = 0; value < GREY_VALUES; value += 1) {
    squares += (histogram[value] as number) * (value - mean) ** 2;
  }
  return { mean, standardDeviation: Math.sqrt(squares / pixels.length) };
}

/**
 * Standardises a whole view for the patch network: minus mean, divided by standard deviation, computed in float64 and
 * rounded to float32 once (PIPELINE.md 4.1).
 * @returns one float32 per pixel, in the order given.
 */
export function standardiseWholeImage(pixels: Uint16Array): Float32Array {
  const { mean, standardDeviation } = pixelStatistics(pixels);
  const deviation = Math.max(standardDeviation, SMALLEST_DEVIATION);
  const table = Float32Array.from({ length: GREY_VALUES }, (_, value) => (value - mean) / deviation);
  const standardised = new Float32Array(pixels.length);
  for (let index = 0; index < pixels.length; index += 1) {
    standardised[index] = table[pixels[index] as number] as number;
  }
  return standardised;
}

/**
 * Standardises a classifier's window in place (PIPELINE.md 5.3 step 12): mean and standard deviation are rounded to
 * float32, and so are the difference and the quotient.
 *
 * @param ends for each row, a column from which on all values are 0. That is background, and is
 *   computed once.
 */
export function standardiseWindow(values: Float32Array, ends: Int32Array): void {
  const columns = values.length / ends.length;
  let sum = 0;
  let background = values.length;
  for (let row = 0; row < ends.length; row += 1) {
    const length = ends[row] as number;
    const start = row * columns;
    for (let index = start; index < start + length; index += 1) sum += values[index] as number;
    background -= length;
  }
  const mean = Math.fround(sum / values.length);
  let squares = background * mean * mean;
  for (let row = 0; row < ends.length; row += 1) {
    const start = row * columns;
    const end = start + (ends[row] as number);
    for (let index = start; index < end; index += 1) {
      const difference = Math.fround((values[index] as number) - mean);
      values[index] = difference;
      squares += difference * difference;
    }
  }
  // The differences are from a rounded mean; their own mean is below float32 precision and left alone.
  const deviation = Math.fround(Math.max(Math.sqrt(squares / values.length), SMALLEST_DEVIATION));
  const ofBackground = Math.fround(-mean) / deviation;
  for (let row = 0; row < ends.length; row += 1) {
    const start = row * columns;
    const end = start + (ends[row] as number);
    for (let index = start; index < end; index += 1) values[index] = (values[index] as number) / deviation;
    values.fill(ofBackground, end, start + columns);
  }
}
