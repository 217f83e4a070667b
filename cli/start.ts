import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { stages } from '../activities/stages/index.js';
import { startJob, waitForJob } from '../api/jobs/jobs-client.js';
import { listResults } from '../api/reading/list-results.js';
import { connectionSettings } from '../infra/connection.js';
import { startStack } from '../infra/dev/stack.js';
import { readRunningState, type StackState } from '../infra/dev/state.js';
import { packageRoot } from '../infra/package-root.js';
import { DEFAULT_BRANCH } from '../pipeline/commit.js';
import type { JobSummary } from '../pipeline/job.js';
import { readPipeline } from '../repos/pipeline-repo.js';
import { rootOf } from '../repos/repository.js';
import { demonstrationTruth, putDemonstration } from './demonstration.js';
import { examCounts, exitCodeOf, printJob, progressLine, progressText } from './job-output.js';
import { dataOption } from './options.js';
import { printLine } from './output.js';
import { type PutOutcome, put } from './put.js';
import { printResults } from './results-output.js';
import { openSession, requireHead, type Session } from './session.js';
import { linesBesideTruth } from './truth-output.js';

interface StartOptions {
  readonly data: string;
  readonly exams?: string;
  readonly models?: string;
  readonly exit?: boolean;
}

/** Trained on phantoms: a demonstration that has never seen a patient, as its own notice says with every result. */
const DEMONSTRATION_BUNDLE = join(packageRoot, 'models', 'phantom', 'bundle');

/** `mammoflow start`, which `npm start` runs: everything in the foreground, from nothing to predictions. */
export function startCommand(): Command {
  return new Command('start')
    .description('start everything, process exams, print the predictions, and stay up until Ctrl-C')
    .option('--exams <folder>', 'exams to process; six synthetic ones when there are none')
    .option('--models <folder>', 'model bundle to use; a demonstration trained on synthetic exams when there is none')
    .option('--exit', 'stop everything after printing the predictions')
    .addOption(dataOption())
    .addHelpText(
      'after',
      `
Without exams of your own it draws six synthetic ones, two without a lesion, two with a benign and two with a malignant
one, and prints what they show beside what the model says.

Data stay in the data folder: the next start continues where this one ended, and computes nothing twice.

Examples:
  $ npm start
  $ npm start -- --exams ./exams --models ./bundle --exit`,
    )
    .action(start);
}

async function start(options: StartOptions): Promise<void> {
  const interruption = new AbortController();
  const interrupted = new Promise<'interrupted'>((resolve) => {
    interruption.signal.addEventListener('abort', () => resolve('interrupted'));
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort());
  const dataFolder = resolve(options.data);
  const running = await readRunningState(dataFolder);
  if (running !== undefined) printLine(`already running (process ${running.pid}); using that`);
  const stack = running === undefined ? await startStack({ dataFolder }) : undefined;
  try {
    const work = processEverything(dataFolder, options, interruption.signal);
    // An interruption wins; what the abandoned work still throws then is of no interest.
    work.catch(() => undefined);
    const ended = await Promise.race([work, interrupted]);
    if (ended === 'interrupted') return;
    process.exitCode = ended;
    if (options.exit || stack === undefined) return;
    printLine();
    printLine('Everything stays up until Ctrl-C.');
    await interrupted;
  } finally {
    await stack?.stop();
  }
}

/** Puts what is to be put, processes it and prints how it came out. @returns the exit code. */
async function processEverything(dataFolder: string, options: StartOptions, signal: AbortSignal): Promise<number> {
  // The services just started are meant, whatever the environment points to.
  const session = openSession(await connectionSettings({ dataFolder, environment: {} }));
  try {
    const refused = await putEverything(session, dataFolder, options, signal);
    const head = await requireHead(session.repository, DEFAULT_BRANCH);
    const summary = await processHead(session, head);
    printLine();
    printJob(summary);
    if (refused > 0) printLine(`in all: ${examCounts({ ...summary.exams, failed: summary.exams.failed + refused })}`);
    printLine();
    await printPredictions(session, dataFolder);
    printWhereToLook(session, await readRunningState(dataFolder), options);
    return refused > 0 ? 2 : exitCodeOf(summary);
  } finally {
    await session.close();
  }
}

/** The predictions; those of the demonstration's exams beside what they show. */
async function printPredictions({ repository }: Session, dataFolder: string): Promise<void> {
  const results = await listResults(repository, stages, await requireHead(repository, DEFAULT_BRANCH));
  const truth = await demonstrationTruth(dataFolder);
  const drawn = new Set(truth?.exams.map(({ exam }) => exam));
  const [phantoms, others] = [
    results.filter(({ exam }) => drawn.has(exam)),
    results.filter(({ exam }) => !drawn.has(exam)),
  ];
  if (others.length > 0 || phantoms.length === 0) printResults(others);
  if (truth === undefined || phantoms.length === 0) return;
  if (others.length > 0) printLine();
  for (const line of linesBesideTruth(phantoms, truth)) printLine(line);
}

/** @returns how many exams were refused. */
async function putEverything(
  session: Session,
  dataFolder: string,
  options: StartOptions,
  signal: AbortSignal,
): Promise<number> {
  const { repository } = session;
  const settings = { branch: DEFAULT_BRANCH, process: false } as const;
  if (options.models !== undefined) {
    announce(await put(session, 'models', [options.models], { ...settings, for: 'all' }));
  }
  const afterModels = await repository.head(DEFAULT_BRANCH);
  if (afterModels === undefined || (await readPipeline(repository, afterModels)).eras.length === 0) {
    printLine('No model is in use yet: using the demonstration model. It learned from synthetic exams only.');
    announce(await put(session, 'models', [DEMONSTRATION_BUNDLE], settings));
  }
  if (options.exams !== undefined) {
    const outcome = await put(session, 'exams', [options.exams], settings);
    announce(outcome);
    return outcome.refused.length;
  }
  const head = await repository.head(DEFAULT_BRANCH);
  if (rootOf(head, 'exams').items === 0) {
    printLine('There are no exams yet: drawing six synthetic ones.');
    announce(await putDemonstration(session, dataFolder, settings, signal));
  }
  return 0;
}

function announce({ repo, commit, changed, refused, leftOut }: PutOutcome): void {
  for (const { reason } of refused) printLine(`refused: ${reason}`);
  for (const path of leftOut) printLine(`left out: ${path}`);
  const what = changed.length === 0 ? 'nothing new' : changed.join(', ');
  printLine(`${repo}: ${what}${commit === null ? '' : ` (commit ${commit.slice(0, 12)})`}`);
}

async function processHead(session: Session, head: Awaited<ReturnType<typeof requireHead>>): Promise<JobSummary> {
  const client = await session.client();
  const job = await startJob(client, head, { branch: DEFAULT_BRANCH });
  const line = progressLine('steps');
  const summary = await waitForJob(client, session.repository, job, (...latest) => line.show(progressText(...latest)));
  line.clear();
  return summary;
}

function printWhereToLook(session: Session, state: StackState | undefined, options: StartOptions): void {
  const { settings } = session;
  printLine();
  if (state?.temporal !== undefined) printLine(`Temporal UI  ${state.temporal.ui}`);
  printLine(`S3           ${state?.s3?.endpoint ?? ''}, bucket ${settings.bucket}: <stage>/<exam>/<file>`);
  if (options.exit) {
    printLine('Look closer  `npm run mammoflow -- up`, then as below');
  }
  if (!options.exit)
    printLine(`Inbox        s3://${settings.bucket}/inbox/exams/<exam>/<view>.png is taken in by itself`);
  printLine('Results      npm run mammoflow -- results');
  printLine('Pictures     npm run mammoflow -- get visualize_heatmaps ./pictures');
  printLine('History      npm run mammoflow -- log');
}
