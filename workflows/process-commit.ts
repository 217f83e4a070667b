import {
  ActivityFailure,
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { type JobSummary, type Plan, type ProcessCommitInput, processCommitInputSchema } from '../pipeline/job.js';
import { checkArgument } from './arguments.js';
import { searchAttributes } from './attributes.js';
import { examFinished, progress } from './messages.js';
import { control } from './process-commit/control.js';
import { showDetails } from './process-commit/details.js';
import { examIsFinished, sweep, sweepRegularly } from './process-commit/finished-exams.js';
import { landAll, landWhenDue, mayLand, startLandingTimer } from './process-commit/landing.js';
import { beginState, type Carried, carriedOf, isDone, type JobState, summaryOf } from './process-commit/state.js';
import { addUpToDate } from './process-commit/tally.js';
import { cancelChildren, fillWindow, hasRoom, isHistoryLong } from './process-commit/window.js';

/**
 * Brings results up to what one commit wants: plans, runs one `processExam` child per exam that has something to
 * compute in a sliding window, and commits results as they come. One bad exam never fails the job. With nothing to do
 * it writes nothing and returns the summary under the job that made the present results.
 */
export async function processCommit(argument: ProcessCommitInput, carried?: Carried): Promise<JobSummary> {
  const settings = checkArgument('processCommit', processCommitInputSchema, argument);
  const state = beginState(settings, carried);
  // Before anything is awaited, or signals of children from an earlier run would be lost.
  setHandler(examFinished, (report) => examIsFinished(state, report));
  setHandler(progress, () => summaryOf(state, 'running'));
  try {
    return await run(state);
  } catch (error) {
    if (isCancellation(error)) await CancellationScope.nonCancellable(() => cancel(state));
    throw asJobFailure(error);
  }
}

async function run(state: JobState): Promise<JobSummary> {
  const plan = state.plan ?? (await begin(state));
  if (plan.planned === 0) return nothingToDo(state, plan);
  const sweeping = sweepRegularly(state);
  // Ends with the run, by cancellation at the latest.
  sweeping.catch(() => undefined);
  if (state.toLand.length > 0) startLandingTimer(state);
  for (;;) {
    await fillWindow(state, plan);
    if (state.landingFailure !== undefined) throw state.landingFailure.error;
    if (state.sweepDue) await sweep(state);
    landWhenDue(state);
    if (isDone(state, plan)) break;
    await condition(() => hasSomethingToDo(state, plan));
    if (isHistoryLong(state)) await handOver(state, plan);
  }
  const summary = summaryOf(state, 'completed');
  await control.finishJob(summary);
  upsertSearchAttributes(searchAttributes({ outcome: summary.exams.failed === 0 ? 'processed' : 'failed' }));
  return summary;
}

async function begin(state: JobState): Promise<Plan> {
  upsertSearchAttributes(searchAttributes({ job: state.id, branch: state.settings.branch }));
  const plan = await control.planJob(state.id, workflowInfo().firstExecutionRunId, state.settings);
  state.plan = plan;
  addUpToDate(state.tally, plan);
  upsertSearchAttributes(searchAttributes({ commit: plan.commit, bundle: plan.bundles.join(', ') }));
  showDetails(state);
  return plan;
}

function nothingToDo(state: JobState, plan: Plan): JobSummary {
  upsertSearchAttributes(searchAttributes({ outcome: 'skipped' }));
  return { ...summaryOf(state, 'completed'), job: plan.earlierJob ?? state.id };
}

const hasSomethingToDo = (state: JobState, plan: Plan): boolean =>
  state.landingFailure !== undefined ||
  hasRoom(state, plan) ||
  state.sweepDue ||
  mayLand(state) ||
  isDone(state, plan) ||
  isHistoryLong(state);

/** Goes on in a new run, whose history is short again. */
async function handOver(state: JobState, plan: Plan): Promise<never> {
  await state.landing;
  await condition(allHandlersFinished);
  // Names of exams, if they were given, have served: the plan holds them.
  const { only: _, ...settings } = state.settings;
  return continueAsNew<typeof processCommit>(settings, carriedOf(state, plan));
}

/** Ends the children, keeps what they had finished, and leaves a summary that says so. */
async function cancel(state: JobState): Promise<void> {
  await cancelChildren(state);
  await landAll(state);
  if (state.plan !== undefined) await control.finishJob(summaryOf(state, 'cancelled'));
}

/** The reason of a failed activity, instead of "activity task failed"; anything else as it is. */
function asJobFailure(error: unknown): unknown {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  return cause instanceof ApplicationFailure ? ApplicationFailure.nonRetryable(cause.message, cause.type) : error;
}
