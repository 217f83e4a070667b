import type { Client } from '@temporalio/client';
import { DELIVER_SIGNAL, DELIVER_WORKFLOW, type DeliveryRequest, deliveryWorkflowId } from '../../pipeline/delivery.js';
import type { Destination } from '../../pipeline/destination.js';
import { TASK_QUEUES } from '../../pipeline/graph.js';

/**
 * Has an exam delivered, by a workflow of its own for each exam and destination. One that is under way hears of it: it
 * stops waiting and sends what is newest.
 *
 * @returns the workflow's id
 */
export async function startDelivery(
  client: Client,
  { giveUpAfterHours }: Destination,
  request: Omit<DeliveryRequest, 'giveUpAfterSeconds'>,
): Promise<string> {
  const workflowId = deliveryWorkflowId(request.destination, request.exam);
  const whole: DeliveryRequest = { ...request, giveUpAfterSeconds: Math.ceil(giveUpAfterHours * 3600) };
  await client.workflow.signalWithStart(DELIVER_WORKFLOW, {
    workflowId,
    taskQueue: TASK_QUEUES.workflow,
    args: [whole],
    signal: DELIVER_SIGNAL,
    signalArgs: [whole],
    staticSummary: `deliver ${request.exam} to ${request.destination}`,
  });
  return workflowId;
}
