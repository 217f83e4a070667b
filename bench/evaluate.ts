import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import pLimit from 'p-limit';
import { stages } from '../activities/stages/index.js';
import { put } from '../api/changing/put.js';
import { waitForJob } from '../api/jobs/jobs-client.js';
import { startJob } from '../api/jobs/start-job.js';
import { type ExamResult, listResults } from '../api/reading/list-results.js';
import { requireHead, type Session } from '../api/session.js';
import { progressLine, progressText } from '../cli/job-output.js';
import { parseCount } from '../cli/options.js';
import { readNpz } from '../imaging/npz.js';
import { openLocalSession } from '../index.js';
import { channelsOf, readBundle } from '../inference/bundle.js';
import { connectionSettings } from '../infra/connection.js';
import { startStack } from '../infra/dev/stack.js';
import { packageRoot } from '../infra/package-root.js';
import { type EvaluationFigures, evaluationFigures } from '../models/maintainers/evaluation/evaluation-report.js';
import { evaluationTables } from '../models/maintainers/evaluation/evaluation-tables.js';
import { heatmapMarks, heatmapPeak } from '../models/maintainers/evaluation/heatmap-marks.js';
import {
  MARK_THRESHOLDS,
  type MeasuredExam,
  type MeasuredView,
  STATED_THRESHOLD,
} from '../models/maintainers/evaluation/measured-exam.js';
import { drawExams } from '../models/phantom/draw-exams.js';
import type { ExamTruth, Truth } from '../models/phantom/truth.js';
import { type Bundle, MODEL_CARD_FILE, MODEL_ROLES } from '../pipeline/bundle.js';
import { type Commit, DEFAULT_BRANCH } from '../pipeline/commit.js';
import { MammoflowError } from '../pipeline/errors.js';
import { VIEWS, type View } from '../pipeline/exam.js';
import { heatmapFile } from '../pipeline/heatmaps.js';
import { predictionsSchema } from '../pipeline/predictions.js';
import { CROP_FILE, type CropDocument, cropDocumentSchema, parseDocument } from '../pipeline/stage-documents.js';
import { readFileEntry } from '../repos/committed-files.js';
import { rootOf } from '../repos/repository.js';
import { machine } from './system.js';

/**
 * Measures the demonstration model on phantom exams that it was never trained on, through the running system: draws
 * them, puts them, processes them in all five stages, and reads predictions and heatmaps from S3. See
 * models/phantom/MODEL_CARD.md.
 */

const DEFAULT_EXAMS = 300;
const DEFAULT_SEED = 101_000;
/** Seeds that networks or heads were fitted on, or chosen by (models/maintainers/training/README.md). */
const LAST_TRAINING_SEED = 9_999;
const VALIDATION_SEEDS = [20_000, 20_999] as const;
const BUNDLE = join(packageRoot, 'models', 'phantom', 'bundle');
const FIGURES_FILE = join(packageRoot, 'models', 'phantom', 'evaluation.json');
const CARD = join(packageRoot, 'models', 'phantom', 'MODEL_CARD.md');
/** Between these lines of the model card stand the tables. */
const TABLES = { begin: '<!-- evaluation: begin -->', end: '<!-- evaluation: end -->' } as const;
const READERS = 2;

interface Options {
  readonly exams: number;
  readonly seed: number;
  readonly bundle: string;
  readonly folder: string;
  readonly keep?: boolean;
  readonly json?: boolean;
}

async function main(options: Options): Promise<void> {
  const { seed } = options;
  if (seed <= LAST_TRAINING_SEED) {
    throw new MammoflowError(
      'invalid-argument',
      `Seeds up to ${LAST_TRAINING_SEED} are for training: figures on them would say nothing.`,
      `Leave --seed out, or give one from ${DEFAULT_SEED} on.`,
    );
  }
  const folder = resolve(options.folder, String(seed));
  const bundle = await readBundle(resolve(options.bundle));
  const progress = progressLine('steps');
  const { truth } = await drawExams(join(folder, 'exams'), {
    seed,
    exams: options.exams,
    onProgress: (done, all) => progress.show(`${done} of ${all} exams drawn`),
  }).finally(() => progress.clear());
  const wanted = truth.exams.filter(({ index }) => index <= options.exams);

  const dataFolder = join(folder, 'system');
  await mkdir(dataFolder, { recursive: true });
  const stack = await startStack({ dataFolder, log: (line) => console.error(line) });
  let measured: MeasuredExam[];
  try {
    const session = openLocalSession(await connectionSettings({ dataFolder, environment: {} }));
    try {
      await put(session, {
        repo: 'models',
        paths: [bundle.folder],
        branch: DEFAULT_BRANCH,
        process: false,
        for: 'all',
      });
      const head = await processExams(session, join(folder, 'exams'));
      measured = await measure(session, head, wanted);
    } finally {
      await session.close();
    }
  } finally {
    await stack.stop();
  }

  const document = { ...descriptionOf(bundle.bundle, truth, options), ...evaluationFigures(measured) };
  const tables = evaluationTables(document);
  if (options.json) console.log(JSON.stringify(document, null, 2));
  else console.log(`${tables}\n`);
  const isOfCard = seed === DEFAULT_SEED && options.exams === DEFAULT_EXAMS && resolve(options.bundle) === BUNDLE;
  if (isOfCard) {
    await writeFile(FIGURES_FILE, `${JSON.stringify(document, null, 1)}\n`);
    await writeTables(tables);
    await writeMetrics(document);
    console.error(`Written to ${FIGURES_FILE}, ${CARD} and ${MODEL_CARD_FILE} of the bundle.`);
  } else {
    console.error('Nothing was written: the model card holds the figures of the default seed, exams and bundle.');
  }
  if (seed >= VALIDATION_SEEDS[0] && seed <= VALIDATION_SEEDS[1]) {
    console.error('These exams are for validation: choices of the training were made by them.');
  }
  if (!options.keep) await rm(folder, { recursive: true, force: true });
}

/** Puts what is not there yet and brings all results up to date. @throws MammoflowError when an exam failed. */
async function processExams(session: Session, exams: string): Promise<Commit> {
  const { refused } = await put(session, { repo: 'exams', paths: [exams], branch: DEFAULT_BRANCH, process: false });
  if (refused[0] !== undefined) throw new MammoflowError('invalid-image', refused[0].reason);
  const client = await session.client();
  const job = await startJob(client, await requireHead(session.repository, DEFAULT_BRANCH), { branch: DEFAULT_BRANCH });
  const line = progressLine('steps');
  let told = '';
  const summary = await waitForJob(client, session.repository, job, (latest, underWay) => {
    const counts = progressText(latest, []);
    if (counts !== told || process.stderr.isTTY) line.show(progressText(latest, underWay));
    told = counts;
  });
  line.clear();
  if (summary.status !== 'completed' || summary.exams.failed > 0) {
    throw new MammoflowError(
      'job-failed',
      `The job ended as ${summary.status} with ${summary.exams.failed} failed exams.`,
      'Run the same command again: what is done is not computed twice.',
    );
  }
  return requireHead(session.repository, DEFAULT_BRANCH);
}

/** Reads what the service made of every exam. */
async function measure(session: Session, head: Commit, exams: readonly ExamTruth[]): Promise<MeasuredExam[]> {
  const results = new Map((await listResults(session.repository, stages, head)).map((result) => [result.exam, result]));
  const limit = pLimit(READERS);
  return Promise.all(exams.map((truth) => limit(() => measureExam(session, head, truth, results.get(truth.exam)))));
}

async function measureExam(
  { repository }: Session,
  head: Commit,
  truth: ExamTruth,
  result: ExamResult | undefined,
): Promise<MeasuredExam> {
  const read = async (stage: string, file: string): Promise<Uint8Array> => {
    const item = await repository.stages.get(rootOf(head, stage), truth.exam);
    const entry = item?.files.find(({ path }) => path === file);
    if (entry === undefined) throw new MammoflowError('not-found', `${stage} of ${truth.exam} has no ${file}.`);
    return readFileEntry(repository.store, entry);
  };
  const cropText = Buffer.from(await read('crop', CROP_FILE)).toString('utf8');
  const crop = parseDocument(cropDocumentSchema, cropText, CROP_FILE);
  const views: [View, MeasuredView][] = [];
  for (const view of VIEWS) {
    const { malignant } = readNpz(await read('generate_heatmaps', heatmapFile(view)), ['malignant'], heatmapFile(view));
    views.push([
      view,
      {
        lesions: lesionsInCrop(truth, view, crop),
        peak: heatmapPeak(malignant),
        marks: MARK_THRESHOLDS.map((threshold) => ({ threshold, marks: heatmapMarks(malignant, threshold) })),
      },
    ]);
  }
  return {
    exam: truth.exam,
    kind: truth.kind,
    labels: truth.labels,
    predictions: predictionsSchema.parse(result),
    views: Object.fromEntries(views) as MeasuredExam['views'],
  };
}

/** A view's lesions in pixels of its crop. */
function lesionsInCrop({ lesions }: ExamTruth, view: View, crop: CropDocument): MeasuredView['lesions'] {
  const [top, , left] = crop.views[view].window_location;
  return lesions.flatMap(({ kind, form, views }) => {
    const circle = views[view];
    return circle === undefined
      ? []
      : [{ kind, form, row: circle.row - top, column: circle.column - left, radius: circle.radius }];
  });
}

const descriptionOf = (bundle: Bundle, { generator, notice }: Truth, { seed, exams }: Options) => ({
  schemaVersion: 1,
  command: 'npm run evaluate',
  measuredAt: new Date().toISOString(),
  machine: machine(),
  phantoms: { generator, seed, exams, notice },
  bundle: {
    name: bundle.name,
    files: Object.fromEntries(
      MODEL_ROLES.map((role) => [role, { sha256: bundle.files[role].sha256, channels: channelsOf(bundle, role) }]),
    ),
  },
});

async function writeTables(tables: string): Promise<void> {
  const card = await readFile(CARD, 'utf8');
  const [begin, end] = [card.indexOf(TABLES.begin), card.indexOf(TABLES.end)];
  if (begin === -1 || end < begin) {
    throw new MammoflowError('corrupt-data', `${CARD} lacks the lines ${TABLES.begin} and ${TABLES.end}.`);
  }
  await writeFile(CARD, `${card.slice(0, begin + TABLES.begin.length)}\n${tables}\n${card.slice(end)}`);
}

/** The headline figures into model.json, where `models list` and `models show` find them. */
async function writeMetrics({ exams, auc, hits, marks }: EvaluationFigures): Promise<void> {
  const path = join(BUNDLE, MODEL_CARD_FILE);
  const document = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  const stated = marks.find(({ threshold }) => threshold === STATED_THRESHOLD);
  const pooled = auc.filter(({ label }) => label === 'malignant' || label === 'benign');
  const rounded = (value: number): number => Number(value.toFixed(4));
  document.metrics = {
    phantom_exams: exams,
    ...Object.fromEntries(pooled.map((row) => [`${row.label}_auc_${row.variant}`, rounded(row.auc)])),
    malignant_heatmap_hit_rate: rounded(hits.views.share),
    ...(stated && { false_marks_per_normal_exam: rounded(stated.falseMarks.perExam) }),
  };
  await writeFile(path, `${JSON.stringify(document, null, 2)}\n`);
}

const program = new Command('evaluate')
  .description('measure the demonstration model on phantom exams that it was never trained on')
  .option('--exams <count>', 'how many', parseCount, DEFAULT_EXAMS)
  .option('--seed <number>', 'of the phantom exams', Number, DEFAULT_SEED)
  .option('--bundle <folder>', 'the model bundle', BUNDLE)
  .option('--folder <folder>', 'where exams and results are kept meanwhile', join('.mammoflow', 'evaluation'))
  .option('--keep', 'leave exams and results there when done')
  .option('--json', 'print JSON for programs')
  .addHelpText(
    'after',
    `
Draws the exams, processes them in all five stages on services of its own, and reads predictions and heatmaps from S3: half
a minute of CPU and 40 MB of disk an exam. Run it again after an interruption: nothing is drawn or computed twice.

With the default exams, seed and bundle the figures are written to models/phantom/evaluation.json, the model card and the
bundle's model.json.`,
  )
  .action(main);

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof MammoflowError)) throw error;
  console.error(error.sentence);
  process.exitCode = 1;
}
