import { z } from 'zod';
import type { Json } from '../../pipeline/canonical-json.js';
import { DEFAULT_BRANCH } from '../../pipeline/commit.js';
import { type Poller, pollersOf } from '../pollers.js';
import type { Session } from '../session.js';
import { defaultsOf, requireStage, type StageRow, stages } from './stages.js';

/** A stage with what it reads, what it can be given, and who serves it. */
export interface ServedStage extends StageRow {
  readonly upstream: readonly string[];
  readonly modelRoles: readonly string[];
  readonly defaults: Readonly<Record<string, Json>>;
  /** JSON Schema of its parameters. */
  readonly schema: Readonly<Record<string, Json>>;
  /** Who asked its queue for work lately; null when Temporal does not answer. */
  readonly workers: readonly Poller[] | null;
  /** Tasks that wait in its queue; null where the server does not say. */
  readonly backlog: number | null;
}

/** `temporal.api.enums.v1.TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY` */
const ACTIVITY = 2;

/**
 * The stages as a state wants them, in the order in which they run, with who serves them now.
 *
 * @throws MammoflowError `unknown-reference`, or `invalid-pipeline` for a pipeline that this build cannot run.
 * @example
 * for (const { stage, queue, workers } of await mammoflow.stagesServed()) console.log(stage, queue, workers?.length);
 */
export async function stagesServed(
  session: Session,
  { ref = DEFAULT_BRANCH }: { ref?: string } = {},
): Promise<ServedStage[]> {
  const [rows, declarations] = await Promise.all([stages(session, { ref }), session.stages()]);
  const queues = new Map<string, Awaited<ReturnType<typeof lookAtQueue>>>();
  for (const { queue } of rows) if (!queues.has(queue)) queues.set(queue, await lookAtQueue(session, queue));
  return rows.map((row) => {
    const declaration = requireStage(declarations, row.stage);
    return {
      ...row,
      upstream: declaration.upstream,
      modelRoles: declaration.modelRoles,
      defaults: defaultsOf(declaration),
      schema: z.toJSONSchema(declaration.parameters, { io: 'input', unrepresentable: 'any' }) as Record<string, Json>,
      ...(queues.get(row.queue) ?? { workers: null, backlog: null }),
    };
  });
}

async function lookAtQueue(session: Session, queue: string): Promise<Pick<ServedStage, 'workers' | 'backlog'>> {
  try {
    const { connection, options } = await session.client();
    const pollers = await pollersOf(connection, options.namespace, queue);
    const { stats } = await connection.workflowService.describeTaskQueue({
      namespace: options.namespace,
      taskQueue: { name: queue },
      taskQueueType: ACTIVITY,
      reportStats: true,
    });
    const backlog = stats?.approximateBacklogCount;
    return { workers: pollers, backlog: backlog === undefined || backlog === null ? null : Number(backlog) };
  } catch {
    return { workers: null, backlog: null };
  }
}
