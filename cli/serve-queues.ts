import { setPriority } from 'node:os';
import { join } from 'node:path';
import { connectionSettings } from '../infra/connection.js';
import { requireReadablePath } from '../infra/package-root.js';
import { MammoflowError } from '../pipeline/errors.js';
import { createLog, temporalLogger } from '../workers/log.js';
import { servedStages } from '../workers/served-stages.js';
import { type RunningWorker, startWorker } from '../workers/worker.js';
import type { WorkerOptions } from './worker.js';

/** Serves task queues until this process is told to stop. */
export async function serveQueues(options: WorkerOptions): Promise<void> {
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
      cacheFolder: join(folder, options.queue === undefined ? role : `${role}-${encodeURIComponent(options.queue)}`),
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
