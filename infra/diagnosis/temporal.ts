import { Client, type Connection, ScheduleNotFoundError } from '@temporalio/client';
import { aliveWorkers } from '../../api/alive-workers.js';
import { type StageQueue, stageQueues } from '../../api/stage-queues.js';
import { openLocalSession } from '../../index.js';
import { DEFAULT_BRANCH } from '../../pipeline/commit.js';
import { DELIVERY_QUEUE } from '../../pipeline/delivery.js';
import { TASK_QUEUES } from '../../pipeline/graph.js';
import { SEARCH_ATTRIBUTES } from '../../pipeline/search-attributes.js';
import { inboxScheduleId } from '../../pipeline/take-in.js';
import { connectToTemporal } from '../../planning/temporal-connection.js';
import type { ConnectionSettings } from '../connection.js';
import { missingSearchAttributes } from '../search-attributes.js';
import { type Finding, fail, ok, reasonOf, warn } from './finding.js';

/** None when the bucket cannot be read, which is a finding of its own. */
export async function queuesOfStages(settings: ConnectionSettings): Promise<StageQueue[]> {
  const session = openLocalSession(settings);
  try {
    return await stageQueues(session.repository);
  } catch {
    return [];
  } finally {
    await session.close();
  }
}

export async function checkTemporal(
  { temporal }: ConnectionSettings,
  ofStages: readonly StageQueue[],
): Promise<Finding[]> {
  const { address } = temporal.connection;
  let connection: Connection | undefined;
  try {
    connection = await connectToTemporal({ ...temporal.connection, connectTimeout: 5000 });
    await connection.workflowService.describeNamespace({ namespace: temporal.namespace });
    const client = new Client({ connection, namespace: temporal.namespace });
    return [
      ok('temporal', `namespace ${temporal.namespace} at ${address} answers`),
      await checkSearchAttributes(connection, temporal.namespace),
      ...(await checkQueues(client, ofStages)),
      await checkSchedule(client),
    ];
  } catch (error) {
    const next = 'Check TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE and the credentials, or start it with `mammoflow up`.';
    return [
      fail(
        'temporal',
        `The namespace ${temporal.namespace} at ${address} cannot be reached: ${reasonOf(error)}.`,
        next,
      ),
    ];
  } finally {
    await connection?.close();
  }
}

async function checkSearchAttributes(connection: Connection, namespace: string): Promise<Finding> {
  try {
    const missing = await missingSearchAttributes(connection, namespace);
    if (missing.length === 0) return ok('search attributes', 'all registered');
    const flags = missing.map((name) => `--name ${name} --type ${SEARCH_ATTRIBUTES[name]}`).join(' ');
    return fail(
      'search attributes',
      `${missing.join(', ')} not registered: jobs cannot be started.`,
      `Register: temporal operator search-attribute create --namespace ${namespace} ${flags}`,
    );
  } catch (error) {
    return warn(
      'search attributes',
      `They cannot be listed: ${reasonOf(error)}.`,
      'See in the Temporal UI that they are there.',
    );
  }
}

/** What finds uploads that no event told of. */
async function checkSchedule(client: Client): Promise<Finding> {
  const scheduleId = inboxScheduleId(DEFAULT_BRANCH);
  try {
    const { spec, state } = await client.schedule.getHandle(scheduleId).describe();
    const seconds = (spec.intervals?.[0]?.every ?? 0) / 1000;
    if (!state.paused) return ok('inbox', `looked into every ${seconds} s`);
    return warn(
      'inbox',
      'Its schedule is paused: an upload whose event is lost is not taken in.',
      `Go on with: temporal schedule toggle --schedule-id ${scheduleId} --unpause`,
    );
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) {
      return warn(
        'inbox',
        `Its schedule cannot be read: ${reasonOf(error)}.`,
        'See in the Temporal UI that it is there.',
      );
    }
    return warn(
      'inbox',
      'No schedule looks into it, so uploads are not taken in by themselves.',
      'Start a receiver, which sets it up: mammoflow receive --webhook or --sqs <queue-url>.',
    );
  }
}

function checkQueues(client: Client, ofStages: readonly StageQueue[]): Promise<Finding[]> {
  const check = async (queue: string, uses: string, next: string): Promise<Finding> => {
    const workers = await aliveWorkers(client, [queue]);
    if (workers.length > 0) return ok(queue, workers.map(({ identity }) => identity).join(', '));
    return warn(queue, `Nobody serves it: no worker answered in the last 90 seconds${uses}.`, next);
  };
  return Promise.all([
    ...Object.entries(TASK_QUEUES).map(([role, queue]) =>
      check(queue, '', `Start one: mammoflow worker --role ${role} (or \`mammoflow up\`).`),
    ),
    ...ofStages.map(({ queue, uses }) => {
      const [stage = ''] = uses.map((use) => use.split(' ')[0]);
      return check(
        queue,
        `, and jobs send ${uses.join(', ')} there`,
        queue === DELIVERY_QUEUE
          ? 'Start one: mammoflow worker --role delivery (or `mammoflow up`).'
          : `Start one: mammoflow worker --role <its class> --stage ${stage} --queue ${queue}`,
      );
    }),
  ]);
}
