import type { Client } from '@temporalio/client';
import { DEFAULT_BRANCH } from '../pipeline/commit.js';
import { TASK_QUEUES } from '../pipeline/graph.js';
import { INBOX_CHANGED_SIGNAL, type InboxHint, TAKE_IN_WORKFLOW, takeInWorkflowId } from '../pipeline/take-in.js';

/**
 * Tells the workflow that takes in the inbox that something may have changed there, and starts it where it does not
 * run. Resolves once Temporal has the hint, which then survives a crash of anything.
 *
 * @param hint.branch the branch that the inbox is taken into; `main` when not given.
 * @param hint.hints how many events this one call stands for.
 * @throws what the Temporal client throws when the service cannot be reached: try again, since a hint may be doubled.
 */
export async function hintInbox(
  client: Client,
  { branch = DEFAULT_BRANCH, hints }: { branch?: string } & InboxHint = {},
): Promise<void> {
  await client.workflow.signalWithStart(TAKE_IN_WORKFLOW, {
    workflowId: takeInWorkflowId(branch),
    taskQueue: TASK_QUEUES.workflow,
    args: [{ branch }],
    signal: INBOX_CHANGED_SIGNAL,
    signalArgs: [hints === undefined ? {} : { hints }],
    staticSummary: `take in the inbox into ${branch}`,
  });
}
