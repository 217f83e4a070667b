import type { JobSummary } from '../../pipeline/job.js';
import { readJob, waitForJob } from '../jobs/jobs-client.js';
import { type RunningStage, runningStages } from '../jobs/running-stages.js';
import { inStageOrder } from '../jobs/stage-order.js';
import type { Session } from '../session.js';

export type { JobSummary } from '../../pipeline/job.js';
export type { RunningStage } from '../jobs/running-stages.js';

/** How a job stands, and what some of its exams are doing while it runs. */
export type JobState = JobSummary & { readonly underWay?: readonly RunningStage[] };

/**
 * How one job stands: the summary it left when it has ended, its own counts while it runs.
 *
 * @throws MammoflowError `not-found` when there is no such job, `service-unavailable` without Temporal.
 * @example
 * const { status, exams } = await mammoflow.job({ job: 'main-12-a1b2c3' });
 */
export async function job(session: Session, { job: id }: { job: string }): Promise<JobState> {
  const client = await session.client();
  const summary = await inStageOrder(session, await readJob(client, session.repository, id));
  return summary.status === 'running' ? { ...summary, underWay: await runningStages(client, id) } : summary;
}

export interface WaitForJobOptions {
  readonly job: string;
  /** Told about twice a second how it stands. */
  readonly onProgress?: (summary: JobSummary, underWay: readonly RunningStage[]) => void;
  /** Ends the waiting, and not the job. */
  readonly signal?: AbortSignal;
}

/**
 * Waits for a job to end.
 *
 * @throws MammoflowError `not-found` when there is no such job; the signal's reason when it is aborted.
 * @example
 * const { exams } = await mammoflow.waitForJob({ job: 'main-12-a1b2c3' });
 */
export async function waitForJobToEnd(session: Session, options: WaitForJobOptions): Promise<JobSummary> {
  const { job: id, onProgress = () => undefined, signal } = options;
  const summary = await waitForJob(await session.client(), session.repository, id, (...latest) => {
    signal?.throwIfAborted();
    onProgress(...latest);
  });
  return inStageOrder(session, summary);
}
