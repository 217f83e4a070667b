import { workflowInfo } from '@temporalio/workflow';
import type { ExamToCompute } from '../../activities/job/control-activities.js';
import type { JobSummary, Plan, ProcessCommitSettings } from '../../pipeline/job.js';
import { emptyTally, type JobTally } from './tally.js';

/** Where the rest of some pages lies that did not fit into an activity's result, and how far it was taken. */
export interface RestCursor {
  /** The first of the pages that were resolved in one go; their rest is named after it. */
  readonly page: number;
  readonly taken: number;
  readonly total: number;
}

/** What a run hands to the next when it continues as new: cursors and counts, and short lists. */
export interface Carried {
  readonly plan: Plan;
  readonly nextPage: number;
  /** Exams taken from the plan and not started yet. */
  readonly waiting: readonly ExamToCompute[];
  readonly rest?: RestCursor;
  readonly underWay: readonly string[];
  readonly toLand: readonly string[];
  readonly tally: JobTally;
  readonly startedAt: string;
}

/** All that changes while a job runs. Signal handlers, the window and landing work on it in turn. */
export interface JobState {
  readonly id: string;
  readonly settings: ProcessCommitSettings;
  readonly startedAt: string;
  readonly tally: JobTally;
  plan: Plan | undefined;
  nextPage: number;
  waiting: ExamToCompute[];
  rest: RestCursor | undefined;
  /** Exams whose child runs. */
  readonly underWay: Set<string>;
  /** Exams that are finished and not committed yet. */
  toLand: string[];
  /** Children started by this run. */
  started: number;
  landingDue: boolean;
  landingTimer: boolean;
  landing: Promise<void> | undefined;
  landingFailure: { readonly error: unknown } | undefined;
  sweepDue: boolean;
}

export const beginState = (settings: ProcessCommitSettings, carried: Carried | undefined): JobState => ({
  id: workflowInfo().workflowId,
  settings,
  plan: carried?.plan,
  nextPage: carried?.nextPage ?? 0,
  waiting: [...(carried?.waiting ?? [])],
  rest: carried?.rest,
  underWay: new Set(carried?.underWay),
  toLand: [...(carried?.toLand ?? [])],
  tally: carried?.tally ?? emptyTally(),
  startedAt: carried?.startedAt ?? new Date().toISOString(),
  started: 0,
  landingDue: false,
  landingTimer: false,
  landing: undefined,
  landingFailure: undefined,
  sweepDue: false,
});

export const carriedOf = (state: JobState, plan: Plan): Carried => ({
  plan,
  nextPage: state.nextPage,
  waiting: state.waiting,
  ...(state.rest === undefined ? {} : { rest: state.rest }),
  underWay: [...state.underWay],
  toLand: state.toLand,
  tally: state.tally,
  startedAt: state.startedAt,
});

/** Every exam was started, is finished, and is committed. */
export function isDone(state: JobState, plan: Plan): boolean {
  const started = state.nextPage >= plan.pages && state.waiting.length === 0 && state.rest === undefined;
  return started && state.underWay.size === 0 && state.toLand.length === 0 && state.landing === undefined;
}

/** The counts of a job, for the query, the record and whoever waits. */
export function summaryOf(state: JobState, status: JobSummary['status']): JobSummary {
  const { id, settings, tally, plan, startedAt } = state;
  return {
    job: id,
    status,
    branch: settings.branch,
    commit: tally.commit ?? plan?.commit ?? '',
    exams: { ...tally.exams },
    total: (plan?.exams ?? 0) - (tally.forgotten ?? 0),
    stages: tally.stages,
    bundles: [...(plan?.bundles ?? [])],
    dropped: tally.dropped,
    ...(tally.failedBefore ? { failedBefore: tally.failedBefore } : {}),
    ...(tally.forgotten ? { forgotten: tally.forgotten } : {}),
    startedAt,
    ...(status === 'running' ? {} : { finishedAt: new Date().toISOString() }),
  };
}
