import { statfs } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command } from 'commander';
import type { Poller, ServicesStatus } from '../index.js';
import { requireConsole } from '../infra/dev/console-process.js';
import { receiverHealth } from '../infra/dev/event-receiver.js';
import { processIdentity } from '../infra/dev/process-identity.js';
import { readRunningState, type StackState } from '../infra/dev/state.js';
import { TASK_QUEUES } from '../pipeline/graph.js';
import { retryText } from './job-output.js';
import { type CommonOptions, dataOption, jsonOption } from './options.js';
import { printJson, printLine, table } from './output.js';
import { withMammoflow } from './session.js';

/** What `mammoflow status --json` prints. */
export interface Status {
  readonly ready: boolean;
  readonly temporal: { readonly address: string; readonly ui?: string };
  readonly s3: { readonly endpoint: string; readonly bucket: string };
  readonly console?: string;
  /** What hears of uploads to the embedded S3 server: `ok`, `waiting for Temporal`, or `down`. */
  readonly receiver?: { readonly address: string; readonly status: string };
  readonly workers: readonly Poller[];
  /** Task queues that jobs send work to and nobody serves. */
  readonly unserved: readonly string[];
  readonly holds: ServicesStatus['holds'];
  /** What is tried again and again, and why. */
  readonly troubles: ServicesStatus['troubles'];
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
Workers are those that asked for work or reported on a stage in the last 90 seconds, wherever they run. The exit code is 0 when the
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
      if (status.console) printLine(`Console      ${status.console}`);
      printLine(`Temporal     ${status.temporal.address}`);
      if (status.temporal.ui) printLine(`Temporal UI  ${status.temporal.ui}`);
      printLine(`S3           ${status.s3.endpoint}, bucket ${status.s3.bucket}`);
      if (status.receiver) printLine(`Receiver     ${status.receiver.address}, ${status.receiver.status}`);
      for (const { branch, since, author, reason } of status.holds) {
        printLine(`On hold      ${branch}, since ${since} by ${author}${reason === undefined ? '' : `: ${reason}`}`);
      }
      for (const { workflow, reason, ...retry } of status.troubles) {
        printLine(`Tried again  ${workflow}${retryText(retry)}: ${reason}`);
      }
      const rows = status.workers.map(({ taskQueue, identity, lastSeen }) => [taskQueue, identity, lastSeen]);
      printLine();
      printLine(rows.length === 0 ? 'no workers' : table(['QUEUE', 'WORKER', 'LAST SEEN'], rows));
      for (const queue of status.unserved) printLine(`nobody serves ${queue}`);
    });
}

/**
 * The state of the services that the settings lead to.
 *
 * @throws MammoflowError `service-unavailable` if nothing is configured and nothing runs
 */
export async function statusOf(dataFolder: string): Promise<Status> {
  const running = await readRunningState(resolve(dataFolder));
  return withMammoflow(dataFolder, async (mammoflow) => {
    const { settings } = mammoflow;
    const starting = running?.phase === 'starting' ? ['The embedded services are still starting.'] : [];
    const [{ workers, unserved, holds, troubles, problems: found }, receiver, isConsoleDown, full] = await Promise.all([
      mammoflow.status(),
      receiverOf(running),
      consoleIsDown(running),
      fullDisk(running, dataFolder),
    ]);
    const problems = [...starting, ...full, ...found, ...problemsOfWorkers(running, workers)];
    if (receiver?.status === 'down') {
      problems.push('The receiver of upload events does not answer and is about to be started again.');
    }
    if (isConsoleDown) problems.push('The console does not answer and is about to be started again.');
    const { endpoint } = settings.s3.config;
    const { ui } = settings.temporal;
    return {
      ready: problems.length === 0,
      temporal: { address: settings.temporal.connection.address, ...(ui === undefined ? {} : { ui }) },
      s3: { endpoint: typeof endpoint === 'string' ? endpoint : 'AWS', bucket: settings.bucket },
      ...(running?.console === undefined ? {} : { console: running.console }),
      ...(receiver === undefined ? {} : { receiver }),
      workers,
      unserved,
      holds,
      troubles,
      problems,
    };
  });
}

/** Embedded workers that have ended, or that ask for no work. */
function problemsOfWorkers(running: StackState | undefined, workers: readonly Poller[]): string[] {
  return (running?.workers ?? []).flatMap(({ name, pid, running: up }) => {
    // What the supervisor wrote down last may be old, where the disk is full.
    if (!up || processIdentity(pid) === undefined) return [`${name} has ended and is about to be started again.`];
    const queue = Object.entries(TASK_QUEUES).find(([role]) => name === `worker-${role}`)?.[1];
    const polls = queue === undefined || workers.some(({ taskQueue }) => taskQueue === queue);
    return polls ? [] : [`${name} runs, but does not poll ${queue}.`];
  });
}

/** Less than the results of one exam need. */
const FULL_DISK_BYTES = 150e6;

async function fullDisk(running: StackState | undefined, dataFolder: string): Promise<string[]> {
  if (running === undefined) return [];
  const { bavail, bsize } = await statfs(resolve(dataFolder));
  const free = bavail * bsize;
  return free < FULL_DISK_BYTES
    ? [`The disk of ${resolve(dataFolder)} is full: ${Math.floor(free / 1e6)} MB free.`]
    : [];
}

async function receiverOf(running: StackState | undefined): Promise<Status['receiver']> {
  if (running?.receiver === undefined) return undefined;
  const { address } = running.receiver;
  return { address, status: await receiverHealth(address).catch(() => 'down') };
}

async function consoleIsDown(running: StackState | undefined): Promise<boolean> {
  if (running?.console === undefined) return false;
  return requireConsole(running.console).then(
    () => false,
    () => true,
  );
}
