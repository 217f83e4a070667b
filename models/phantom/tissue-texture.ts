import type { FloatPlane } from '../../imaging/planes.js';
import type { Random } from './random.js';

/** How a texture's power is spread over its scales. */
export interface TextureSpectrum {
  /** Power falls with frequency f as 1/f^exponent, f in cycles per length along any direction. */
  readonly exponent: number;
  /** The coarsest and the finest structure, as a power of two of the plane's pixels: 0 is single pixels. */
  readonly coarsest: number;
  readonly finest: number;
}

/**
 * The power of a mammogram's texture falls with frequency as 1/f³ or nearly so, over structures from a few tenths of a
 * millimetre to centimetres (Burgess, Jacobson and Judy, "Human observer detection experiments with mammograms and
 * power-law noise", Med Phys 28, 2001; Heine and Velthuizen, Med Phys 29, 2002).
 */
export const MAMMOGRAM_EXPONENT = 3;

/**
 * A random texture with a power-law spectrum, mean 0 and variance about 1. White noise on ever finer grids is added up,
 * each grid's spread to the next by the two-scale relation of the quadratic B-spline, so the cost is that of the finest
 * grid and a third more. A grid of cell c with standard deviation s has the flat power s²c² up to its cut-off near
 * 1/(2c); for the sum to follow f^-e, s must grow as c^(e/2 - 1).
 */
export function drawTexture(rows: number, columns: number, spectrum: TextureSpectrum, random: Random): FloatPlane {
  const { exponent, coarsest, finest } = spectrum;
  const perOctave = Math.sqrt(2 ** (exponent - 2));
  let amplitude = 1;
  let variance = 0;
  for (let level = finest; level <= coarsest; level += 1) {
    variance += (amplitude * amplitude * SPREAD_SHARE) / 12;
    amplitude *= perOctave;
  }
  // Noise of width 1 has the variance 1/12.
  const scale = 1 / Math.sqrt(variance);
  let plane: FloatPlane | undefined;
  for (let level = coarsest; level >= 0; level -= 1) {
    const size = gridSize(rows, columns, level);
    amplitude /= perOctave;
    plane = plane === undefined ? emptyPlane(size.rows, size.columns) : doublePlane(plane, size.rows, size.columns);
    if (level >= finest) addNoise(plane, amplitude * scale, random);
  }
  return plane ?? emptyPlane(rows, columns);
}

/** What the quadratic B-spline leaves of white noise's variance: 11/20 a direction (its integrated square). */
const SPREAD_SHARE = 0.55 * 0.55;

/** The grid from which `level` doublings make the plane: half as large, with a margin for the kernel, each time. */
export function gridSize(rows: number, columns: number, level: number): { rows: number; columns: number } {
  const size = { rows, columns };
  for (let doubling = 0; doubling < level; doubling += 1) {
    size.rows = Math.ceil(size.rows / 2) + 2;
    size.columns = Math.ceil(size.columns / 2) + 2;
  }
  return size;
}

/** Where a sample of the grid `level` doublings below the plane lies in the plane, in rows or columns. */
export function gridPosition(index: number, level: number): number {
  let position = index;
  for (let doubling = 0; doubling < level; doubling += 1) position = 2 * (position - 1) + 0.5;
  return position;
}

/**
 * Doubles a plane by the two-scale relation of the quadratic B-spline: weights 3/4 and 1/4 of the two nearest samples in
 * each direction. The source must have a sample more than half the size, on each side.
 */
export function doublePlane(source: FloatPlane, rows: number, columns: number): FloatPlane {
  const { columns: width, pixels: from } = source;
  const target = emptyPlane(rows, columns);
  const line = new Float32Array(width);
  for (let row = 0; row < rows; row += 1) {
    const near = (row >> 1) + 1;
    const far = row & 1 ? near + 1 : near - 1;
    const [nearStart, farStart] = [near * width, far * width];
    for (let column = 0; column < width; column += 1) {
      line[column] = 0.75 * (from[nearStart + column] as number) + 0.25 * (from[farStart + column] as number);
    }
    const start = row * columns;
    for (let column = 0; column < columns; column += 1) {
      const middle = (column >> 1) + 1;
      const side = column & 1 ? middle + 1 : middle - 1;
      target.pixels[start + column] = 0.75 * (line[middle] as number) + 0.25 * (line[side] as number);
    }
  }
  return target;
}

function addNoise({ pixels }: FloatPlane, width: number, random: Random): void {
  const scale = width / 0x100000000;
  for (let index = 0; index < pixels.length; index += 1) pixels[index]! += random.word() * scale;
}

export const emptyPlane = (rows: number, columns: number): FloatPlane => ({
  rows,
  columns,
  pixels: new Float32Array(rows * columns),
});
