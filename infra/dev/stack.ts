import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pollersOf } from '../../api/pollers.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { TASK_QUEUES } from '../../pipeline/graph.js';
import { connectToTemporal } from '../../planning/temporal-connection.js';
import { packageRoot, requireReadablePath } from '../package-root.js';
import { WITHOUT_PROXY } from '../proxy.js';
import { startConsoleProcess } from './console-process.js';
import { type EventReceiver, startEventReceiver } from './event-receiver.js';
import { logTail } from './guarded-process.js';
import { type KeptProcess, keepRunning } from './keep-running.js';
import { startNoted } from './leftovers.js';
import { type ProcessReference, thisProcess } from './process-identity.js';
import { programEnvironment } from './program-environment.js';
import { DEFAULT_BUCKET } from './s3-server.js';
import { type Services, type ServicesOptions, startServices } from './services.js';
import { removeState, type StackState, writeState } from './state.js';
import { logToStderr } from './tool-cache.js';
import { WORKER_ROLES, type WorkerRole } from './worker-roles.js';

/** A program that the stack keeps running beside the services. */
export interface WorkerProcess {
  /** Its name in `status` and of its log. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The stack is ready when somebody polls this queue. */
  readonly taskQueue?: string;
}

/** Workers finish or hand back what they do before they end. They are told this, and refuse a grace that is too long for it. */
const WORKER_GRACE_SECONDS = 30;
const READY_WITHIN_MS = 180_000;
/** A worker that ends this often before it ever polls will not come up. */
const CRASHES_BEFORE_GIVING_UP = 3;

/** One process a role: `mammoflow worker --role …`. */
export function workerProcesses(roles: readonly WorkerRole[]): WorkerProcess[] {
  return roles.map((role) => ({
    name: `worker-${role}`,
    command: process.execPath,
    args: [
      '--enable-source-maps',
      join(packageRoot, 'dist', 'cli', 'main.js'),
      'worker',
      '--role',
      // Writing objects is work on pixels too, and takes seconds an exam.
      role === 'cpu' ? 'cpu,delivery' : role,
      ...['--killed-after', String(WORKER_GRACE_SECONDS)],
      // Inference is what an exam waits for; pictures can be drawn in its shadow.
      ...(role === 'cpu' ? ['--nice', '5'] : []),
    ],
    taskQueue: TASK_QUEUES[role],
  }));
}

/** The variables that bring any S3 client, the Temporal CLI and mammoflow itself to these services. */
export function serviceEnvironment({
  temporal,
  s3,
}: {
  readonly temporal: Pick<Services['temporal'], 'address' | 'namespace'>;
  readonly s3: Services['s3'];
}): Record<string, string> {
  return {
    AWS_ENDPOINT_URL_S3: s3.endpoint,
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    AWS_REGION: s3.region,
    MAMMOFLOW_BUCKET: s3.bucket,
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
  };
}

/** The embedded services, the receiver of their events and the workers on them. */
export interface Stack {
  readonly services: Services;
  state(): StackState;
  /** Ends the workers and the receiver, then the services. Calling it twice does no harm. */
  stop(): Promise<void>;
}

export interface StackOptions extends ServicesOptions {
  /** Serve the console, too. */
  readonly console?: boolean;
  /** The workers to run; by default one process for every role. */
  readonly workers?: readonly WorkerProcess[];
}

/**
 * Starts services, the receiver of the S3 server's events, and workers, waits until every queue is polled, and writes
 * `supervisor.json` so that other processes find them. A worker or receiver that ends is started again, each time after
 * a longer wait.
 *
 * @throws MammoflowError `service-unavailable` as `startServices` does, or if a worker does not come up (with the end
 *   of its log); everything is stopped again by then
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { log = logToStderr, workers: wanted = workerProcesses(WORKER_ROLES) } = options;
  const dataFolder = resolve(options.dataFolder);
  requireReadablePath();
  // The receiver may end while nothing can be published yet.
  let onReceiverChange = (): void => undefined;
  const { services, receiver } = await startHeardServices(options, () => onReceiverChange());
  const self: ProcessReference = thisProcess();
  const startedAt = new Date().toISOString();
  const workers: KeptProcess[] = [];
  let page: KeptProcess | undefined;
  let phase: StackState['phase'] = 'starting';
  let consoleUrl: string | undefined;
  let stopped: Promise<void> | undefined;
  let writing = Promise.resolve();

  const state = (): StackState => ({
    ...self,
    startedAt,
    phase,
    temporal: services.temporal,
    s3: { endpoint: services.s3.endpoint, region: services.s3.region, bucket: services.s3.bucket },
    ...(consoleUrl === undefined ? {} : { console: consoleUrl }),
    ...(page === undefined ? {} : { consoleProcess: processState(page) }),
    ...(receiver === undefined
      ? {}
      : { receiver: { ...processState(receiver.process), address: receiver.address, token: receiver.token } }),
    workers: workers.map(processState),
  });
  // One write after the other, so that the newest state is the one that stays.
  const publish = (): Promise<void> => {
    writing = writing
      .then(() => (stopped === undefined ? writeState(dataFolder, state()) : undefined))
      .catch((error) => log(`supervisor.json could not be written: ${(error as Error).message}`));
    return writing;
  };
  onReceiverChange = () => void publish();
  const stop = (): Promise<void> => {
    stopped ??= (async () => {
      await Promise.all([...workers.map((worker) => worker.stop()), page?.stop(), receiver?.process.stop()]);
      await services.stop();
      await writing;
      await removeState(dataFolder);
    })();
    return stopped;
  };

  try {
    await publish();
    for (const { name, command, args } of wanted) {
      const start = () =>
        startNoted(dataFolder, {
          name,
          command,
          args,
          env: programEnvironment(dataFolder, { ...serviceEnvironment(services), MAMMOFLOW_DATA: dataFolder }),
          logFile: join(dataFolder, 'logs', `${name}.log`),
          graceSeconds: WORKER_GRACE_SECONDS,
        });
      workers.push(keepRunning(await start(), start, { log, onChange: () => void publish() }));
    }
    if (options.console === true) {
      const environment = { ...serviceEnvironment(services), MAMMOFLOW_TEMPORAL_UI: services.temporal.ui };
      const served = await startConsoleProcess({ dataFolder, environment, log, onChange: () => void publish() });
      page = served.process;
      consoleUrl = served.address;
    }
    await untilPolled(services, wanted, workers);
    phase = 'ready';
    await publish();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    services,
    state,
    stop,
  };
}

const processState = (kept: KeptProcess): StackState['workers'][number] => ({
  name: kept.name,
  pid: kept.current().pid,
  restarts: kept.restarts(),
  running: !kept.isDown(),
});

/** The services, with a receiver of the S3 server's events unless the options name another place for them. */
async function startHeardServices(
  options: StackOptions,
  onChange: () => void,
): Promise<{ services: Services; receiver?: EventReceiver }> {
  if (options.eventWebhook !== undefined) return { services: await startServices(options) };
  const { dataFolder, bucket = DEFAULT_BUCKET, log = logToStderr } = options;
  let receiver = undefined as EventReceiver | undefined;
  try {
    const services = await startServices({
      ...options,
      async eventWebhook(temporal) {
        receiver = await startEventReceiver({ dataFolder, temporal, bucket, log, onChange });
        return receiver.webhook;
      },
    });
    return { services, ...(receiver === undefined ? {} : { receiver }) };
  } catch (error) {
    await receiver?.process.stop();
    throw error;
  }
}

async function untilPolled(
  { temporal }: Services,
  wanted: readonly WorkerProcess[],
  workers: readonly KeptProcess[],
): Promise<void> {
  const waiting = new Map(
    wanted.flatMap(({ name, taskQueue }) => (taskQueue === undefined ? [] : [[name, taskQueue]])),
  );
  if (waiting.size === 0) return;
  const connection = await connectToTemporal({ address: temporal.address, ...WITHOUT_PROXY });
  try {
    const deadline = Date.now() + READY_WITHIN_MS;
    for (;;) {
      for (const [name, taskQueue] of waiting) {
        if ((await pollersOf(connection, temporal.namespace, taskQueue)).length > 0) waiting.delete(name);
      }
      if (waiting.size === 0) return;
      const failing = workers.find(({ name, restarts }) => waiting.has(name) && restarts() >= CRASHES_BEFORE_GIVING_UP);
      if (failing !== undefined || Date.now() > deadline) {
        const worker = failing ?? workers.find(({ name }) => waiting.has(name))!;
        const { logFile } = worker.current();
        throw new MammoflowError(
          'service-unavailable',
          `${worker.name} ${failing ? 'ends again and again' : 'does not poll its queue'}. The end of its log:\n${await logTail(logFile)}\n`,
          `Look into ${logFile}.`,
        );
      }
      await sleep(100);
    }
  } finally {
    await connection.close();
  }
}
