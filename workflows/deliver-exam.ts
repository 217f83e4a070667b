import {
  ActivityFailure,
  CancellationScope,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { DeliveryActivities } from '../activities/delivery/delivery-activities.js';
import type { ControlActivities } from '../activities/job/control-activities.js';
import {
  DELIVERY_QUEUE,
  type DeliveryOutcome,
  type DeliveryRequest,
  deliveryRequestSchema,
} from '../pipeline/delivery.js';
import { TASK_QUEUES } from '../pipeline/graph.js';
import { checkArgument } from './arguments.js';
import { searchAttributes } from './attributes.js';
import { deliver as deliverSignal } from './messages.js';
import { CONTROL_OPTIONS, DELIVERY_OPTIONS } from './options.js';

const { buryDelivery } = proxyActivities<ControlActivities>({ ...CONTROL_OPTIONS, taskQueue: TASK_QUEUES.workflow });

/**
 * Delivers an exam's results to one destination. A destination that is down is asked again, at most ten minutes apart; after
 * the time that it is given, or where only a person can help, the delivery goes on the list of those that were not made. A
 * signal stops whatever is waited for and begins again with what it carries, so that a newer result is never sent after an
 * older one, and nobody waits for a back-off who knows that the destination is up.
 */
export async function deliverExam(argument: DeliveryRequest): Promise<DeliveryOutcome> {
  let request = checkArgument('deliverExam', deliveryRequestSchema, argument);
  let isNewer = false;
  let attempt: CancellationScope | undefined;
  setHandler(deliverSignal, (carried) => {
    const newer = deliveryRequestSchema.safeParse(carried);
    // A signal that says nothing sensible changes nothing.
    if (!newer.success) return;
    request = newer.data;
    isNewer = true;
    attempt?.cancel();
  });
  const { exam, branch, destination } = request;
  upsertSearchAttributes(searchAttributes({ exam, branch }));
  for (;;) {
    isNewer = false;
    attempt = new CancellationScope();
    const outcome = await attempt
      .run(() => tried(request))
      .catch((error: unknown) => {
        if (isCancellation(error) && isNewer) return undefined;
        throw error;
      });
    if (outcome === undefined || isNewer) continue;
    setCurrentDetails(`${destination}: ${outcome.status}${outcome.reason === undefined ? '' : `. ${outcome.reason}`}`);
    return outcome;
  }
}

async function tried(request: DeliveryRequest): Promise<DeliveryOutcome> {
  const { deliver } = proxyActivities<DeliveryActivities>({
    ...DELIVERY_OPTIONS,
    taskQueue: DELIVERY_QUEUE,
    scheduleToCloseTimeout: `${request.giveUpAfterSeconds} seconds`,
  });
  try {
    return await deliver(request);
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    const reason = reasonOf(error);
    await buryDelivery(request, reason);
    return { status: 'undelivered', stored: 0, sent: 0, refused: 0, reason };
  }
}

/** What the last attempt said. An activity that nobody took, or whose time was over, has its last failure as its cause's. */
function reasonOf(failure: ActivityFailure): string {
  const { cause } = failure;
  const last = cause?.cause instanceof Error && cause.name === 'TimeoutFailure' ? cause.cause : cause;
  return last?.message ?? failure.message;
}
