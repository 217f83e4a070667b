import { WorkflowNotFoundError } from '@temporalio/client';
import { MammoflowError } from '../../pipeline/errors.js';
import type { JobSummary } from '../../pipeline/job.js';
import { waitForJob } from '../jobs/jobs-client.js';
import { inStageOrder } from '../jobs/stage-order.js';
import type { Session } from '../session.js';

/**
 * Ends a running job and its exams, and waits until it has ended. Results of exams that it had finished are kept.
 *
 * @throws MammoflowError `not-found` when no such job runs, `service-unavailable` without Temporal.
 * @example
 * const { exams } = await mammoflow.cancel({ job: 'main-12-a1b2c3' });
 */
export async function cancel(session: Session, { job }: { job: string }): Promise<JobSummary> {
  const client = await session.client();
  try {
    await client.workflow.getHandle(job).cancel();
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    throw new MammoflowError('not-found', `There is no running job ${job}.`, 'See `mammoflow jobs`.');
  }
  return inStageOrder(session, await waitForJob(client, session.repository, job, () => undefined));
}
