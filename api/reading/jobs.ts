import type { Session } from '../session.js';

export interface JobRow {
  readonly job: string;
  readonly status: string;
  readonly started: string;
  readonly ended?: string;
}

export interface JobsOptions {
  /** End after so many. */
  readonly limit?: number | undefined;
}

/**
 * The jobs that Temporal knows, newest first, one by one.
 *
 * @throws MammoflowError `service-unavailable` without Temporal.
 * @example
 * for await (const { job, status } of mammoflow.jobs({ limit: 5 })) console.log(job, status);
 */
export async function* jobs(
  session: Session,
  { limit = Number.POSITIVE_INFINITY }: JobsOptions = {},
): AsyncGenerator<JobRow> {
  const client = await session.client();
  let given = 0;
  if (limit <= 0) return;
  for await (const run of client.workflow.list({ query: "WorkflowType = 'processCommit'" })) {
    if (run.status.name === 'CONTINUED_AS_NEW') continue;
    yield {
      job: run.workflowId,
      status: run.status.name.toLowerCase(),
      started: run.startTime.toISOString(),
      ...(run.closeTime === undefined ? {} : { ended: run.closeTime.toISOString() }),
    };
    given += 1;
    if (given >= limit) return;
  }
}
