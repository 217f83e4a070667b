import type { Client } from '@temporalio/client';
import { IS_OPEN } from '../planning/open-executions.js';
import { type Poller, pollersOf } from './pollers.js';

/** A worker asks its queue for work at least once a minute; one that has not for longer than this is gone or busy. */
const GONE_AFTER_MS = 90_000;

/** `temporal.api.enums.v1.PendingActivityState` of an activity that a worker has begun. */
const STARTED = 2;

/** As many exams as are looked at for who works on them. */
const EXAMS_LOOKED_AT = 50;

/**
 * The workers of some task queues that answered lately: that asked for work, or, where all their places are taken so
 * that they ask for none, that reported on a stage. Temporal itself lists workers for five minutes after they died.
 */
export async function aliveWorkers(client: Client, queues: readonly string[], now = Date.now()): Promise<Poller[]> {
  const { connection, options } = client;
  const isRecent = ({ lastSeen }: Poller): boolean => now - Date.parse(lastSeen) < GONE_AFTER_MS;
  const listed = (await Promise.all(queues.map((queue) => pollersOf(connection, options.namespace, queue)))).flat();
  const alive = listed.filter(isRecent);
  const silent = queues.filter((queue) => !alive.some(({ taskQueue }) => taskQueue === queue));
  if (silent.length === 0) return alive;
  const busy = (await busyWorkers(client)).filter((worker) => silent.includes(worker.taskQueue) && isRecent(worker));
  return [...alive, ...busy];
}

/** Who works on a stage now, by the stages' heartbeats. */
async function busyWorkers(client: Client): Promise<Poller[]> {
  const query = `WorkflowType = 'processExam' AND ${IS_OPEN}`;
  const runs: string[] = [];
  for await (const { workflowId } of client.workflow.list({ query, pageSize: EXAMS_LOOKED_AT })) {
    if (runs.push(workflowId) === EXAMS_LOOKED_AT) break;
  }
  const described = await Promise.all(
    // One that has just ended is of no interest.
    runs.map((id) =>
      client.workflow
        .getHandle(id)
        .describe()
        .catch(() => undefined),
    ),
  );
  const found = new Map<string, Poller>();
  for (const activity of described.flatMap((run) => run?.raw.pendingActivities ?? [])) {
    const taskQueue = activity.activityOptions?.taskQueue?.name;
    const identity = activity.lastWorkerIdentity;
    const seconds = Number(activity.lastHeartbeatTime?.seconds ?? 0);
    if (activity.state !== STARTED || !taskQueue || !identity || seconds === 0) continue;
    const lastSeen = new Date(seconds * 1000).toISOString();
    const before = found.get(`${taskQueue} ${identity}`);
    if (before !== undefined && before.lastSeen > lastSeen) continue;
    found.set(`${taskQueue} ${identity}`, { taskQueue, identity, kinds: ['activity'], lastSeen });
  }
  return [...found.values()];
}
