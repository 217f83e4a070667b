import { rm } from 'node:fs/promises';
import { availableParallelism, hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import { Client, type ConnectionOptions } from '@temporalio/client';
import { NativeConnection, type NativeConnectionOptions, Worker, type WorkerOptions } from '@temporalio/worker';
import type { Logger } from 'pino';
import { createDrain } from '../activities/datum/drain.js';
import { watchErasures } from '../activities/datum/erasure-watch.js';
import { openFileCache } from '../activities/datum/file-cache.js';
import { createStageActivities } from '../activities/datum/stage-activities.js';
import { createDeliveryActivities } from '../activities/delivery/delivery-activities.js';
import type { StageRunner } from '../activities/dependencies.js';
import { createTakeInActivities } from '../activities/inbox/take-in-activities.js';
import { createControlActivities } from '../activities/job/control-activities.js';
import type { StageDefinition } from '../activities/stage.js';
import { stages } from '../activities/stages/index.js';
import { type Identities, type IdentityPlaces, openIdentities } from '../dicom/identity/identities.js';
import { DELIVERY_QUEUE } from '../pipeline/delivery.js';
import { MammoflowError } from '../pipeline/errors.js';
import { TASK_QUEUES } from '../pipeline/graph.js';
import { inboxSettingsOf } from '../pipeline/inbox-settings.js';
import { connectToTemporal } from '../planning/temporal-connection.js';
import type { ObjectStore } from '../repos/object-store.js';
import { openRepository } from '../repos/repository.js';
import { openObjectStore } from '../repos/s3/open-object-store.js';
import { buildVersion } from './build-version.js';
import { DEFAULT_GRACE_SECONDS, HANDING_BACK_SECONDS } from './grace.js';
import { createInferenceClient } from './inference-client.js';
import { runAlone } from './run-alone.js';
import { startStageThreads } from './stage-threads.js';
import type { WorkerMetrics } from './worker-metrics.js';
import { workflowBundle } from './workflow-bundle.js';

/** What an exam's results need. `cpu` and `gpu` run the stages of that resource class, `workflow` workflows and bookkeeping. */
export const ROLES = ['workflow', 'cpu', 'gpu'] as const;
/** What a worker serves; `delivery` brings results to their destinations. */
export type Role = (typeof ROLES)[number] | 'delivery';

/** Clients take a proxy from the environment only. */
type TemporalOptions = ConnectionOptions & Pick<NativeConnectionOptions, 'proxy'>;

export interface WorkerSettings {
  readonly role: Role;
  /** The task queue to serve instead of the role's own, for stages that the pipeline gives one. */
  readonly taskQueue?: string;
  /** The stages to serve, at these versions: all stages of the build unless given. Those of another class are not served. */
  readonly stages?: readonly StageDefinition[];
  readonly temporal: { readonly connection: TemporalOptions; readonly namespace: string };
  readonly s3: { readonly config: S3ClientConfig; readonly bucket: string };
  /** Folder of this worker alone: downloaded inputs and unfinished output. */
  readonly cacheFolder: string;
  readonly cacheBytes: number;
  /** How long running datums may take to end once the worker is told to. */
  readonly graceSeconds?: number;
  readonly log: Logger;
  /**
   * The key of pseudonyms and the map back to patients. Without, DICOM objects wait in the inbox (`workflow`), and what needs
   * an identity is not delivered (`delivery`).
   */
  readonly identities?: { places(): IdentityPlaces; readonly mustExist: boolean };
  /** Counted in, where somebody watches. */
  readonly metrics?: WorkerMetrics;
}

export interface RunningWorker {
  /** Resolves when the worker has stopped; rejects when it failed. */
  readonly stopped: Promise<void>;
  /** Stops taking tasks, lets those finish that can within the grace, hands back the others, and ends. */
  shutdown(): void;
  /** Why it could not do its work now, in words; undefined when it polls, and Temporal and S3 answer. */
  problem(): Promise<string | undefined>;
}

/** One datum computes while the next one's inputs are fetched and the last one's output is stored. */
const GPU_DATUMS = 2;

/** An object at a time is in memory of each, beside the heatmaps of a view: up to 200 MB. */
const DELIVERIES = 4;

/** Starts a worker of one role. Resolves once it polls. */
export async function startWorker(settings: WorkerSettings): Promise<RunningWorker> {
  const { role, temporal, s3, log } = settings;
  const { taskQueue = role === 'delivery' ? DELIVERY_QUEUE : TASK_QUEUES[role] } = settings;
  const graceSeconds = settings.graceSeconds ?? DEFAULT_GRACE_SECONDS;
  const drain = createDrain();
  const connection = await NativeConnection.connect(nativeOptions(temporal.connection));
  const store = openObjectStore(s3.bucket, s3.config);
  const repository = openRepository(store);
  const closing: (() => Promise<void> | void)[] = [() => store.close()];
  await lookAtClock(store, log);
  const identity = `${role}@${hostname()}:${process.pid}`;
  const common: WorkerOptions = {
    connection,
    namespace: temporal.namespace,
    taskQueue,
    // Datums are handed back at the end of the grace, with no wait before they begin again; the SDK's way is for what is left.
    shutdownGraceTime: (graceSeconds + (role === 'workflow' ? 0 : HANDING_BACK_SECONDS / 5)) * 1_000,
    shutdownForceTime: (graceSeconds + HANDING_BACK_SECONDS / 2) * 1_000,
    identity,
  };

  let worker: Worker;
  if (role === 'workflow') {
    const client = new Client({
      connection: await connectToTemporal(temporal.connection),
      namespace: temporal.namespace,
    });
    closing.push(() => client.connection.close());
    const objectsFolder = join(settings.cacheFolder, 'objects');
    // A worker that was killed may have left objects there that say whose they are.
    await rm(objectsFolder, { recursive: true, force: true });
    const { identities } = settings;
    const open = identities && (() => openIdentities(identities.places(), identities));
    const objects = { open, folder: objectsFolder };
    worker = await Worker.create({
      ...common,
      workflowBundle: await workflowBundle(),
      activities: {
        ...createControlActivities({ repository, client, stages }),
        ...createTakeInActivities({ repository, client, stages, inbox: inboxSettingsOf(process.env), objects }),
      },
    });
  } else if (role === 'delivery') {
    worker = await Worker.create({
      ...common,
      activities: {
        ...createDeliveryActivities({
          ...{ repository, stages, environment: process.env },
          identities: () => identitiesAt(settings.identities),
        }),
      },
      maxConcurrentActivityTaskExecutions: DELIVERIES,
    });
  } else {
    const runner = role === 'cpu' ? cpuRunner(log) : gpuRunner(log);
    closing.push(runner.close);
    const cache = await openFileCache(store, settings.cacheFolder, settings.cacheBytes);
    const watch = watchErasures(store, cache, identity, (error) => log.warn({ err: error }, 'erasures not looked up'));
    closing.push(watch.close);
    // Before any task is taken: this folder may hold what was erased while nobody worked on it.
    await watch.look();
    settings.metrics?.watchMemory(runner.memory);
    const provenance = { build: buildVersion, host: hostname(), role };
    // A stage of another class would run without what it needs, and fail its exam; a worker without it only declines.
    const served = (settings.stages ?? stages).filter(({ resource }) => resource === role);
    worker = await Worker.create({
      ...common,
      activities: {
        ...createStageActivities({
          ...{ repository, stages: served, cache, drain, runStage: runner.runStage, provenance },
          ...(settings.metrics === undefined ? {} : { observe: settings.metrics.observe }),
        }),
      },
      maxConcurrentActivityTaskExecutions: runner.concurrency,
    });
  }
  const stopped = worker.run().finally(async () => {
    for (const close of closing) await close();
    await connection.close();
  });
  log.info({ taskQueue, bucket: s3.bucket }, 'worker started');
  return {
    stopped,
    shutdown() {
      if (worker.getState() !== 'RUNNING') return;
      // First, so that nothing that is handed back comes here again.
      worker.shutdown();
      drain.begin(graceSeconds * 1_000);
      log.info({ taskQueue, graceSeconds }, 'told to end: finishing what can be finished');
    },
    async problem() {
      const state = worker.getState();
      if (state !== 'RUNNING') return `the ${role} worker is ${state.toLowerCase()}`;
      const [temporalAnswers, s3Answers] = await Promise.all([
        answers(connection.withDeadline(Date.now() + PROBE_MS, () => connection.workflowService.getSystemInfo({}))),
        answers(store.isVersioned()),
      ]);
      if (!temporalAnswers) return 'Temporal does not answer';
      return s3Answers ? undefined : 'S3 does not answer';
    },
  };
}

/** Opened for each delivery, so that a key that is put there is found; none is made, since nothing was put under it. */
function identitiesAt(identities: WorkerSettings['identities']): Promise<Identities> {
  if (identities !== undefined) return openIdentities(identities.places(), { mustExist: true });
  throw new MammoflowError(
    'invalid-configuration',
    'This worker has no key of pseudonyms.',
    'Set MAMMOFLOW_PSEUDONYM_KEY_FILE and MAMMOFLOW_IDENTITIES where delivery workers run.',
  );
}

/** How long a service may take to answer whoever asks whether a worker is ready. */
const PROBE_MS = 3_000;

const answers = (asked: Promise<unknown>): Promise<boolean> =>
  Promise.race([
    asked.then(
      () => true,
      () => false,
    ),
    sleep(PROBE_MS, false, { ref: false }),
  ]);

/** S3 itself refuses requests that are signed this far off; clients correct that silently, records of time do not. */
const CLOCK_OFF_MS = 5 * 60_000;

/** Says so where this machine's clock is not the bucket's. Throws nothing: that the bucket cannot be reached shows later. */
async function lookAtClock(store: ObjectStore, log: Logger): Promise<void> {
  await store.isVersioned().catch(() => undefined);
  const aheadMs = Date.now() - store.serverTime();
  if (Math.abs(aheadMs) < CLOCK_OFF_MS) return;
  log.error(
    { aheadSeconds: Math.round(aheadMs / 1000) },
    `the clock of ${hostname()} is ${aheadMs > 0 ? 'ahead of' : 'behind'} that of the S3 server: set it by NTP`,
  );
}

interface Runner {
  readonly runStage: StageRunner;
  readonly concurrency: number;
  /** Resident memory of processes of its own that it has now, in bytes. */
  readonly memory: () => number;
  close(): Promise<void>;
}

function cpuRunner(log: Logger): Runner {
  const concurrency = Number(process.env.MAMMOFLOW_CPU_THREADS ?? availableParallelism());
  const threads = startStageThreads(concurrency);
  return {
    runStage: (run, options) => (options.alone === true ? runAlone(run, options, log) : threads.runStage(run, options)),
    close: () => threads.close(),
    memory: () => 0,
    concurrency,
  };
}

function gpuRunner(log: Logger): Runner {
  const inference = createInferenceClient({ log });
  return {
    runStage: (run, options) => inference.runStage(run, options),
    concurrency: GPU_DATUMS,
    memory: () => inference.memory(),
    close: () => inference.close(),
  };
}

/** The worker's Rust core takes the same settings as the client, but an API key only as text. */
function nativeOptions({ address, tls, apiKey, metadata, proxy }: TemporalOptions): NativeConnectionOptions {
  return {
    ...(address === undefined ? {} : { address }),
    ...(tls === undefined ? {} : { tls }),
    ...(apiKey === undefined ? {} : { apiKey: typeof apiKey === 'function' ? apiKey() : apiKey }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(proxy === undefined ? {} : { proxy }),
  };
}
