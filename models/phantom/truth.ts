import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { MammoflowError } from '../../pipeline/errors.js';
import { isMirroredOnDisk, type Laterality, VIEWS, type View, viewPositionOf } from '../../pipeline/exam.js';
import { EXAM_KINDS, type Mix, mixSchema } from './mix.js';
import { DENSITIES, type ExamPlan, type Lesion } from './plan-exam.js';

/** The file that says what was drawn. It lies beside the exams' folders, never in one, so no model can see it. */
export const TRUTH_FILE = 'truth.json';
/** Changes whenever the same seed would give other pixels. */
export const GENERATOR_VERSION = '1';
export const PHANTOM_NOTICE =
  'Synthetic images drawn by a program; they show no patient. For research and demonstration only. Not for diagnosis.';

const pixels = z.number().finite();
/** A lesion's circle in pixels of the view's PNG as it lies on disk. */
const circleSchema = z.object({ row: pixels, column: pixels, radius: pixels.positive() });
const viewNames = z.enum(VIEWS);

const lesionSchema = z.object({
  breast: z.enum(['left', 'right']),
  kind: z.enum(['benign', 'malignant']),
  form: z.enum(['mass', 'calcifications']),
  /** The views of its breast. */
  views: z.partialRecord(viewNames, circleSchema),
});

const examTruthSchema = z.object({
  exam: z.string(),
  index: z.number().int().positive(),
  kind: z.enum(EXAM_KINDS),
  density: z.enum(DENSITIES),
  /** Millimetres per pixel. */
  pixelSpacing: z.number().positive(),
  labels: z.object({
    left_benign: z.boolean(),
    right_benign: z.boolean(),
    left_malignant: z.boolean(),
    right_malignant: z.boolean(),
  }),
  views: z.record(viewNames, z.object({ rows: z.number().int().positive(), columns: z.number().int().positive() })),
  lesions: z.array(lesionSchema),
});

export const truthSchema = z.object({
  schemaVersion: z.literal(1),
  generator: z.string(),
  seed: z.number().int().nonnegative(),
  mix: mixSchema,
  notice: z.string(),
  exams: z.array(examTruthSchema),
});

/** What a folder of phantom exams shows. */
export type Truth = z.infer<typeof truthSchema>;
export type ExamTruth = z.infer<typeof examTruthSchema>;

/** The truth of some planned exams of one seed and mix. */
export function truthOf(seed: number, mix: Mix, plans: readonly ExamPlan[]): Truth {
  return {
    schemaVersion: 1,
    generator: GENERATOR_VERSION,
    seed,
    mix,
    notice: PHANTOM_NOTICE,
    exams: plans.map(truthOfExam),
  };
}

function truthOfExam(plan: ExamPlan): ExamTruth {
  const has = (laterality: Laterality, kind: Lesion['kind']): boolean =>
    plan.lesions.some((lesion) => lesion.laterality === laterality && lesion.kind === kind);
  return {
    exam: plan.exam,
    index: plan.index,
    kind: plan.kind,
    density: plan.density,
    pixelSpacing: rounded(plan.pixelSpacing, 4),
    labels: {
      left_benign: has('L', 'benign'),
      right_benign: has('R', 'benign'),
      left_malignant: has('L', 'malignant'),
      right_malignant: has('R', 'malignant'),
    },
    views: Object.fromEntries(
      VIEWS.map((view) => [view, { rows: plan.outlines[view].rows, columns: plan.outlines[view].columns }]),
    ) as ExamTruth['views'],
    lesions: plan.lesions.map((lesion) => ({
      breast: lesion.laterality === 'L' ? ('left' as const) : ('right' as const),
      kind: lesion.kind,
      form: lesion.form,
      views: Object.fromEntries(
        VIEWS.filter((view) => view.startsWith(lesion.laterality)).map((view) => [
          view,
          circleOnDisk(plan, lesion, view),
        ]),
      ),
    })),
  };
}

function circleOnDisk(plan: ExamPlan, lesion: Lesion, view: View) {
  const { row, column } = lesion.places[viewPositionOf(view)];
  const onDisk = isMirroredOnDisk(view, 'NO') ? plan.outlines[view].columns - 1 - column : column;
  return { row: rounded(row, 1), column: rounded(onDisk, 1), radius: rounded(lesion.radius, 1) };
}

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

/**
 * Reads the truth of a folder of phantom exams.
 * @returns undefined where there is none.
 * @throws MammoflowError `corrupt-data` for a file that is no truth.
 */
export async function readTruth(folder: string): Promise<Truth | undefined> {
  const path = join(folder, TRUTH_FILE);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
  try {
    return truthSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new MammoflowError(
      'corrupt-data',
      `${path} is not what \`mammoflow phantom\` writes.`,
      'Choose an empty folder, or remove the file to have the exams drawn again.',
      { cause },
    );
  }
}

/** Writes the truth of a folder; it appears under its name only when it is whole. */
export async function writeTruth(folder: string, truth: Truth): Promise<void> {
  const path = join(folder, TRUTH_FILE);
  await writeFile(`${path}.part`, `${JSON.stringify(truth, null, 1)}\n`);
  await rename(`${path}.part`, path);
}
