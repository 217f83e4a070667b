import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readGrey16Png, writeGrey16Png } from '../../imaging/grey16-png.js';
import { writeNpz } from '../../imaging/npz.js';
import type { FloatPlane, Grey16Image } from '../../imaging/planes.js';
import { drawExams } from '../../models/phantom/draw-exams.js';
import type { ExamTruth } from '../../models/phantom/truth.js';
import { VIEWS, type View, viewFile } from '../../pipeline/exam.js';
import { heatmapFile } from '../../pipeline/heatmaps.js';
import { RESEARCH_USE_ONLY } from '../../pipeline/predictions.js';
import { type DrawnResult, landDrawn } from './classified-exams.js';
import type { TestSystem } from './system.js';

/** A seed whose first exam has one lesion: a malignant mass in the left breast. */
const SEED = 8;
/** What the crop leaves out on each side, so that heatmaps lie elsewhere in the view than in themselves. */
const MARGIN = { top: 64, bottom: 32, left: 16, right: 48 } as const;

/** A phantom exam of full size whose pictures, lesions and heatmaps are known. */
export interface ViewableExam {
  readonly exam: string;
  readonly truth: ExamTruth;
  readonly pictures: Readonly<Record<View, Grey16Image>>;
  readonly crop: Readonly<Record<View, { top: number; bottom: number; left: number; right: number }>>;
}

/** Draws it, and puts it. It has no results yet. */
export async function putViewable(system: TestSystem): Promise<ViewableExam> {
  const folder = join(system.folder, 'viewable');
  const { truth } = await drawExams(folder, { seed: SEED, exams: 1 });
  const [drawn] = truth.exams;
  if (drawn === undefined) throw new Error('no exam was drawn');
  await system.put('exams', join(folder, drawn.exam));
  const each = async <T>(make: (view: View) => Promise<T> | T): Promise<Record<View, T>> =>
    Object.fromEntries(await Promise.all(VIEWS.map(async (view) => [view, await make(view)]))) as Record<View, T>;
  const pictures = await each(async (view) =>
    readGrey16Png(await readFile(join(folder, drawn.exam, viewFile(view))), { exam: drawn.exam, view }),
  );
  const crop = await each((view) => {
    const { rows, columns } = pictures[view];
    return { top: MARGIN.top, bottom: rows - MARGIN.bottom, left: MARGIN.left, right: columns - MARGIN.right };
  });
  return { exam: drawn.exam, truth: drawn, pictures, crop };
}

/**
 * Lands results of it whose heatmaps are the truth: `probability` within each malignant lesion, 0.02 elsewhere.
 *
 * @param spoil changes what a stage wrote, e.g. to heatmaps that do not fit their view.
 */
export async function landViewable(
  system: TestSystem,
  { exam, truth, pictures, crop }: ViewableExam,
  job: string,
  {
    probability = 0.9,
    spoil,
    ...result
  }: DrawnResult & { spoil?: (path: string, plane: FloatPlane) => FloatPlane } = {},
): Promise<string> {
  const cut: Record<string, Buffer> = {};
  const heat: Record<string, Buffer> = {};
  for (const view of VIEWS) {
    cut[viewFile(view)] = await writeGrey16Png(cropped(pictures[view], crop[view]));
    const plane = truthPlane(truth, view, crop[view], probability);
    const malignant = spoil?.(heatmapFile(view), plane) ?? plane;
    const benign = { ...malignant, pixels: new Float32Array(malignant.pixels.length).fill(0.02) };
    heat[heatmapFile(view)] = Buffer.from(writeNpz({ benign, malignant }));
  }
  const views = Object.fromEntries(
    VIEWS.map((view) => {
      const { top, bottom, left, right } = crop[view];
      const { rows, columns } = pictures[view];
      return [
        view,
        {
          source_shape: [rows, columns],
          shape: [bottom - top, right - left],
          window_location: [top, bottom, left, right],
        },
      ];
    }),
  );
  const base = { schemaVersion: 1, exam, notice: RESEARCH_USE_ONLY };
  cut['crop.json'] = Buffer.from(JSON.stringify({ ...base, horizontal_flip: 'NO', views }));
  const centers = Object.fromEntries(VIEWS.map((view) => [view, { best_center: [1_200, 400] }]));
  const files: Readonly<Record<string, Readonly<Record<string, Buffer>>>> = {
    crop: cut,
    extract_centers: { 'centers.json': Buffer.from(JSON.stringify({ ...base, views: centers })) },
    generate_heatmaps: heat,
  };
  return landDrawn(system.session.repository, job, {
    [exam]: { ...result, probability, files: (stage) => files[stage] },
  });
}

function cropped(
  { columns, pixels }: Grey16Image,
  { top, bottom, left, right }: { top: number; bottom: number; left: number; right: number },
): Grey16Image {
  const width = right - left;
  const cut = new Uint16Array((bottom - top) * width);
  for (let row = top; row < bottom; row += 1) {
    cut.set(pixels.subarray(row * columns + left, row * columns + right), (row - top) * width);
  }
  return { rows: bottom - top, columns: width, pixels: cut };
}

function truthPlane(
  { lesions }: ExamTruth,
  view: View,
  { top, bottom, left, right }: { top: number; bottom: number; left: number; right: number },
  probability: number,
): FloatPlane {
  const [rows, columns] = [bottom - top, right - left];
  const pixels = new Float32Array(rows * columns).fill(0.02);
  for (const { kind, views } of lesions) {
    const circle = views[view];
    if (circle === undefined || kind !== 'malignant') continue;
    for (let row = 0; row < rows; row += 1) {
      for (let column = 0; column < columns; column += 1) {
        const [y, x] = [row + top - circle.row, column + left - circle.column];
        if (y * y + x * x <= circle.radius ** 2) pixels[row * columns + column] = probability;
      }
    }
  }
  return { rows, columns, pixels };
}
