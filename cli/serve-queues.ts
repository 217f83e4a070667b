import { setPriority } from 'node:os';
import { join } from 'node:path';
import { connectionSettings } from '../infra/connection.js';
import { freePort } from '../infra/dev/ports.js';
import { identityPlaces } from '../infra/identity-places.js';
import { requireReadablePath } from '../infra/package-root.js';
import { MammoflowError } from '../pipeline/errors.js';
import { requireGraceWithin } from '../workers/grace.js';
import { createLog, temporalLogger } from '../workers/log.js';
import { servedStages } from '../workers/served-stages.js';
import { startStatusServer } from '../workers/status-server.js';
import { type RunningWorker, startWorker } from '../workers/worker.js';
import { workerMetrics } from '../workers/worker-metrics.js';
import type { WorkerOptions } from './worker.js';

/** Serves task queues until this process is told to stop. */
export async function serveQueues(options: WorkerOptions): Promise<void> {
  requireReadablePath();
  const served = servedStages(options);
  if (options.killedAfter !== undefined) requireGraceWithin(options.grace, options.killedAfter);
  // Before any thread is started: threads take the priority over from the one that starts them.
  if (options.nice !== 0) setPriority(options.nice);
  const log = createLog(options.role.join(','));
  const { Runtime } = await import('@temporalio/worker');
  // The SDK serves its own metrics, for this process alone: they are told together with ours.
  const sdkMetrics = options.metrics === undefined ? undefined : `127.0.0.1:${await freePort()}`;
  Runtime.install({
    logger: temporalLogger(log),
    // This command decides when to stop, also for several workers in one process.
    shutdownSignals: [],
    ...(sdkMetrics === undefined ? {} : { telemetryOptions: { metrics: { prometheus: { bindAddress: sdkMetrics } } } }),
  });
  const metrics = options.metrics === undefined ? undefined : workerMetrics();
  const settings = await connectionSettings({ dataFolder: options.data });
  const folder = options.cache ?? join(options.data, 'cache');
  const workers: RunningWorker[] = [];
  const status =
    options.metrics === undefined || metrics === undefined
      ? undefined
      : await startStatusServer({
          ...options.metrics,
          problem: async () => {
            if (workers.length < options.role.length) return 'starting';
            return (await Promise.all(workers.map((worker) => worker.problem()))).find(Boolean);
          },
          metrics: async () =>
            `${await metrics.registry.metrics()}${await (await fetch(`http://${sdkMetrics}/metrics`)).text()}`,
        });
  if (status !== undefined) log.info({ address: status.address }, 'metrics, /healthz and /readyz are served');
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
      graceSeconds: options.grace,
      log: createLog(role),
      identities: {
        places: () => identityPlaces(options.data),
        // Embedded services are of one machine and one user, whose `put` would make the same key.
        mustExist: settings.s3.source !== 'embedded',
      },
      ...(metrics === undefined ? {} : { metrics }),
    });
    workers.push(worker);
  }
  const shutdown = (): void => {
    for (const worker of workers) worker.shutdown();
  };
  process.once('SIGTERM', shutdown);
  process.once('SIGINT', shutdown);
  await Promise.all(workers.map((worker) => worker.stopped));
  await status?.close();
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
