import '../../infra/quiet-aws-sdk.js';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { Connection } from '@temporalio/client';
import { createVersionedBucket } from '../../infra/dev/s3-server.js';
import { type S3Service, type Services, startServices, type TemporalService } from '../../infra/dev/services.js';
import { addSearchAttributes, missingSearchAttributes } from '../../infra/search-attributes.js';
import { until } from './until.js';

// A process that runs suites is told to end, writes down what they covered, and is sent this if that takes more than a second.
if (process.env.MOCHA_WORKER_ID !== undefined) process.on('SIGTERM', () => process.exit());

/** What every process of a test run uses. */
type SharedServices = Pick<Services, 'temporal' | 's3'>;

/** Where the process that started the servers tells those that run suites beside it. */
const SHARED = 'MAMMOFLOW_TEST_SERVICES';

let starting: Promise<{ services: Services; folder: string }> | undefined;
let own: Promise<SharedServices> | undefined;

function start(): Promise<{ services: Services; folder: string }> {
  starting ??= (async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mammoflow-test-'));
    return { services: await startServices({ dataFolder: folder, ephemeral: true }), folder };
  })();
  return starting;
}

function shared(): { services: SharedServices; folder: string } | undefined {
  const told = process.env[SHARED];
  return told === undefined ? undefined : JSON.parse(told);
}

/**
 * One Temporal and one S3 server for the whole test run, started when they are first asked for (about two seconds) and
 * stopped after the last test. Suites share them: take a bucket of your own (`freshBucket`), and workflow ids and task
 * queues that nobody else uses. Processes that run suites side by side have a namespace each, so that the queues, which
 * have fixed names, are a process's own.
 */
export function testServices(): Promise<SharedServices> {
  own ??= (async () => {
    const told = shared();
    if (told === undefined) return (await start()).services;
    const namespace = `suites-${process.env.MOCHA_WORKER_ID}`;
    const { temporal, s3 } = told.services;
    return { temporal: await withNamespace({ ...temporal, namespace }), s3 };
  })();
  return own;
}

/** Registers the namespace, if that is not done, and waits until the server serves it in every way. */
async function withNamespace(temporal: TemporalService): Promise<TemporalService> {
  const { address, namespace } = temporal;
  const connection = await Connection.connect({ address });
  try {
    const { workflowService } = connection;
    await workflowService
      .registerNamespace({ namespace, workflowExecutionRetentionPeriod: { seconds: (24 * 3600) as never } })
      .catch((error: { code?: number }) => {
        if (error.code !== ALREADY_EXISTS) throw error;
      });
    await until('the namespace to be served', async () => {
      try {
        await addSearchAttributes(connection, namespace, await missingSearchAttributes(connection, namespace));
        await workflowService.listWorkflowExecutions({ namespace, query: "MammoflowJob = 'none'" });
        return true;
      } catch {
        return false;
      }
    });
  } finally {
    await connection.close();
  }
  return temporal;
}

/** gRPC's code. */
const ALREADY_EXISTS = 6;

/** Where the shared services keep their data, for tests that damage it. They must have been started. */
export async function testDataFolder(): Promise<string> {
  return shared()?.folder ?? (await start()).folder;
}

/** A new, empty, versioned bucket on the shared S3 server. */
export async function freshBucket(): Promise<S3Service> {
  const { s3 } = await testServices();
  const bucket = `test-${randomBytes(6).toString('hex')}`;
  const client = s3ClientOf(s3);
  try {
    await createVersionedBucket(client, bucket);
  } finally {
    client.destroy();
  }
  return { ...s3, bucket };
}

/** A client of an embedded S3 service. The caller destroys it. */
export function s3ClientOf({ endpoint, region, accessKeyId, secretAccessKey }: S3Service): S3Client {
  return new S3Client({ endpoint, region, credentials: { accessKeyId, secretAccessKey }, forcePathStyle: true });
}

/**
 * Called by mocha, which loads this file through `require`, in the process that hands suites out to others: they are
 * told of the servers by their environment.
 */
export async function mochaGlobalSetup(): Promise<void> {
  if (process.env.MAMMOFLOW_TEST_SIDE_BY_SIDE !== '1') return;
  const { services, folder } = await start();
  const { temporal, s3 } = services;
  process.env[SHARED] = JSON.stringify({ services: { temporal, s3 }, folder });
}

/** Called by mocha after the last suite. */
export const mochaGlobalTeardown = stopTestServices;

/** Stops the servers, if this process started them. */
export async function stopTestServices(): Promise<void> {
  const started = await starting?.catch(() => undefined);
  await started?.services.stop();
  if (started !== undefined) await rm(started.folder, { recursive: true, force: true });
}
