import '../../infra/quiet-aws-sdk.js';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { createVersionedBucket } from '../../infra/dev/s3-server.js';
import { type S3Service, type Services, startServices } from '../../infra/dev/services.js';

let starting: Promise<Services> | undefined;
let folder: string | undefined;

/**
 * One Temporal and one S3 server for the whole test run, started when they are first asked for (about two seconds) and
 * stopped after the last test. Suites share them: take a bucket of your own (`freshBucket`), and workflow ids and task
 * queues that nobody else uses.
 */
export function testServices(): Promise<Services> {
  starting ??= (async () => {
    folder = await mkdtemp(join(tmpdir(), 'mammoflow-test-'));
    return startServices({ dataFolder: folder, ephemeral: true });
  })();
  return starting;
}

/** Where the shared services keep their data, for tests that damage it. They must have been started. */
export function testDataFolder(): string {
  if (folder === undefined) throw new Error('the test services are not started');
  return folder;
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

/** Read by mocha, which loads this file through `require` in `.mocharc.json`. */
export const mochaHooks = {
  async afterAll(): Promise<void> {
    const services = await starting?.catch(() => undefined);
    await services?.stop();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  },
};
