import type { ConnectionLike } from '@temporalio/client';

/** A worker as the Temporal server knows it. */
export interface Poller {
  readonly taskQueue: string;
  /** What the worker calls itself: by default `pid@host`. */
  readonly identity: string;
  readonly kinds: readonly ('workflow' | 'activity')[];
  /** When it last asked for work, ISO 8601. The server forgets a worker five minutes after. */
  readonly lastSeen: string;
}

/** `temporal.api.enums.v1.TaskQueueType` */
const TASK_QUEUE_TYPES = { workflow: 1, activity: 2 } as const;

/** Who polls a task queue, for workflow or activity tasks. */
export async function pollersOf(connection: ConnectionLike, namespace: string, taskQueue: string): Promise<Poller[]> {
  const found = new Map<string, { kinds: ('workflow' | 'activity')[]; lastSeen: number }>();
  for (const kind of ['workflow', 'activity'] as const) {
    const { pollers } = await connection.workflowService.describeTaskQueue({
      namespace,
      taskQueue: { name: taskQueue },
      taskQueueType: TASK_QUEUE_TYPES[kind],
    });
    for (const { identity, lastAccessTime } of pollers ?? []) {
      const poller = found.get(identity ?? '') ?? { kinds: [], lastSeen: 0 };
      poller.kinds.push(kind);
      poller.lastSeen = Math.max(poller.lastSeen, Number(lastAccessTime?.seconds ?? 0) * 1000);
      found.set(identity ?? '', poller);
    }
  }
  return [...found].map(([identity, { kinds, lastSeen }]) => ({
    taskQueue,
    identity,
    kinds,
    lastSeen: new Date(lastSeen).toISOString(),
  }));
}
