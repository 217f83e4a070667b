import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeGrey16Png } from '../../imaging/grey16-png.js';
import { mirrorColumns } from '../../imaging/orientation.js';
import { isMirroredOnDisk, VIEWS, viewFile } from '../../pipeline/exam.js';
import { RESEARCH_USE_ONLY } from '../../pipeline/predictions.js';
import { CENTERS_FILE, CROP_FILE, type CropViewDocument, documentBytes } from '../../pipeline/stage-documents.js';
import { filesOf } from './stage-run.js';

/** A breast-like half ellipse at the chest wall with a texture: computed, so that no patient's image is needed. */
function syntheticView(rows: number, columns: number): { rows: number; columns: number; pixels: Uint16Array } {
  const pixels = Uint16Array.from({ length: rows * columns }, (_, index) => {
    const y = (Math.floor(index / columns) - rows / 2) / (rows / 2);
    const x = (index % columns) / (columns * 0.9);
    if (x * x + y * y >= 1) return 0;
    return Math.round(1500 + 900 * Math.sin(index % 211) + 1200 * (1 - x * x - y * y));
  });
  return { rows, columns, pixels };
}

/**
 * Writes what the crop stage would write for an exam of four equal synthetic views, and `centers.json` beside it.
 * @returns the files by name.
 */
export async function syntheticCrop(folder: string, rows: number, columns: number): Promise<Record<string, string>> {
  await mkdir(folder, { recursive: true });
  const view = syntheticView(rows, columns);
  for (const name of VIEWS) {
    const onDisk = isMirroredOnDisk(name, 'NO') ? mirrorColumns(view) : view;
    await writeFile(join(folder, viewFile(name)), await writeGrey16Png(onDisk));
  }
  const perView = <Value>(value: Value) => ({ L_CC: value, R_CC: value, L_MLO: value, R_MLO: value });
  const header = { schemaVersion: 1, exam: 'synthetic', notice: RESEARCH_USE_ONLY } as const;
  await writeFile(
    join(folder, CROP_FILE),
    documentBytes({
      ...header,
      horizontal_flip: 'NO',
      views: perView<CropViewDocument>({
        source_shape: [rows, columns],
        shape: [rows, columns],
        window_location: [0, rows, 0, columns],
        rightmost_points: [[rows >> 1, rows >> 1], columns - 50],
        bottommost_points: [rows - 50, [100, 101]],
        distance_from_starting_side: 0,
      }),
    }),
  );
  await writeFile(
    join(folder, CENTERS_FILE),
    documentBytes({ ...header, views: perView({ best_center: [rows >> 1, columns >> 1] as [number, number] }) }),
  );
  return filesOf(folder);
}
