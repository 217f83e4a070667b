import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { landOutcomes } from '../../activities/job/land-results.js';
import { stages } from '../../activities/stages/index.js';
import { writeGrey16Png } from '../../imaging/grey16-png.js';
import { writeNpz } from '../../imaging/npz.js';
import type { FloatPlane } from '../../imaging/planes.js';
import type { Commit, FileEntry, InputItem, StageItem } from '../../pipeline/commit.js';
import { type DatumRecord, datumKey, datumKeyDocument, stageLabels } from '../../pipeline/datum.js';
import { VIEWS, viewFile } from '../../pipeline/exam.js';
import { heatmapFile } from '../../pipeline/heatmaps.js';
import type { ExamOutcome } from '../../pipeline/job.js';
import { LABELS, type LabelProbabilities, PREDICTIONS_JSON, RESEARCH_USE_ONLY } from '../../pipeline/predictions.js';
import { RESPONSE_CHECKS } from '../../pipeline/quality-policy.js';
import { QUALITY_FILE, type QualityWarning, RESPONSE_FILE, warningsLabel } from '../../pipeline/quality-report.js';
import { wantsOf } from '../../planning/wants.js';
import { storeFile } from '../../repos/committed-files.js';
import { writeDatumRecord } from '../../repos/datum-records.js';
import { writeOutcome } from '../../repos/exam-outcomes.js';
import { sha256Hex } from '../../repos/hash.js';
import { type Repository, rootOf } from '../../repos/repository.js';

/*
 * Exams with results of all real stages, without running them: files of the stages' own kinds, records under the keys that
 * the planner works out, landed as a job lands them. For tests of what shows results, where computing them is not the point.
 */

/** Rows and columns of every view and heatmap here. */
export const TINY = { rows: 24, columns: 16 } as const;

/** A view whose pixel at (row, column) is `1000 * seed + 16 * row + column`. */
export const tinyPixels = (seed: number): Uint16Array =>
  Uint16Array.from({ length: TINY.rows * TINY.columns }, (_, index) => 1_000 * seed + index);

/** Writes an exam of four tiny views into `<folder>/<exam>`. */
export async function tinyExam(folder: string, exam: string, seed = 1): Promise<string> {
  const path = join(folder, exam);
  await mkdir(path, { recursive: true });
  for (const [index, view] of VIEWS.entries()) {
    await writeFile(join(path, viewFile(view)), await writeGrey16Png({ ...TINY, pixels: tinyPixels(seed + index) }));
  }
  return path;
}

export interface DrawnResult {
  /** All four probabilities of `imageheatmaps`; those of `image` are half of them. */
  readonly probability?: number;
  readonly fails?: string;
  readonly warnings?: readonly QualityWarning[];
  /** What some stages wrote instead of what is drawn here. */
  readonly files?: (stage: string) => Readonly<Record<string, Buffer>> | undefined;
}

const flat = (value: number): LabelProbabilities =>
  Object.fromEntries(LABELS.map((label) => [label, value])) as LabelProbabilities;

/** A heatmap that is 0 but for one pixel, at row 2 and column 3. */
export function drawnHeatmap(value: number): FloatPlane {
  const pixels = new Float32Array(TINY.rows * TINY.columns);
  pixels[2 * TINY.columns + 3] = value;
  return { ...TINY, pixels };
}

/** Lands results of some exams on a branch, as the job of that name would. */
export async function landDrawn(
  repository: Repository,
  job: string,
  results: Readonly<Record<string, DrawnResult>>,
  branch = 'main',
): Promise<string> {
  const head = (await repository.head(branch)) as Commit;
  const items = await repository.inputs.getMany(rootOf(head, 'exams'), Object.keys(results));
  const outcomes: ExamOutcome[] = [];
  for (const item of items.values()) {
    const outcome = await drawnOutcome(repository, head, job, item, results[item.name] as DrawnResult);
    await writeOutcome(repository.store, job, outcome, { lasts: true });
    outcomes.push(outcome);
  }
  const { commit } = await landOutcomes(repository, stages, job, branch, outcomes);
  if (commit === undefined) throw new Error('nothing landed');
  return commit;
}

async function drawnOutcome(
  repository: Repository,
  head: Commit,
  job: string,
  item: InputItem,
  { probability = 0.1, fails, warnings = [], files: given }: DrawnResult,
): Promise<ExamOutcome> {
  const wants = await wantsOf(repository, stages, head);
  const era = wants.eraOf(item);
  const outcome = {
    name: item.name,
    files: [],
    wanted: wants.wantedOf(item),
    graph: wants.graphDigest,
    bundle: era.bundle,
    job,
  };
  if (fails !== undefined) {
    const statuses = Object.fromEntries(
      wants.graphOf(item).map(({ name }, index) => [name, index === 0 ? ('failed' as const) : ('blocked' as const)]),
    );
    const stage = wants.graphOf(item)[0]?.name ?? '';
    return { schemaVersion: 1, outcome: { ...outcome, outcome: 'failed', stage, reason: fails }, statuses, stages: {} };
  }
  const made: Record<string, StageItem> = {};
  const records = new Map<string, DatumRecord>();
  for (const node of wants.graphOf(item)) {
    const drawn = await drawnFiles(node.name, item, probability, warnings);
    const files: FileEntry[] = [];
    for (const [path, body] of Object.entries(given?.(node.name) ?? drawn.files)) {
      const sha256 = sha256Hex(body);
      const place = { repo: node.name, item: item.name, path, body, sha256, size: body.byteLength };
      files.push((await storeFile(repository.store, place)).entry);
    }
    const upstream = Object.fromEntries(
      node.upstream.map((repo) => [repo, repo === 'exams' ? item.files : (made[repo]?.files ?? [])]),
    );
    const told = (node.after ?? []).flatMap((stage) => records.get(stage) ?? []);
    const labels = { ...stageLabels(era, wants.acceptedOf(item), wants.pixelsOf(item)), warnings: warningsLabel(told) };
    const document = datumKeyDocument(node, item.name, era.models, upstream, labels);
    const key = datumKey(document, sha256Hex);
    const record: DatumRecord = {
      schemaVersion: 1,
      key,
      document: { ...document, parameters: node.parameters } as DatumRecord['document'],
      files,
      ...(drawn.summary === undefined ? {} : { summary: drawn.summary as DatumRecord['summary'] }),
      job,
      provenance: { build: 'test', seconds: { fetching: 0.25, computing: 1.5, storing: 0.25 } },
      startedAt: '2026-11-27T10:00:00.000Z',
      finishedAt: '2026-11-27T10:00:02.000Z',
    };
    const written = await writeDatumRecord(repository.store, record);
    records.set(node.name, written);
    made[node.name] = { name: item.name, files: written.files, datum: key, job };
  }
  const statuses = Object.fromEntries(wants.graphOf(item).map(({ name }) => [name, 'computed' as const]));
  return { schemaVersion: 1, outcome: { ...outcome, outcome: 'processed' }, statuses, stages: made };
}

async function drawnFiles(
  stage: string,
  item: InputItem,
  probability: number,
  warnings: readonly QualityWarning[],
): Promise<{ files: Readonly<Record<string, Buffer>>; summary?: unknown }> {
  const json = (value: unknown): Buffer => Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
  const views = <T>(make: () => T): Record<string, T> => Object.fromEntries(VIEWS.map((view) => [view, make()]));
  const shape = [TINY.rows, TINY.columns];
  const base = { schemaVersion: 1, exam: item.name, notice: RESEARCH_USE_ONLY };
  const isOfResponse = ({ code }: QualityWarning): boolean => RESPONSE_CHECKS.some((check) => check === code);
  const checked = (file: string, isOwn: (warning: QualityWarning) => boolean) => {
    const own = warnings.filter(isOwn);
    const summary = { verdict: own.length === 0 ? 'ok' : 'warn', warnings: own };
    return { files: { [file]: json({ ...base, checks: [], warnings: own }) }, summary };
  };
  switch (stage) {
    case 'crop': {
      const view = { source_shape: shape, shape, window_location: [0, TINY.rows, 0, TINY.columns] };
      // Other files of an exam give other crops, or everything after them would be known already.
      const seed = Number.parseInt(item.files[0]?.sha256.slice(0, 4) ?? '', 16) % 60;
      const png = await writeGrey16Png({ ...TINY, pixels: tinyPixels(seed) });
      const pictures = Object.fromEntries(VIEWS.map((name) => [viewFile(name), png]));
      return {
        files: { ...pictures, 'crop.json': json({ ...base, horizontal_flip: 'NO', views: views(() => view) }) },
      };
    }
    case 'extract_centers':
      return { files: { 'centers.json': json({ ...base, views: views(() => ({ best_center: [12, 4] })) }) } };
    case 'generate_heatmaps': {
      const npz = Buffer.from(
        writeNpz({ benign: drawnHeatmap(probability / 2), malignant: drawnHeatmap(probability) }),
      );
      return { files: Object.fromEntries(VIEWS.map((view) => [heatmapFile(view), npz])) };
    }
    case 'classify': {
      const summary = { exam: item.name, image: flat(probability / 2), imageheatmaps: flat(probability) };
      return { files: { [PREDICTIONS_JSON]: json({ ...base, ...summary }) }, summary };
    }
    case 'check_response':
      return checked(RESPONSE_FILE, isOfResponse);
    case 'check_quality':
      return checked(QUALITY_FILE, (warning) => !isOfResponse(warning));
    default:
      return { files: { 'drawn.txt': Buffer.from(`${stage} of ${item.name}`) } };
  }
}
