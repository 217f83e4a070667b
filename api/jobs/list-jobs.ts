import { type Client, type WorkflowExecutionInfo, WorkflowNotFoundError } from '@temporalio/client';
import { MammoflowError } from '../../pipeline/errors.js';
import type { JobSummary } from '../../pipeline/job.js';
import type { Repository } from '../../repos/repository.js';
import { readJob } from './jobs-client.js';

/** One job of a list. */
export interface JobRow {
  readonly job: string;
  /** `running`, `paused`, `completed`, `failed`, `cancelled`, or Temporal's word for another end. */
  readonly status: string;
  /** Empty where nobody can say: the job failed before it planned, or no workflow worker answers for it. */
  readonly branch: string;
  /** When the job began, however many runs it has continued as since. */
  readonly started: string;
  readonly ended?: string;
  /** From its start to its end, or to now. */
  readonly seconds: number;
  readonly exams: JobSummary['exams'];
  /** Exams in scope: the counts add up to it when the job has ended. */
  readonly total: number;
}

export interface ListJobsOptions {
  /** End after so many. */
  readonly limit?: number;
  /** Go on after this job, the last of the page before. */
  readonly after?: string;
  /** The time now in milliseconds, by which running jobs are as old as they are. */
  readonly now?: number;
}

/** Rows whose summaries are read at once. */
const ROWS_AT_ONCE = 16;

/**
 * The jobs that Temporal knows: those that run, then those that ended, the last one first. A row costs one small read: the summary that a job left, or the counts of one
 * that runs.
 *
 * @throws MammoflowError `not-found` when there is no job `after`.
 */
export async function* listJobs(
  client: Client,
  repository: Repository,
  { limit = Number.POSITIVE_INFINITY, after, now = Date.now() }: ListJobsOptions = {},
): AsyncGenerator<JobRow> {
  let left = limit;
  for await (const runs of batches(client, after)) {
    if (left <= 0) return;
    const rows = await Promise.all(runs.slice(0, left).map((run) => rowOf(client, repository, run, now)));
    yield* rows;
    left -= rows.length;
  }
}

async function* batches(client: Client, after: string | undefined): AsyncGenerator<WorkflowExecutionInfo[]> {
  // A run that went on in another is one job with it.
  const jobs = "WorkflowType = 'processCommit' AND ExecutionStatus != 'ContinuedAsNew'";
  const query = after === undefined ? jobs : `${jobs} AND (${await notBefore(client, after)})`;
  let isAfter = after === undefined;
  let batch: WorkflowExecutionInfo[] = [];
  for await (const run of client.workflow.list({ query })) {
    if (isAfter) batch.push(run);
    isAfter ||= run.workflowId === after;
    if (batch.length < ROWS_AT_ONCE) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/**
 * Finds a job and those that Temporal lists after it: it lists what is open by its start, then what has ended by its end.
 * It keeps times more finely than it tells them, so a millisecond is added.
 */
async function notBefore(client: Client, job: string): Promise<string> {
  try {
    const { startTime, closeTime } = await client.workflow.getHandle(job).describe();
    const until = (time: Date): string => `'${new Date(time.getTime() + 1).toISOString()}'`;
    return closeTime === undefined
      ? `CloseTime IS NOT NULL OR StartTime <= ${until(startTime)}`
      : `CloseTime <= ${until(closeTime)}`;
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    throw new MammoflowError('not-found', `There is no job ${job} to go on after.`, 'Begin the list again.');
  }
}

async function rowOf(client: Client, repository: Repository, run: WorkflowExecutionInfo, now: number): Promise<JobRow> {
  const { branch, exams, total, startedAt } = await readJob(client, repository, run.workflowId);
  const started = startedAt ?? run.startTime.toISOString();
  const ended = run.closeTime?.toISOString();
  return {
    job: run.workflowId,
    status: run.status.name.toLowerCase(),
    branch,
    started,
    ...(ended === undefined ? {} : { ended }),
    seconds: Math.max(0, Math.round(((run.closeTime?.getTime() ?? now) - Date.parse(started)) / 1_000)),
    exams,
    total,
  };
}
