import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { getExternalWorkflowHandle, isCancellation, ParentClosePolicy, startChild } from '@temporalio/workflow';
import { TASK_QUEUES } from '../pipeline/graph.js';
import { type TakeInInput, takeInInputSchema, takeInWorkflowId } from '../pipeline/take-in.js';
import { checkArgument } from './arguments.js';
import { inboxChanged } from './messages.js';
import { takeIn } from './take-in.js';

/**
 * Has the inbox looked into, whether or not anything told of it, and starts `takeIn` where it does not run. A Temporal
 * Schedule starts this every minute: a schedule can start workflows, and not signal them.
 */
export async function remindTakeIn(argument: TakeInInput): Promise<void> {
  const settings = checkArgument('remindTakeIn', takeInInputSchema, argument);
  const workflowId = takeInWorkflowId(settings.branch);
  const remind = () => getExternalWorkflowHandle(workflowId).signal(inboxChanged, {});
  try {
    await remind();
    return;
  } catch (error) {
    if (isCancellation(error)) throw error;
  }
  try {
    await startChild(takeIn, {
      workflowId,
      taskQueue: TASK_QUEUES.workflow,
      args: [settings],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      staticSummary: `take in the inbox into ${settings.branch}`,
    });
  } catch (error) {
    // Started by a hint meanwhile, which is as good.
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
