import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeGrey16Png } from '../../imaging/grey16-png.js';
import { MersenneTwister, uniform } from '../../imaging/mersenne-twister.js';
import type { Grey16Image } from '../../imaging/planes.js';
import { lateralityOf, VIEWS, type View, viewFile, viewPositionOf } from '../../pipeline/exam.js';

/** Small, so that a first run takes seconds: the breast is still larger than the crop's 100-pixel opening and a patch. */
const SIZE = { CC: { rows: 1_100, columns: 640 }, MLO: { rows: 1_300, columns: 700 } } as const;
/** The brightest tissue, in a 12-bit detector's range. */
const BRIGHTEST = 4_000;
/** Cells of the coarsest texture along a side; each octave has twice as many at half the strength. */
const COARSEST_CELLS = 6;
const OCTAVES = 5;

/**
 * Draws the four views of an exam that resembles a mammogram enough for every stage to have work: a breast against the
 * chest wall, tissue of several scales, a pectoral muscle in the MLO views, and background of exactly 0. It has no
 * lesion and imitates no patient. The same seed gives the same files.
 */
export async function drawSampleExam(folder: string, seed: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [index, view] of VIEWS.entries()) {
    const image = drawView(view, MersenneTwister.numpy(seed * VIEWS.length + index));
    await writeFile(join(folder, viewFile(view)), await writeGrey16Png(image));
  }
}

/** One view as it lies on disk: left breasts point right, right breasts point left. */
function drawView(view: View, random: MersenneTwister): Grey16Image {
  const position = viewPositionOf(view);
  const { rows, columns } = SIZE[position];
  const texture = fractalTexture(rows, columns, random);
  const pixels = new Uint16Array(rows * columns);
  const centre = rows * (position === 'CC' ? 0.5 : 0.56);
  const height = rows * 0.42;
  const width = columns * uniform(random, 0.72, 0.8);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      // 1 at the middle of the chest wall, 0 at the skin. Not by Math.hypot, whose last digit engines are free to choose.
      const [y, x] = [(row - centre) / height, column / width];
      const depth = 1 - Math.sqrt(y * y + x * x);
      const inMuscle = position === 'MLO' && row / (rows * 0.55) + column / (columns * 0.38) < 1;
      if (depth <= 0 && !inMuscle) continue;
      const tissue = inMuscle ? 0.62 : 0.18 + 0.45 * Math.sqrt(Math.max(0, depth));
      const value = tissue + 0.22 * (texture[row * columns + column] as number);
      const onDisk = lateralityOf(view) === 'L' ? column : columns - 1 - column;
      pixels[row * columns + onDisk] = Math.max(1, Math.round(BRIGHTEST * Math.min(1, value)));
    }
  }
  return { rows, columns, pixels };
}

/** Smoothly interpolated random values of several scales, about -1 to 1. */
function fractalTexture(rows: number, columns: number, random: MersenneTwister): Float64Array {
  const texture = new Float64Array(rows * columns);
  for (let octave = 0; octave < OCTAVES; octave += 1) {
    const cells = COARSEST_CELLS * 2 ** octave;
    const grid = Float64Array.from({ length: (cells + 1) ** 2 }, () => uniform(random, -1, 1));
    const at = (y: number, x: number): number => grid[y * (cells + 1) + x] as number;
    for (let row = 0; row < rows; row += 1) {
      const [y, v] = cellOf(row, rows, cells);
      for (let column = 0; column < columns; column += 1) {
        const [x, u] = cellOf(column, columns, cells);
        const above = at(y, x) * (1 - u) + at(y, x + 1) * u;
        const below = at(y + 1, x) * (1 - u) + at(y + 1, x + 1) * u;
        texture[row * columns + column]! += (above * (1 - v) + below * v) / 2 ** octave;
      }
    }
  }
  return texture;
}

/** The cell a position falls into, and how far into it, eased at both ends. */
function cellOf(position: number, size: number, cells: number): [number, number] {
  const scaled = (position / size) * cells;
  const cell = Math.min(cells - 1, Math.floor(scaled));
  const t = scaled - cell;
  return [cell, t * t * (3 - 2 * t)];
}
