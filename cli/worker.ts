import { setPriority } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { connectionSettings } from '../infra/connection.js';
import { WORKER_ROLES, type WorkerRole } from '../infra/dev/worker-roles.js';
import { requireReadablePath } from '../infra/package-root.js';
import { MammoflowError } from '../pipeline/errors.js';
import { createLog, temporalLogger } from '../workers/log.js';
import { servedStages } from '../workers/served-stages.js';
import { type RunningWorker, startWorker } from '../workers/worker.js';
import { dataOption, parseRoles } from './options.js';

interface WorkerOptions {
  readonly data: string;
  readonly role: readonly WorkerRole[];
  readonly stage?: readonly string[];
  readonly queue?: string;
  readonly cache?: string;
  readonly cacheSize: string;
  readonly nice: number;
  readonly metrics?: string;
}

/** `mammoflow worker`: serves task queues until it is told to stop. */
export function workerCommand(): Command {
  return new Command('worker')
    .description('serve the task queues of one or more roles until stopped')
    .addOption(
      new Option('--role <roles>', `what to serve, separated by commas: ${WORKER_ROLES.join(', ')}`)
        .argParser(parseRoles)
        .makeOptionMandatory(),
    )
    .addOption(new Option('--stage <stages...>', 'serve only these stages; needs --queue'))
    .addOption(new Option('--queue <name>', "a task queue to serve instead of the role's own"))
    .addOption(new Option('--cache <folder>', 'folder for downloaded inputs').env('MAMMOFLOW_CACHE'))
    .addOption(
      new Option('--cache-size <gigabytes>', 'how much of them to keep').env('MAMMOFLOW_CACHE_GB').default('10'),
    )
    .addOption(
      new Option('--nice <increment>', 'give way to other processes on this machine').argParser(parseNice).default(0),
    )
    .addOption(new Option('--metrics <host:port>', 'serve Prometheus metrics there').env('MAMMOFLOW_METRICS'))
    .addOption(dataOption())
    .addHelpText(
      'after',
      `
Roles:
  workflow  workflows and bookkeeping, light
  cpu       the stages crop, extract_centers and visualize_heatmaps, in worker threads
  gpu       the stages generate_heatmaps and classify, in an inference process of its own

A worker finds Temporal and S3 through TEMPORAL_*, AWS_* and MAMMOFLOW_BUCKET, or the services of \`mammoflow up\`.
Start as many workers of a role as you like, on as many machines. SIGTERM ends one gracefully: it finishes what it can
in 20 seconds, and another worker repeats the rest.

A stage can have workers of its own: \`mammoflow stage set <stage> --queue <name>\` sends its work to that queue, and
--stage and --queue make a worker that serves nothing else.

Environment: MAMMOFLOW_CPU_THREADS, MAMMOFLOW_INFERENCE_THREADS, MAMMOFLOW_EXECUTION_PROVIDERS, MAMMOFLOW_LOG_LEVEL.

Examples:
  $ mammoflow worker --role cpu,gpu
  $ mammoflow worker --role cpu --stage visualize_heatmaps --queue pictures`,
    )
    .action(async (options: WorkerOptions) => {
      requireReadablePath();
      const served = servedStages(options);
      // Before any thread is started: threads take the priority over from the one that starts them.
      if (options.nice !== 0) setPriority(options.nice);
      const log = createLog(options.role.join(','));
      const { Runtime } = await import('@temporalio/worker');
      Runtime.install({
        logger: temporalLogger(log),
        // This command decides when to stop, also for several workers in one process.
        shutdownSignals: [],
        ...(options.metrics === undefined
          ? {}
          : { telemetryOptions: { metrics: { prometheus: { bindAddress: options.metrics } } } }),
      });
      const settings = await connectionSettings({ dataFolder: options.data });
      const folder = options.cache ?? join(options.data, 'cache');
      const workers: RunningWorker[] = [];
      for (const role of options.role) {
        const worker = await startWorker({
          role,
          ...(served === undefined ? {} : { stages: served }),
          ...(options.queue === undefined ? {} : { taskQueue: options.queue }),
          temporal: settings.temporal,
          s3: { config: settings.s3.config, bucket: settings.bucket },
          // A folder cannot be shared with the worker that serves the role's own queue.
          cacheFolder: join(
            folder,
            options.queue === undefined ? role : `${role}-${encodeURIComponent(options.queue)}`,
          ),
          cacheBytes: gigabytes(options.cacheSize),
          log: createLog(role),
        });
        workers.push(worker);
      }
      const shutdown = (): void => {
        for (const worker of workers) worker.shutdown();
      };
      process.once('SIGTERM', shutdown);
      process.once('SIGINT', shutdown);
      await Promise.all(workers.map((worker) => worker.stopped));
    });
}

function parseNice(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value <= 19) return value;
  throw new InvalidArgumentError('It is a whole number from 0 to 19.');
}

function gigabytes(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value * 1e9;
  throw new MammoflowError(
    'invalid-argument',
    `--cache-size ${text} is not a number above 0.`,
    'Give gigabytes, e.g. 10.',
  );
}
