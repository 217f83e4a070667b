import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { aliveWorkers } from '../../api/alive-workers.js';
import { testServices } from '../support/services.js';
import { until } from '../support/until.js';

const MINUTES = 60_000;

describe('the workers that are alive', () => {
  let connection: Connection;
  let client: Client;
  let namespace: string;
  before(async () => {
    const { temporal } = await testServices();
    connection = await Connection.connect({ address: temporal.address });
    namespace = temporal.namespace;
    client = new Client({ connection, namespace });
  });
  after(() => connection.close());

  /** Asks a queue for work once, as a worker does, and takes what there is. */
  const poll = (queue: string, identity: string) =>
    connection.workflowService.pollActivityTaskQueue({ namespace, taskQueue: { name: queue }, identity });

  it('are those that asked for work in the last 90 seconds, although Temporal lists them for five minutes', async () => {
    const queue = `asked-${randomUUID()}`;
    // It waits for work for a minute; it has asked by then.
    const asking = connection.withDeadline(Date.now() + 3_000, () => poll(queue, 'cpu@ward:1')).catch(() => undefined);
    const found = await until('the worker to be listed', async () => (await aliveWorkers(client, [queue]))[0]);
    assert.deepEqual([found.taskQueue, found.identity], [queue, 'cpu@ward:1']);
    assert.deepEqual(await aliveWorkers(client, [queue], Date.now() + 2 * MINUTES), []);
    await asking;
  });

  it('are those too that ask for nothing because they work on stages', async () => {
    const [queue, workflows, exam] = [`busy-${randomUUID()}`, `workflows-${randomUUID()}`, randomUUID()];
    await client.workflow.start('processExam', { workflowId: exam, taskQueue: workflows });
    const { workflowService } = connection;
    const long = msToTs(10 * MINUTES);
    const task = await connection.withDeadline(Date.now() + MINUTES, () =>
      workflowService.pollWorkflowTaskQueue({ namespace, taskQueue: { name: workflows } }),
    );
    await workflowService.respondWorkflowTaskCompleted({
      namespace,
      taskToken: task.taskToken,
      commands: [
        {
          // COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK
          commandType: 1,
          scheduleActivityTaskCommandAttributes: {
            activityId: '1',
            activityType: { name: 'stage' },
            taskQueue: { name: queue },
            ...{ scheduleToCloseTimeout: long, startToCloseTimeout: long, heartbeatTimeout: long },
          },
        },
      ],
    });
    const activity = await connection.withDeadline(Date.now() + MINUTES, () => poll(queue, 'gpu@ward:2'));
    // What counts is told apart here by asking about a time at which only the heartbeat is recent: it is in the future.
    const asked = Date.now();
    const workers = await until('the heartbeat to be the newest sign of life', async () => {
      await workflowService.recordActivityTaskHeartbeat({ namespace, taskToken: activity.taskToken });
      const found = await aliveWorkers(client, [queue], asked + 91_000);
      return found.length > 0 && found;
    });
    assert.deepEqual(
      workers.map(({ taskQueue, identity }) => [taskQueue, identity]),
      [[queue, 'gpu@ward:2']],
    );
    await client.workflow.getHandle(exam).terminate('the test is over');
  });
});
