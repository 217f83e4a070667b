import {
  type Client,
  QueryRejectedError,
  ServiceError,
  WorkflowFailedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { MammoflowError } from '../../pipeline/errors.js';
import { type JobSummary, jobSummarySchema } from '../../pipeline/job.js';
import { isOpen } from '../../planning/open-executions.js';
import { readJson } from '../../repos/json-objects.js';
import { jobSummaryKey } from '../../repos/layout.js';
import type { Repository } from '../../repos/repository.js';
import { type RunningStage, runningStages } from './running-stages.js';

/** How often a waiting verb looks at a job. */
const POLL_MS = 500;
const POLLS_PER_LOOK = 4;
/** A query needs a workflow worker, and there may be none. */
const QUERY_MS = 5_000;

/**
 * How a job stands: the summary it left when it has ended, its own counts while it runs.
 * @throws MammoflowError `not-found` when there is no such job.
 */
export async function readJob(client: Client, repository: Repository, job: string): Promise<JobSummary> {
  const summary = await readJson(repository.store, jobSummaryKey(job), jobSummarySchema);
  if (summary !== undefined) return summary as JobSummary;
  const handle = client.workflow.getHandle(job);
  let status: string;
  try {
    status = (await handle.describe()).status.name;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError)
      throw new MammoflowError('not-found', `There is no job ${job}.`, 'See `mammoflow jobs`.');
    throw error;
  }
  if (isOpen(status) || status === 'CONTINUED_AS_NEW') return runningSummary(client, job);
  if (status === 'COMPLETED') return handle.result() as Promise<JobSummary>;
  return {
    ...emptySummary(job),
    status: status === 'CANCELLED' ? 'cancelled' : 'failed',
    reason: await reasonOf(client, job),
  };
}

/** Counts of a running job; zeros while no worker answers, since a query needs one, and while it is paused. */
async function runningSummary(client: Client, job: string): Promise<JobSummary> {
  try {
    return await client.withDeadline(Date.now() + QUERY_MS, () =>
      client.workflow.getHandle(job).query<JobSummary>('progress'),
    );
  } catch (error) {
    // The server lets nobody ask an execution that is paused.
    if (error instanceof QueryRejectedError) return { ...emptySummary(job), reason: pausedReason(job) };
    const unanswered =
      error instanceof ServiceError || (error instanceof Error && error.name === 'QueryNotRegisteredError');
    if (!unanswered) throw error;
    return { ...emptySummary(job), reason: 'No workflow worker answers: see `mammoflow status`.' };
  }
}

async function reasonOf(client: Client, job: string): Promise<string> {
  try {
    await client.workflow.getHandle(job).result();
    return '';
  } catch (error) {
    const cause = error instanceof WorkflowFailedError ? error.cause : error;
    return cause instanceof Error ? cause.message : String(cause);
  }
}

const pausedReason = (job: string): string =>
  `It is paused in Temporal. It goes on after \`temporal workflow unpause --workflow-id ${job}\`, or "unpause" in the Temporal UI.`;

const emptySummary = (job: string): JobSummary => ({
  job,
  status: 'running',
  branch: '',
  commit: '',
  exams: { processed: 0, skipped: 0, failed: 0 },
  total: 0,
  stages: {},
  bundles: [],
  dropped: 0,
});

/**
 * Waits for a job to end, telling about twice a second how it stands and, every other second, what its exams are doing.
 */
export async function waitForJob(
  client: Client,
  repository: Repository,
  job: string,
  onProgress: (summary: JobSummary, underWay: readonly RunningStage[]) => void,
): Promise<JobSummary> {
  let underWay: readonly RunningStage[] = [];
  for (let poll = 0; ; poll += 1) {
    const summary = await readJob(client, repository, job);
    if (poll % POLLS_PER_LOOK === POLLS_PER_LOOK - 1) underWay = await runningStages(client, job);
    onProgress(summary, underWay);
    if (summary.status !== 'running') return summary;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
