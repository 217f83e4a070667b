import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { pino } from 'pino';
import { put } from '../../api/changing/put.js';
import { waitForJob } from '../../api/jobs/jobs-client.js';
import { startJob } from '../../api/jobs/start-job.js';
import type { Session } from '../../api/session.js';
import { openLocalSession, type PutOutcome } from '../../index.js';
import type { ConnectionSettings } from '../../infra/connection.js';
import type { S3Service, Services } from '../../infra/dev/services.js';
import { serviceEnvironment } from '../../infra/dev/stack.js';
import { packageRoot } from '../../infra/package-root.js';
import type { JobSummary, ProcessCommitInput } from '../../pipeline/job.js';
import { ROLES, type Role, type RunningWorker, startWorker } from '../../workers/worker.js';
import { freshBucket, testServices } from './services.js';

/** mammoflow as deployed, on a bucket of its own: real servers, and workers in this process. */
export interface TestSystem {
  readonly session: Session;
  readonly settings: ConnectionSettings;
  readonly s3: S3Service;
  /** What a process of its own needs in its environment to work on the same bucket. */
  readonly environment: NodeJS.ProcessEnv;
  /** A folder for this suite's files. */
  readonly folder: string;
  put(repo: 'exams' | 'models', path: string, options?: { branch?: string; for?: 'all' | 'new' }): Promise<PutOutcome>;
  /** Starts a job on the head of the branch and waits for its end. */
  process(input?: ProcessCommitInput): Promise<JobSummary>;
  startWorkers(roles?: readonly Role[]): Promise<RunningWorker[]>;
  close(): Promise<void>;
}

export const PLACEHOLDER = join(packageRoot, 'models', 'placeholder', 'bundle');

let runtimeInstalled = false;

/** Temporal's workers log to the terminal by themselves; in a test run only errors are of interest. */
export function quietTemporalRuntime(): void {
  if (!runtimeInstalled) Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  runtimeInstalled = true;
}

/**
 * Task queues have fixed names, so only one system with workers may be open at a time.
 * @param services other than those that all suites share: for a suite that kills them.
 */
export async function openTestSystem(services?: Services): Promise<TestSystem> {
  const { temporal } = services ?? (await testServices());
  const s3 = services?.s3 ?? (await freshBucket());
  quietTemporalRuntime();
  const credentials = { accessKeyId: s3.accessKeyId, secretAccessKey: s3.secretAccessKey };
  const settings: ConnectionSettings = {
    temporal: { source: 'environment', connection: { address: temporal.address }, namespace: temporal.namespace },
    s3: {
      source: 'environment',
      config: { endpoint: s3.endpoint, region: s3.region, forcePathStyle: true, credentials },
    },
    bucket: s3.bucket,
    origins: [],
  };
  const folder = await mkdtemp(join(tmpdir(), 'mammoflow-system-'));
  const session = openLocalSession(settings);
  const workers: RunningWorker[] = [];
  return {
    session,
    settings,
    s3,
    environment: {
      ...process.env,
      ...serviceEnvironment({ temporal, s3 }),
      MAMMOFLOW_DATA: join(folder, 'data'),
    },
    folder,
    put: (repo, path, { branch = 'main', ...rest } = {}) =>
      put(session, { repo, paths: [path], branch, process: false, ...rest }),
    async process(input = {}) {
      const branch = input.branch ?? 'main';
      const head = await session.repository.head(branch);
      if (head === undefined) throw new Error(`no branch ${branch}`);
      const client = await session.client();
      const job = await startJob(client, head, { ...input, branch });
      return waitForJob(client, session.repository, job, () => undefined);
    },
    async startWorkers(roles = ROLES) {
      const started = await Promise.all(
        roles.map((role) =>
          startWorker({
            role,
            temporal: settings.temporal,
            s3: { config: settings.s3.config, bucket: settings.bucket },
            cacheFolder: join(folder, 'cache', role),
            cacheBytes: 1e9,
            log: pino({ level: 'silent' }),
          }),
        ),
      );
      workers.push(...started);
      return started;
    },
    async close() {
      const client = await session.client();
      for await (const run of client.workflow.list({ query: "ExecutionStatus = 'Running'" })) {
        await client.workflow
          .getHandle(run.workflowId)
          .terminate('the suite is over')
          .catch(() => undefined);
      }
      for (const worker of workers) worker.shutdown();
      await Promise.allSettled(workers.map((worker) => worker.stopped));
      await session.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
