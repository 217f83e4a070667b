import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { z } from 'zod';
import { aliveWorkers } from '../alive-workers.js';

/** A stage that is running, waiting to be tried again, or waiting for a worker. */
export interface RunningStage {
  readonly exam: string;
  readonly stage?: string;
  /** What it is at, e.g. `L_MLO 3/4`. */
  readonly step?: string;
  /** Why its last attempt failed, while it waits for the next. */
  readonly retrying?: string;
  /** Why nobody has begun with it. */
  readonly waiting?: string;
}

/** What a stage that runs says of itself; undefined before it has said anything. */
export function heartbeatOf(activity: PendingActivity): z.infer<typeof heartbeatSchema> | undefined {
  const payload = activity.heartbeatDetails?.payloads?.[0];
  return payload && heartbeatSchema.safeParse(defaultPayloadConverter.fromPayload(payload)).data;
}
type PendingActivity = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];

/** More would not fit into a line. */
const EXAMS_SHOWN = 3;

/** `temporal.api.enums.v1.PendingActivityState` of an activity that no worker has begun. */
const SCHEDULED = 1;

/** The part of a stage's heartbeat that is shown. */
const heartbeatSchema = z.object({
  stage: z.string(),
  progress: z.object({ step: z.string(), done: z.number(), total: z.number() }).optional(),
});

/**
 * What a few of a job's exams are doing now, from the heartbeats of their stages, and which task queues they wait for
 * that nobody serves.
 */
export async function runningStages(client: Client, job: string): Promise<RunningStage[]> {
  const query = `MammoflowJob = '${job.replaceAll("'", '')}' AND WorkflowType = 'processExam' AND ExecutionStatus = 'Running'`;
  const found: RunningStage[] = [];
  const queues = new Map<string, boolean>();
  const isServed = async (queue: string): Promise<boolean> => {
    const known = queues.get(queue) ?? (await isServedBy(client, queue));
    queues.set(queue, known);
    return known;
  };
  let exams = 0;
  for await (const run of client.workflow.list({ query })) {
    if (exams === EXAMS_SHOWN) break;
    exams += 1;
    const exam = run.workflowId.slice(job.length + 1);
    const { raw } = await client.workflow.getHandle(run.workflowId).describe();
    for (const activity of raw.pendingActivities ?? []) {
      const heartbeat = heartbeatOf(activity);
      const progress = heartbeat?.progress;
      const failure = activity.lastFailure?.message;
      const queue = activity.activityOptions?.taskQueue?.name;
      const isUnserved =
        activity.state === SCHEDULED && queue !== undefined && queue !== null && !(await isServed(queue));
      if (heartbeat === undefined && !failure && !isUnserved) continue;
      found.push({
        exam,
        ...(heartbeat === undefined ? {} : { stage: heartbeat.stage }),
        ...(progress === undefined ? {} : { step: `${progress.step} ${progress.done}/${progress.total}` }),
        ...(failure ? { retrying: failure } : {}),
        ...(isUnserved ? { waiting: `no worker serves the task queue ${queue}` } : {}),
      });
    }
  }
  return found;
}

async function isServedBy(client: Client, queue: string): Promise<boolean> {
  return (await aliveWorkers(client, [queue])).some(({ kinds }) => kinds.includes('activity'));
}
