import { z } from 'zod';
import { WINDOW_SIZE } from '../../pipeline/bundle.js';
import type { FileEntry } from '../../pipeline/commit.js';
import { DEFAULT_BRANCH } from '../../pipeline/commit.js';
import { MammoflowError } from '../../pipeline/errors.js';
import {
  type HorizontalFlip,
  horizontalFlipSchema,
  isMirroredOnDisk,
  VIEWS,
  type View,
  viewFile,
  viewPositionOf,
} from '../../pipeline/exam.js';
import { READ_STAGE } from '../../pipeline/exam-objects.js';
import { heatmapFile } from '../../pipeline/heatmaps.js';
import { readFileEntry } from '../../repos/committed-files.js';
import { parseJson } from '../../repos/json-objects.js';
import type { ObjectStore } from '../../repos/object-store.js';
import type { ExamExplanation } from '../provenance/explain-exam.js';
import type { Session } from '../session.js';
import { type ExamLine, examLine } from './exams.js';
import { explain } from './explain.js';

/** One of the four views as it can be shown. Positions are rows and columns as the pixels lie on disk. */
export interface ExamViewDetails {
  readonly view: View;
  /** As it was put, or as it was read from a DICOM object. */
  readonly original: FileEntry | null;
  readonly cropped: FileEntry | null;
  /** Where the cropped view lies in the original: half-open. */
  readonly crop: {
    readonly top: number;
    readonly bottom: number;
    readonly left: number;
    readonly right: number;
  } | null;
  /** Rows and columns. */
  readonly size: readonly [number, number] | null;
  readonly croppedSize: readonly [number, number] | null;
  /** Where the classifiers look, in the cropped view; the window may reach beyond it. */
  readonly bestCenter: {
    readonly center: readonly [number, number];
    /** Rows and columns of the window, and its upper left corner. */
    readonly window: readonly [number, number];
    readonly top: number;
    readonly left: number;
  } | null;
  readonly heatmap: FileEntry | null;
  /** Left and right are exchanged on disk as against how radiologists hang views (chest walls together). */
  readonly mirror: boolean;
}

export interface ExamDetails {
  readonly line: ExamLine;
  readonly explanation: ExamExplanation;
  readonly views: readonly ExamViewDetails[];
}

const pair = z.tuple([z.number().int(), z.number().int()]);
/** As much of `crop.json` and `centers.json` as is shown. */
const cropSchema = z.object({
  horizontal_flip: horizontalFlipSchema,
  views: z.partialRecord(
    z.enum(VIEWS),
    z.object({
      source_shape: pair,
      shape: pair,
      window_location: z.tuple([z.number().int(), z.number().int(), z.number().int(), z.number().int()]),
    }),
  ),
});
const centersSchema = z.object({ views: z.partialRecord(z.enum(VIEWS), z.object({ best_center: pair })) });

/**
 * One exam with all that is needed to look at it: where its pictures and heatmaps are, what was cut out and where the
 * classifiers looked, its probabilities, and how it came to them.
 *
 * @param options.ref a commit, a branch, `branch~n`, or a job that has ended; `main` unless said.
 * @throws MammoflowError `not-found` when the state has no such exam, `unknown-reference` when it is not there.
 * @example
 * const { line, views } = await mammoflow.exam({ exam: 'exam-17' });
 */
export async function exam(
  session: Session,
  { exam: name, ref = DEFAULT_BRANCH }: { exam: string; ref?: string },
): Promise<ExamDetails> {
  const line = await examLine(session, { exam: name, ref });
  if (line.since === null) {
    throw new MammoflowError(
      'not-found',
      `Exam ${name} only lies in the inbox: ${line.reason}`,
      'See `mammoflow inbox`.',
    );
  }
  const explanation = await explain(session, { exam: name, ref });
  const { store } = session.repository;
  const filesOf = (stage: string): readonly FileEntry[] =>
    explanation.stages.find((one) => one.stage === stage)?.files ?? [];
  const [crop, centers] = await Promise.all([
    readDocument(store, filesOf('crop'), 'crop.json', cropSchema),
    readDocument(store, filesOf('extract_centers'), 'centers.json', centersSchema),
  ]);
  const views = VIEWS.map((view): ExamViewDetails => {
    const cut = crop?.views[view];
    const center = centers?.views[view]?.best_center;
    const flip = crop?.horizontal_flip ?? 'NO';
    const [top, bottom, left, right] = cut?.window_location ?? [];
    return {
      view,
      original: fileNamed(explanation.files, viewFile(view)) ?? fileNamed(filesOf(READ_STAGE), viewFile(view)),
      cropped: fileNamed(filesOf('crop'), viewFile(view)),
      crop:
        top === undefined || bottom === undefined || left === undefined || right === undefined
          ? null
          : { top, bottom, left, right },
      size: cut?.source_shape ?? null,
      croppedSize: cut?.shape ?? null,
      bestCenter: cut === undefined || center === undefined ? null : windowOnDisk(view, flip, center, cut.shape),
      heatmap: fileNamed(filesOf('generate_heatmaps'), heatmapFile(view)),
      mirror: flip === 'YES',
    };
  });
  return { line, explanation, views };
}

const fileNamed = (files: readonly FileEntry[], path: string): FileEntry | null =>
  files.find((file) => file.path === path) ?? null;

/** What a stage wrote about an exam. Undefined where it is gone or damaged: the pictures can be looked at without. */
async function readDocument<T>(
  store: ObjectStore,
  files: readonly FileEntry[],
  path: string,
  schema: z.ZodType<T>,
): Promise<T | undefined> {
  const file = fileNamed(files, path);
  if (file === null) return undefined;
  try {
    return parseJson(file.key, await readFileEntry(store, file), schema);
  } catch (error) {
    if (error instanceof MammoflowError) return undefined;
    throw error;
  }
}

/** The classifiers' window without augmentation (PIPELINE.md 5.3), from training orientation to how the view lies on disk. */
function windowOnDisk(
  view: View,
  flip: HorizontalFlip,
  [y, x]: readonly [number, number],
  [, columns]: readonly [number, number],
): NonNullable<ExamViewDetails['bestCenter']> {
  const [height, width] = WINDOW_SIZE[viewPositionOf(view)];
  const top = y - Math.floor(height / 2);
  const left = x - Math.floor(width / 2);
  const mirrored = isMirroredOnDisk(view, flip);
  return {
    center: [y, mirrored ? columns - 1 - x : x],
    window: [height, width],
    top,
    left: mirrored ? columns - left - width : left,
  };
}
