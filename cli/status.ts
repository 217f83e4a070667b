import { resolve } from 'node:path';
import { GetBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3';
import { Connection } from '@temporalio/client';
import { Command } from 'commander';
import { type StageQueue, stageQueues } from '../api/stage-queues.js';
import { type ConnectionSettings, connectionSettings } from '../infra/connection.js';
import { receiverHealth } from '../infra/dev/event-receiver.js';
import { readRunningState, type StackState } from '../infra/dev/state.js';
import { type Poller, pollersOf } from '../api/pollers.js';
import type { Hold } from '../pipeline/commit.js';
import { TASK_QUEUES } from '../pipeline/graph.js';
import type { BranchHead } from '../repos/repository.js';
import { type CommonOptions, dataOption, jsonOption } from './options.js';
import { printJson, printLine, table } from './output.js';
import { openSession } from './session.js';

/** What `mammoflow status --json` prints. */
export interface Status {
  readonly ready: boolean;
  readonly temporal: { readonly address: string; readonly ui?: string };
  readonly s3: { readonly endpoint: string; readonly bucket: string };
  readonly console?: string;
  /** What hears of uploads to the embedded S3 server: `ok`, `waiting for Temporal`, or `down`. */
  readonly receiver?: { readonly address: string; readonly status: string };
  readonly workers: readonly Poller[];
  /** Branches on hold: what is committed to them starts no job. */
  readonly holds: readonly ({ readonly branch: string } & Hold)[];
  /** Why it is not ready, one sentence each. */
  readonly problems: readonly string[];
}

/** `mammoflow status`: what answers, and who works. */
export function statusCommand(): Command {
  return new Command('status')
    .description('show the services and the workers that ask them for work')
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Workers are those that Temporal has seen in the last five minutes, wherever they run. The exit code is 0 when the
services answer and every embedded worker polls its queue, 1 otherwise. \`mammoflow doctor\` looks closer.

Example:
  $ mammoflow status --json`,
    )
    .action(async ({ data, json }: CommonOptions) => {
      const status = await statusOf(data);
      if (!status.ready) process.exitCode = 1;
      if (json) return printJson(status);
      printLine(status.ready ? 'ready' : 'not ready');
      for (const problem of status.problems) printLine(`  ${problem}`);
      printLine(`Temporal     ${status.temporal.address}`);
      if (status.temporal.ui) printLine(`Temporal UI  ${status.temporal.ui}`);
      printLine(`S3           ${status.s3.endpoint}, bucket ${status.s3.bucket}`);
      if (status.console) printLine(`Console      ${status.console}`);
      if (status.receiver) printLine(`Receiver     ${status.receiver.address}, ${status.receiver.status}`);
      for (const { branch, since, author, reason } of status.holds) {
        printLine(`On hold      ${branch}, since ${since} by ${author}${reason === undefined ? '' : `: ${reason}`}`);
      }
      const rows = status.workers.map(({ taskQueue, identity, lastSeen }) => [taskQueue, identity, lastSeen]);
      printLine();
      printLine(rows.length === 0 ? 'no workers' : table(['QUEUE', 'WORKER', 'LAST SEEN'], rows));
    });
}

/**
 * The state of the services that the settings lead to.
 *
 * @throws MammoflowError `service-unavailable` if nothing is configured and nothing runs
 */
export async function statusOf(dataFolder: string): Promise<Status> {
  const settings = await connectionSettings({ dataFolder });
  const running = await readRunningState(resolve(dataFolder));
  const problems: string[] = [];
  if (running?.phase === 'starting') problems.push('The embedded services are still starting.');
  const [s3Problem, receiver] = await Promise.all([s3ProblemOf(settings), receiverOf(running, problems)]);
  if (s3Problem !== undefined) problems.push(s3Problem);
  const { ofStages, holds } = s3Problem === undefined ? await lookAtBranches(settings) : { ofStages: [], holds: [] };
  const queues = [...Object.values(TASK_QUEUES), ...ofStages.map(({ queue }) => queue)];
  const workers = await workersOf(settings, queues, problems);
  for (const { name, running: up } of running?.workers ?? []) {
    const queue = Object.entries(TASK_QUEUES).find(([role]) => name === `worker-${role}`)?.[1];
    if (!up) problems.push(`${name} has ended and is about to be started again.`);
    else if (queue !== undefined && !workers.some(({ taskQueue }) => taskQueue === queue)) {
      problems.push(`${name} runs, but does not poll ${queue}.`);
    }
  }
  const { endpoint } = settings.s3.config;
  const { ui } = settings.temporal;
  return {
    ready: problems.length === 0,
    temporal: { address: settings.temporal.connection.address, ...(ui === undefined ? {} : { ui }) },
    s3: { endpoint: typeof endpoint === 'string' ? endpoint : 'AWS', bucket: settings.bucket },
    ...(running?.console === undefined ? {} : { console: running.console }),
    ...(receiver === undefined ? {} : { receiver }),
    workers,
    holds,
    problems,
  };
}

async function receiverOf(running: StackState | undefined, problems: string[]): Promise<Status['receiver']> {
  if (running?.receiver === undefined) return undefined;
  const { address } = running.receiver;
  try {
    return { address, status: await receiverHealth(address) };
  } catch {
    problems.push('The receiver of upload events does not answer and is about to be started again.');
    return { address, status: 'down' };
  }
}

async function lookAtBranches(
  settings: ConnectionSettings,
): Promise<{ ofStages: StageQueue[]; holds: Status['holds'] }> {
  const session = openSession(settings);
  try {
    const branches: BranchHead[] = [];
    for await (const branch of session.repository.branches()) branches.push(branch);
    const holds = branches.flatMap(({ name, hold }) => (hold === undefined ? [] : [{ branch: name, ...hold }]));
    return { ofStages: await stageQueues(session.repository, branches), holds };
  } finally {
    await session.close();
  }
}

async function workersOf(
  { temporal }: ConnectionSettings,
  queues: readonly string[],
  problems: string[],
): Promise<Poller[]> {
  let connection: Connection | undefined;
  try {
    connection = await Connection.connect({ ...temporal.connection, connectTimeout: 5000 });
    const opened = connection;
    return (await Promise.all(queues.map((queue) => pollersOf(opened, temporal.namespace, queue)))).flat();
  } catch (error) {
    problems.push(`Temporal at ${temporal.connection.address} does not answer: ${(error as Error).message}.`);
    return [];
  } finally {
    await connection?.close();
  }
}

async function s3ProblemOf({ s3, bucket }: ConnectionSettings): Promise<string | undefined> {
  const client = new S3Client({ maxAttempts: 2, ...s3.config });
  try {
    const { Status: versioning } = await client.send(new GetBucketVersioningCommand({ Bucket: bucket }));
    return versioning === 'Enabled' ? undefined : `Versioning is not enabled on the bucket ${bucket}.`;
  } catch (error) {
    return `The bucket ${bucket} cannot be read: ${(error as Error).message || (error as Error).name}.`;
  } finally {
    client.destroy();
  }
}
