import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  CreateBucketCommand,
  GetBucketVersioningCommand,
  ListBucketsCommand,
  PutBucketVersioningCommand,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import type { KeptProcess } from './keep-running.js';
import { startNoted } from './leftovers.js';
import { freePort } from './ports.js';
import { programEnvironment } from './program-environment.js';
import type { S3Credentials } from './s3-credentials.js';
import { startHealthy } from './start-healthy.js';
import type { Log } from './tool-cache.js';
import { writeWhole } from './write-whole.js';

/** The port that the server uses by itself, taken where it is free. */
const USUAL_PORT = 7070;
const GRACE_SECONDS = 10;
const REGION = 'us-east-1';
export const DEFAULT_BUCKET = 'mammoflow';

/** Of all that happens in the bucket, only that something was written. */
const EVENT_FILTER = { 's3:ObjectCreated:*': true };

export interface S3Service {
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/**
 * Starts versitygw on 127.0.0.1 with its objects in the data folder and a versioned bucket, and keeps it running.
 *
 * @param options.ephemeral on a free port
 * @param options.webhook where it posts its events; must answer already by then
 * @throws MammoflowError `service-unavailable` if it does not become healthy, with the end of its log
 */
export async function startS3(
  binary: string,
  credentials: S3Credentials,
  options: {
    readonly dataFolder: string;
    readonly ephemeral?: boolean;
    readonly bucket?: string;
    readonly webhook: () => Promise<string | undefined>;
    readonly log: Log;
  },
): Promise<{ service: S3Service; process: KeptProcess }> {
  const { ephemeral = false, bucket = DEFAULT_BUCKET, webhook, log } = options;
  const dataFolder = resolve(options.dataFolder);
  const objects = join(dataFolder, 's3');
  const versions = join(dataFolder, 's3-versions');
  const eventFilter = join(dataFolder, 's3-events.json');
  await Promise.all([objects, versions].map((folder) => mkdir(folder, { recursive: true })));
  await writeWhole(eventFilter, `${JSON.stringify(EVENT_FILTER)}\n`);
  const eventWebhook = await webhook();
  return startHealthy({ log }, async () => {
    const port = await freePort(ephemeral ? undefined : USUAL_PORT);
    const service = { endpoint: `http://127.0.0.1:${port}`, region: REGION, bucket, ...credentials };
    const start = () =>
      startNoted(dataFolder, {
        name: 'versitygw',
        command: resolve(binary),
        args: [
          ...['--port', `127.0.0.1:${port}`, '--region', REGION, '--quiet', '--keep-alive'],
          ...['posix', '--versioning-dir', versions, objects],
        ],
        // In the environment, not among the arguments, which every user of the machine can read.
        env: programEnvironment(dataFolder, {
          ROOT_ACCESS_KEY_ID: credentials.accessKeyId,
          ROOT_SECRET_ACCESS_KEY: credentials.secretAccessKey,
          ...(eventWebhook === undefined ? {} : { VGW_EVENT_WEBHOOK_URL: eventWebhook, VGW_EVENT_FILTER: eventFilter }),
        }),
        logFile: join(dataFolder, 'logs', 'versitygw.log'),
        graceSeconds: GRACE_SECONDS,
      });
    return { service, start, checkHealth: () => checkS3(service) };
  });
}

/** How clients reach it: whatever the AWS SDK would read from variables and files of the user is said. */
export function embeddedS3Config({ endpoint, region, accessKeyId, secretAccessKey }: Omit<S3Service, 'bucket'>) {
  return {
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
  } satisfies S3ClientConfig;
}

/** Succeeds when the gateway lists buckets and ours keeps versions; makes the bucket if it is missing. */
async function checkS3({ bucket, ...service }: S3Service): Promise<void> {
  const client = new S3Client({ ...embeddedS3Config(service), maxAttempts: 1 });
  try {
    const { Buckets = [] } = await client.send(new ListBucketsCommand({}));
    if (!Buckets.some(({ Name }) => Name === bucket)) await createVersionedBucket(client, bucket);
    const { Status } = await client.send(new GetBucketVersioningCommand({ Bucket: bucket }));
    if (Status !== 'Enabled') await enableVersioning(client, bucket);
  } finally {
    client.destroy();
  }
}

/** Makes a bucket that keeps every version. */
export async function createVersionedBucket(client: S3Client, bucket: string): Promise<void> {
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  await enableVersioning(client, bucket);
}

async function enableVersioning(client: S3Client, bucket: string): Promise<void> {
  await client.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }));
}
