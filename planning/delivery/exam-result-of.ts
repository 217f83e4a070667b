import type { z } from 'zod';
import { readObject } from '../../dicom/data-set/read-object.js';
import { type ExamResult, examResultSchema, type ResultPixels } from '../../dicom/objects/exam-result.js';
import { type DescribedSource, describeSource } from '../../dicom/objects/source-image.js';
import { readNpz } from '../../imaging/npz.js';
import { readRgbPng } from '../../imaging/rgb-png.js';
import type { FileEntry } from '../../pipeline/commit.js';
import { ExamError, MammoflowError } from '../../pipeline/errors.js';
import { isMirroredOnDisk, VIEWS, type View } from '../../pipeline/exam.js';
import { objectPath, READ_STAGE, VIEWS_FILE } from '../../pipeline/exam-objects.js';
import { HEATMAP_CLASSES, heatmapFile } from '../../pipeline/heatmaps.js';
import { PREDICTIONS_JSON, predictionsSchema } from '../../pipeline/predictions.js';
import { qualitySummarySchema, toldWarnings } from '../../pipeline/quality-report.js';
import { DEFAULT_KINDS, type ObjectKind } from '../../pipeline/result-objects.js';
import {
  CROP_FILE,
  type CropDocument,
  cropDocumentSchema,
  viewsDocumentSchema,
} from '../../pipeline/stage-documents.js';
import { readFileEntry } from '../../repos/committed-files.js';
import { parseJson } from '../../repos/json-objects.js';
import type { Repository } from '../../repos/repository.js';
import type { CommittedResult, StageOutput } from './committed-result.js';

const HEATMAP_STAGE = 'generate_heatmaps';
const CLASSIFYING_STAGE = 'classify';
const PICTURE_STAGE = 'visualize_heatmaps';

/** Long reasons are cut: an object's texts have their limits. */
const LONGEST_REASON = 1_000;

/**
 * A committed result as the value that DICOM objects are written from, under pseudonyms: patient, study and images as the
 * exam's objects without identity have them. What did not come to its end says so with the reason; nothing is left out.
 *
 * @throws ExamError `invalid-exam` where it is not known which image each view was made of, `invalid-dicom` for an image that
 *   results cannot refer to; MammoflowError `corrupt-data` or `missing-object` for files that are not what was committed
 */
export async function examResultOf(repository: Repository, committed: CommittedResult): Promise<ExamResult> {
  const { item, outcome, era, outputs } = committed;
  const { name: exam } = item;
  const document = await stageDocument(repository, outputs.get(READ_STAGE), VIEWS_FILE, viewsDocumentSchema);
  if (document === undefined) {
    throw new ExamError(
      'invalid-exam',
      `The images of exam ${exam} could not be read, so nothing can be said of them${because(outcome.reason)}`,
      'See `mammoflow explain`.',
    );
  }
  const views: Partial<ExamResult['views']> = {};
  let whose: Omit<DescribedSource, 'source'> | undefined;
  for (const view of VIEWS) {
    const { instance, device, mirrored, upended } = document.views[view];
    const path = objectPath({ view, device, instance });
    const file = fileOf(item.files, path, exam);
    const bytes = await readFileEntry(repository.store, file);
    // A view at a time: an object may have hundreds of megabytes.
    const object = readObject(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), {
      what: `The object ${path}`,
    });
    const { source, ...described } = describeSource(object, `The object ${path} of exam ${exam}`);
    views[view] = { source, mirrored, upsideDown: upended };
    whose ??= described;
  }
  const { version, computedAt } = computation([...outputs.values()]);
  return checked(exam, {
    schemaVersion: 1,
    exam,
    computedAt,
    ...(whose as Omit<DescribedSource, 'source'>),
    views: views as ExamResult['views'],
    bundle: { name: era.bundle, sha256: era.digest, ...(era.notice === undefined ? {} : { notice: line(era.notice) }) },
    softwareVersion: version,
    stages: Object.fromEntries(
      [...outputs].map(([name, { record }]) => [
        name,
        {
          version: record.document.version,
          parameters: record.document.parameters as ExamResult['stages'][string]['parameters'],
        },
      ]),
    ),
    detection: await detectionOf(repository, committed),
    classification: await classificationOf(repository, committed),
    warnings: warningsOf(outputs),
    replaces: { measurementReports: [] },
  });
}

/** Which of some kinds of objects a result can have: pictures only where they were drawn. */
export const kindsFor = ({ outputs }: CommittedResult, kinds: readonly ObjectKind[] = DEFAULT_KINDS): ObjectKind[] =>
  kinds.filter((kind) => kind !== 'secondary-captures' || outputs.has(PICTURE_STAGE));

/** The pixels of a committed result, each read and verified when it is needed. */
export function pixelsOf(repository: Repository, { item: { name: exam }, outputs }: CommittedResult): ResultPixels {
  const read = async (stage: string, path: string): Promise<Buffer> => {
    const file = fileOf(outputs.get(stage)?.item.files ?? [], path, exam);
    const bytes = await readFileEntry(repository.store, file);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
  return {
    async heatmaps(view) {
      return readNpz(
        await read(HEATMAP_STAGE, heatmapFile(view)),
        HEATMAP_CLASSES,
        `${heatmapFile(view)} of exam ${exam}`,
      );
    },
    async absolutePicture(view) {
      const file = `${view}_absolute.png`;
      return readRgbPng(await read(PICTURE_STAGE, file), `${file} of exam ${exam}`);
    },
  };
}

/** When the last of the stages came to its end for the first time, and which build ran it. */
function computation(outputs: readonly StageOutput[]): { version: string; computedAt: string } {
  const [last] = outputs.map(({ record }) => record).sort((a, b) => (a.finishedAt < b.finishedAt ? 1 : -1));
  return {
    computedAt: last?.finishedAt ?? '',
    version: typeof last?.provenance.build === 'string' ? last.provenance.build.slice(0, 64) : 'unknown',
  };
}

/** What became of a stage that has no output: it failed itself, or never began, and why. */
function withoutOutput(
  stage: string,
  { outcome }: CommittedResult,
): { status: 'failed'; reason: string } | { status: 'not-run'; reason?: string } {
  const reason = outcome.reason === undefined ? undefined : line(outcome.reason);
  if (outcome.stage === stage) return { status: 'failed', reason: reason ?? 'unknown' };
  if (outcome.stage === undefined || reason === undefined) return { status: 'not-run' };
  return { status: 'not-run', reason: line(`${outcome.stage}: ${reason}`) };
}

async function detectionOf(repository: Repository, committed: CommittedResult): Promise<ExamResult['detection']> {
  const heatmaps = committed.outputs.get(HEATMAP_STAGE);
  if (heatmaps === undefined) return withoutOutput(HEATMAP_STAGE, committed);
  const crop = await stageDocument(repository, committed.outputs.get('crop'), CROP_FILE, cropDocumentSchema);
  if (crop === undefined)
    throw new MammoflowError('corrupt-data', `Exam ${committed.item.name} has heatmaps and no crop.`);
  const of = (view: View) => ({
    ...cropOf(crop, view),
    heatmapSha256: fileOf(heatmaps.item.files, heatmapFile(view), committed.item.name).sha256,
  });
  return {
    status: 'succeeded',
    views: { L_CC: of('L_CC'), R_CC: of('R_CC'), L_MLO: of('L_MLO'), R_MLO: of('R_MLO') },
  };
}

/** `crop.json` has the foremost point in training orientation, where every breast points right. */
function cropOf({ views, horizontal_flip: flip }: CropDocument, view: View) {
  const { window_location, rightmost_points, shape } = views[view];
  const [top, bottom, left, right] = window_location;
  const [[first, last], column] = rightmost_points;
  return {
    crop: { top, bottom, left, right },
    foremost: {
      row: Math.floor((first + last) / 2),
      column: isMirroredOnDisk(view, flip) ? shape[1] - 1 - column : column,
    },
  };
}

async function classificationOf(
  { store }: Repository,
  committed: CommittedResult,
): Promise<ExamResult['classification']> {
  const output = committed.outputs.get(CLASSIFYING_STAGE);
  if (output === undefined) return withoutOutput(CLASSIFYING_STAGE, committed);
  const file = fileOf(output.item.files, PREDICTIONS_JSON, committed.item.name);
  const { image, imageheatmaps } = parseJson(file.key, await readFileEntry(store, file), predictionsSchema);
  return { status: 'succeeded', image, imageheatmaps };
}

function warningsOf(outputs: CommittedResult['outputs']): ExamResult['warnings'] {
  return [...outputs].flatMap(([stage, { record }]) => {
    const summary = qualitySummarySchema.safeParse(record.summary).data;
    if (summary === undefined) return [];
    return toldWarnings(stage, summary).map(({ code, view, message }) => ({
      code,
      ...(view === undefined ? {} : { view }),
      message: line(message),
    }));
  });
}

async function stageDocument<Schema extends z.ZodType>(
  { store }: Repository,
  output: StageOutput | undefined,
  path: string,
  schema: Schema,
): Promise<z.infer<Schema> | undefined> {
  const file = output?.item.files.find((one) => one.path === path);
  return file && (parseJson(file.key, await readFileEntry(store, file), schema) as z.infer<Schema>);
}

function fileOf(files: readonly FileEntry[], path: string, exam: string): FileEntry {
  const file = files.find((one) => one.path === path);
  if (file !== undefined) return file;
  throw new MammoflowError('corrupt-data', `Exam ${exam} has no ${path}, although its results say so.`);
}

function checked(exam: string, value: ExamResult): ExamResult {
  const result = examResultSchema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new ExamError(
    'invalid-exam',
    `The results of exam ${exam} cannot be written as DICOM: ${issue?.path.join('.')}: ${issue?.message}.`,
    'Correct the study at its source and put it again.',
  );
}

const because = (reason: string | undefined): string => (reason === undefined ? '.' : `: ${reason}`);

/** One line without what DICOM's texts cannot hold. */
function line(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what has to go
  const plain = text.replaceAll(/[\\\u0000-\u001f\u007f]+/g, ' ').trim();
  return plain.length <= LONGEST_REASON ? plain : `${plain.slice(0, LONGEST_REASON - 1)}…`;
}
