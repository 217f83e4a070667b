import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeGrey16Png } from '../../imaging/grey16-png.js';
import { VIEWS, viewFile } from '../../pipeline/exam.js';
import { drawSampleExam } from './draw-exam.js';

/** Draws exams into `<folder>/<name>`; the same name and seed give the same files. */
export async function drawExams(folder: string, names: readonly string[], firstSeed = 1): Promise<void> {
  for (const [index, name] of names.entries()) await drawSampleExam(join(folder, name), firstSeed + index);
}

/** An exam whose four views are there and well-formed, and black: it can only fail, in the crop stage. */
export async function blackExam(folder: string, name: string): Promise<void> {
  await mkdir(join(folder, name), { recursive: true });
  const png = await writeGrey16Png({ rows: 300, columns: 300, pixels: new Uint16Array(300 * 300) });
  for (const view of VIEWS) await writeFile(join(folder, name, viewFile(view)), png);
}
