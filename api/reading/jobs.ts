import { type JobRow, listJobs } from '../jobs/list-jobs.js';
import type { Session } from '../session.js';

export type { JobRow } from '../jobs/list-jobs.js';

export interface JobsOptions {
  /** End after so many. */
  readonly limit?: number | undefined;
  /** Go on after this job, the last of the page before. */
  readonly after?: string | undefined;
}

/**
 * The jobs that Temporal knows, those that run and then those that ended last, one by one: how each stands, since when, and what became of its exams.
 *
 * @throws MammoflowError `not-found` when there is no job `after`, `service-unavailable` without Temporal.
 * @example
 * for await (const { job, status, exams } of mammoflow.jobs({ limit: 5 })) console.log(job, status, exams.failed);
 */
export async function* jobs(session: Session, { limit, after }: JobsOptions = {}): AsyncGenerator<JobRow> {
  yield* listJobs(await session.client(), session.repository, {
    ...(limit === undefined ? {} : { limit }),
    ...(after === undefined ? {} : { after }),
    now: session.now().getTime(),
  });
}
