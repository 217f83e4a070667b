import { MammoflowError } from '../../pipeline/errors.js';
import { IS_OPEN } from '../../planning/open-executions.js';
import { pendingActivities } from '../jobs/pending-activities.js';
import type { Session } from '../session.js';

/** An exam that a job has under way. */
export interface RunningExam {
  readonly job: string;
  /** The stage that it is at, where it was asked for. */
  readonly stage?: string;
}

/** A job has 50 under way unless told otherwise; more jobs than a few at once are rare. */
const LISTED = 1_000;
/** Asking what one is at costs a request. */
const DESCRIBED = 20;

/**
 * The exams that jobs of a branch have under way, and of a few what they are at.
 *
 * @throws MammoflowError `service-unavailable` without Temporal.
 */
export async function runningExams(session: Session, branch: string): Promise<Map<string, RunningExam>> {
  if (!/^[A-Za-z0-9._-]+$/.test(branch)) throw new MammoflowError('invalid-argument', `${branch} is no branch.`);
  const client = await session.client();
  const jobs = new Set<string>();
  const ofBranch = `WorkflowType = 'processCommit' AND MammoflowBranch = '${branch}' AND ${IS_OPEN}`;
  for await (const { workflowId } of client.workflow.list({ query: ofBranch })) jobs.add(workflowId);
  const found = new Map<string, RunningExam>();
  if (jobs.size === 0) return found;
  const query = `WorkflowType = 'processExam' AND ${IS_OPEN}`;
  let listed = 0;
  for await (const { workflowId } of client.workflow.list({ query })) {
    listed += 1;
    if (listed > LISTED) break;
    // An exam's workflow is called `<job>/<exam>`.
    const slash = workflowId.lastIndexOf('/');
    const job = workflowId.slice(0, slash);
    if (jobs.has(job)) found.set(workflowId.slice(slash + 1), { job });
  }
  await Promise.all(
    [...found].slice(0, DESCRIBED).map(async ([exam, { job }]) => {
      const stages = (await pendingActivities(client, `${job}/${exam}`)).map((activity) => activity.stage);
      const stage = stages.find((name) => name !== undefined);
      if (stage !== undefined) found.set(exam, { job, stage });
    }),
  );
  return found;
}
