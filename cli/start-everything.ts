import { join, resolve } from 'node:path';
import {
  type Connected,
  connect,
  type ExamResult,
  MammoflowError,
  type PutOptions,
  type PutOutcome,
} from '../index.js';
import { startStack } from '../infra/dev/stack.js';
import { readRunningState, type StackState } from '../infra/dev/state.js';
import { packageRoot } from '../infra/package-root.js';
import { DEFAULT_BRANCH } from '../pipeline/commit.js';
import { demonstrationTruth, putDemonstration } from './demonstration.js';
import { examCounts, exitCodeOf, printJob, progressLine, progressText } from './job-output.js';
import { printLine } from './output.js';
import { printResults } from './results-output.js';
import type { StartOptions } from './start.js';
import { linesBesideTruth } from './truth-output.js';

/** Trained on phantoms: a demonstration that has never seen a patient, as its own notice says with every result. */
const DEMONSTRATION_BUNDLE = join(packageRoot, 'models', 'phantom', 'bundle');

/** Starts everything, processes what is there or was given, prints it, and stays until it is told to end. */
export async function start(options: StartOptions): Promise<void> {
  const interruption = new AbortController();
  const interrupted = new Promise<'interrupted'>((resolve) => {
    interruption.signal.addEventListener('abort', () => resolve('interrupted'));
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort());
  const dataFolder = resolve(options.data);
  const running = await readRunningState(dataFolder);
  if (running !== undefined) printLine(`already running (process ${running.pid}); using that`);
  const stack = running === undefined ? await startStack({ dataFolder, console: true }) : undefined;
  const page = running?.console ?? stack?.state().console;
  if (page !== undefined) printLine(`Console      ${page}`);
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
  const mammoflow = await connect({ dataFolder, environment: {} });
  try {
    const refused = await putEverything(mammoflow, dataFolder, options, signal);
    const { job } = await mammoflow.process({ branch: DEFAULT_BRANCH });
    const line = progressLine('steps');
    const summary = await mammoflow
      .waitForJob({ job, onProgress: (...latest) => line.show(progressText(...latest)) })
      .finally(() => line.clear());
    printLine();
    printJob(summary);
    if (refused > 0) printLine(`in all: ${examCounts({ ...summary.exams, failed: summary.exams.failed + refused })}`);
    printLine();
    await printPredictions(mammoflow, dataFolder);
    printWhereToLook(mammoflow, await readRunningState(dataFolder), options);
    return refused > 0 ? 2 : exitCodeOf(summary);
  } finally {
    await mammoflow.close();
  }
}

/** The predictions; those of the demonstration's exams beside what they show. */
async function printPredictions(mammoflow: Connected, dataFolder: string): Promise<void> {
  const results: ExamResult[] = [];
  for await (const result of mammoflow.results()) results.push(result);
  results.sort((a, b) => (a.exam < b.exam ? -1 : 1));
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
  mammoflow: Connected,
  dataFolder: string,
  options: StartOptions,
  signal: AbortSignal,
): Promise<number> {
  const commitOnly = { branch: DEFAULT_BRANCH, process: false } as const;
  const put = async (given: PutOptions): Promise<PutOutcome> => {
    const outcome = await mammoflow.put({ ...commitOnly, ...given });
    announce(outcome);
    return outcome;
  };
  if (options.models !== undefined) await put({ repo: 'models', paths: [options.models], for: 'all' });
  if (!(await isModelInUse(mammoflow))) {
    printLine('No model is in use yet: using the demonstration model. It learned from synthetic exams only.');
    await put({ repo: 'models', paths: [DEMONSTRATION_BUNDLE] });
  }
  if (options.exams !== undefined) return (await put({ repo: 'exams', paths: [options.exams] })).refused.length;
  for await (const _ of mammoflow.ls({ repo: 'exams', limit: 1 })) return 0;
  printLine('There are no exams yet: drawing six synthetic ones.');
  announce(await putDemonstration(mammoflow, dataFolder, commitOnly, signal));
  return 0;
}

async function isModelInUse(mammoflow: Connected): Promise<boolean> {
  try {
    return (await mammoflow.models()).some(({ uses }) => uses.length > 0);
  } catch (error) {
    // Nothing has been committed yet.
    if (error instanceof MammoflowError && error.code === 'unknown-reference') return false;
    throw error;
  }
}

function announce({ repo, commit, changed, refused, leftOut, leftOutReasons, remarks = [] }: PutOutcome): void {
  for (const { reason } of refused) printLine(`refused: ${reason}`);
  for (const path of leftOut) printLine(`left out: ${path}: ${leftOutReasons?.[path]}`);
  for (const remark of remarks) printLine(`remark: ${remark}`);
  const what = changed.length === 0 ? 'nothing new' : changed.join(', ');
  printLine(`${repo}: ${what}${commit === null ? '' : ` (commit ${commit.slice(0, 12)})`}`);
}

function printWhereToLook({ settings }: Connected, state: StackState | undefined, options: StartOptions): void {
  printLine();
  if (state?.console !== undefined) printLine(`Console      ${state.console}`);
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
