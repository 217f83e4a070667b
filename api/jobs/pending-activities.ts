import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { z } from 'zod';
import { CLAIMED_ELSEWHERE } from '../../pipeline/claim.js';

/** An activity that has not succeeded yet: it runs, waits for a worker, or waits to be tried again. */
export interface PendingActivity {
  /** The activity's type, e.g. `runStage`. */
  readonly type: string;
  /** The stage, and what it is at, e.g. `L_MLO 3/4`, by its last heartbeat. */
  readonly stage?: string;
  readonly step?: string;
  /** Why its last attempt failed, with what a person can do; absent when none has. */
  readonly failure?: string;
  /** The number of the present attempt, or of the next; the first is 1. */
  readonly attempt: number;
  /** When it was first asked for; told of one that has failed. */
  readonly since?: string;
  /** When it is tried again; absent while an attempt runs. */
  readonly next?: string;
  /** Another job computes the same: nothing has failed. */
  readonly leftTo?: string;
  /** The task queue that it waits in, while no worker has begun it. */
  readonly queue?: string;
}

type RawActivity = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];

/** `temporal.api.enums.v1.PendingActivityState` of an activity that no worker has begun. */
const SCHEDULED = 1;
/** `temporal.api.enums.v1.TimeoutType` of a worker that was not heard of any more. */
const HEARTBEAT_TIMEOUT = 4;

/** The part of a stage's heartbeat that is shown. */
const heartbeatSchema = z.object({
  stage: z.string(),
  progress: z.object({ step: z.string(), done: z.number(), total: z.number() }).optional(),
});

/** What a workflow waits for. Empty when there is no such workflow, or it has just ended. */
export async function pendingActivities(client: Client, workflowId: string): Promise<PendingActivity[]> {
  // A list may name one that Temporal has forgotten since.
  const run = await client.workflow
    .getHandle(workflowId)
    .describe()
    .catch(() => undefined);
  const pending = run?.raw.pendingActivities ?? [];
  const hasFailed = pending.some(({ lastFailure }) => lastFailure);
  const scheduled = run !== undefined && hasFailed ? await scheduledTimes(client, workflowId, run.runId) : undefined;
  return pending.map((activity) => described(activity, scheduled?.get(activity.activityId ?? '')));
}

function described(activity: RawActivity, since: string | undefined): PendingActivity {
  const payload = activity.heartbeatDetails?.payloads?.[0];
  const heartbeat = payload && heartbeatSchema.safeParse(defaultPayloadConverter.fromPayload(payload)).data;
  const { progress } = heartbeat ?? {};
  const { lastFailure: failure } = activity;
  const leftTo = failure?.applicationFailureInfo?.type === CLAIMED_ELSEWHERE ? failure.message : undefined;
  const isWaiting = activity.state === SCHEDULED;
  const next = isWaiting ? timeOf(activity.nextAttemptScheduleTime) : undefined;
  const queue = activity.activityOptions?.taskQueue?.name;
  return {
    type: activity.activityType?.name ?? '',
    ...(heartbeat === undefined ? {} : { stage: heartbeat.stage }),
    ...(progress === undefined ? {} : { step: `${progress.step} ${progress.done}/${progress.total}` }),
    attempt: activity.attempt ?? 1,
    ...(failure && leftTo === undefined ? { failure: withAdvice(failure) } : {}),
    ...(leftTo ? { leftTo } : {}),
    ...(failure && since !== undefined ? { since } : {}),
    ...(next === undefined ? {} : { next }),
    ...(isWaiting && queue ? { queue } : {}),
  };
}

/**
 * What mammoflow throws on purpose ends with what to do. What Temporal and services say does not, and "Heartbeat timeout"
 * tells nobody anything.
 */
function withAdvice(failure: NonNullable<RawActivity['lastFailure']>): string {
  const message = failure.message ?? '';
  if (failure.timeoutFailureInfo?.timeoutType === HEARTBEAT_TIMEOUT) {
    return 'The worker that had it was not heard of any more, and another is given it. See `mammoflow status` for who works.';
  }
  return /`|[.!]$/.test(message) ? message : `${message}. See \`mammoflow status\` and the logs of the workers.`;
}

/** Pages of a history that are looked through: what is pending was asked for lately. */
const HISTORY_PAGES = 3;

/** When activities were first asked for, by their ids. Temporal itself tells of a pending one only when it is tried next. */
async function scheduledTimes(client: Client, workflowId: string, runId: string): Promise<Map<string, string>> {
  const { connection, options } = client;
  const times = new Map<string, string>();
  let nextPageToken: Uint8Array | undefined;
  for (let page = 0; page < HISTORY_PAGES; page += 1) {
    const answer = await connection.workflowService.getWorkflowExecutionHistoryReverse({
      namespace: options.namespace,
      execution: { workflowId, runId },
      ...(nextPageToken === undefined ? {} : { nextPageToken }),
    });
    for (const event of answer.history?.events ?? []) {
      const id = event.activityTaskScheduledEventAttributes?.activityId;
      const time = timeOf(event.eventTime);
      if (id && time !== undefined) times.set(id, time);
    }
    nextPageToken = answer.nextPageToken ?? undefined;
    if (!nextPageToken?.length) break;
  }
  return times;
}

function timeOf(time: { seconds?: unknown; nanos?: number | null } | null | undefined): string | undefined {
  const seconds = Number(time?.seconds ?? 0);
  return seconds === 0 ? undefined : new Date(seconds * 1_000 + (time?.nanos ?? 0) / 1e6).toISOString();
}
