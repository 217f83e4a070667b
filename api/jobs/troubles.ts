import type { Client } from '@temporalio/client';
import { TAKE_IN_WORKFLOW } from '../../pipeline/take-in.js';
import { IS_OPEN } from '../../planning/open-executions.js';
import { pendingActivities } from './pending-activities.js';

/** Something that is tried again and again, whoever waits for it. */
export interface Trouble {
  /** The job, `<job>/<exam>`, or the workflow that takes in the inbox. */
  readonly workflow: string;
  /** Why its last attempt failed, with what a person can do. */
  readonly reason: string;
  /** The number of the present attempt, or of the next. */
  readonly attempt: number;
  /** When it was first asked for. */
  readonly since?: string;
  /** When it is tried again; absent while an attempt runs. */
  readonly next?: string;
}

/** Workflows that are asked; those that began last. */
const LOOKED_AT = 50;
/** One attempt more is what a worker that was ended costs, and nothing to tell of. */
const ATTEMPTS = 3;

/** What jobs, their exams and the taking in of the inbox try again and again, in vain so far. The oldest comes first. */
export async function troubles(client: Client): Promise<Trouble[]> {
  const query = `WorkflowType IN ('processCommit', 'processExam', '${TAKE_IN_WORKFLOW}') AND ${IS_OPEN}`;
  const ids: string[] = [];
  for await (const { workflowId } of client.workflow.list({ query, pageSize: LOOKED_AT })) {
    if (ids.push(workflowId) === LOOKED_AT) break;
  }
  const found = await Promise.all(
    ids.map(async (workflow) =>
      (await pendingActivities(client, workflow)).flatMap(({ failure, attempt, since, next }): Trouble[] =>
        failure === undefined || attempt < ATTEMPTS
          ? []
          : [
              {
                workflow,
                reason: failure,
                attempt,
                ...(since === undefined ? {} : { since }),
                ...(next === undefined ? {} : { next }),
              },
            ],
      ),
    ),
  );
  return found.flat().sort((a, b) => ((a.since ?? '') < (b.since ?? '') ? -1 : 1));
}
