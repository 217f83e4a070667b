import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateBucketCommand,
  GetBucketVersioningCommand,
  ListBucketsCommand,
  PutBucketVersioningCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { Connection } from '@temporalio/client';
import { z } from 'zod';
import { MammoflowError } from '../../pipeline/errors.js';
import { SEARCH_ATTRIBUTES } from '../../pipeline/search-attributes.js';
import { addSearchAttributes, missingSearchAttributes } from '../search-attributes.js';
import { fetchTools } from './fetch.js';
import { type GuardedProcess, logTail, startGuarded } from './guarded-process.js';
import { type KeptProcess, keepRunning } from './keep-running.js';
import { type Release, tryLock } from './lock.js';
import { freePort } from './ports.js';
import { isRunning, type ProcessReference, processIdentity } from './process-identity.js';
import { type Log, logToStderr } from './tool-cache.js';

/** The ports that the two servers use by themselves, taken where they are free. */
const USUAL_PORTS = { temporal: 7233, ui: 8233, s3: 7070 } as const;
const HEALTHY_WITHIN_MS = 60_000;
const GRACE_SECONDS = 10;
/** A Go panic prints the stack of every goroutine. */
const LINES_OF_A_PANIC = 300;
const REGION = 'us-east-1';
export const DEFAULT_BUCKET = 'mammoflow';

/** Of all that happens in the bucket, only that something was written. */
const EVENT_FILTER = { 's3:ObjectCreated:*': true };

/**
 * Measured on two cores with one child workflow an exam: 40 to 45 exams a second with these, 13.6 without
 * (write-ahead log with `synchronous=NORMAL`, one task queue partition, faster transfer). Without the last one a
 * window of 200 children stalls for seconds.
 */
const SQLITE_PRAGMAS = ['journal_mode=wal', 'synchronous=1'];
const DYNAMIC_CONFIGURATION = [
  'matching.numTaskqueueReadPartitions=1',
  'matching.numTaskqueueWritePartitions=1',
  'history.transferProcessorMaxPollRPS=100',
  'history.cacheNonUserContextLockTimeout="5s"',
];

export interface TemporalService {
  /** `host:port` of the gRPC frontend. */
  readonly address: string;
  /** URL of the Web UI. */
  readonly ui: string;
  readonly namespace: string;
}

export interface S3Service {
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** The two embedded servers. */
export interface Services {
  readonly temporal: TemporalService;
  readonly s3: S3Service;
  /** The servers' pids, by name. They change when a server had to be started again. */
  pids(): { temporal: number; versitygw: number };
  /** Ends both in order and lets go of the data folder. Calling it twice does no harm. */
  stop(): Promise<void>;
}

export interface ServicesOptions {
  /** Where everything is kept: `temporal.db`, `s3/`, `s3-versions/`, `s3-credentials.json`, `logs/`. */
  readonly dataFolder: string;
  readonly log?: Log;
  /** For tests: Temporal in memory, and free ports even where the usual ones are free. */
  readonly ephemeral?: boolean;
  /** The versioned bucket that is made if it is missing. */
  readonly bucket?: string;
  /**
   * An http URL to which versitygw posts its events, or what starts the program that listens there. It must answer
   * already, or versitygw does not start.
   */
  readonly eventWebhook?: string | ((temporal: TemporalService) => Promise<string>);
}

const credentialsSchema = z.object({ accessKeyId: z.string().min(1), secretAccessKey: z.string().min(1) });
export type S3Credentials = z.infer<typeof credentialsSchema>;

/** The S3 credentials of a data folder, as they were made once. Undefined where there are none yet. */
export async function readCredentials(dataFolder: string): Promise<S3Credentials | undefined> {
  const path = join(dataFolder, 's3-credentials.json');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const credentials = credentialsSchema.safeParse(safeJson(text));
  if (credentials.success) return credentials.data;
  throw new MammoflowError('corrupt-data', `${path} does not hold S3 credentials.`, 'Remove it to have new ones made.');
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function credentialsOf(dataFolder: string): Promise<S3Credentials> {
  const known = await readCredentials(dataFolder);
  if (known !== undefined) return known;
  const made = {
    accessKeyId: `mammoflow${randomBytes(6).toString('hex')}`,
    secretAccessKey: randomBytes(30).toString('base64url'),
  };
  await writeWhole(join(dataFolder, 's3-credentials.json'), `${JSON.stringify(made, null, 2)}\n`, 0o600);
  return made;
}

/** Writes a file so that a reader sees the old one or the whole new one. */
export async function writeWhole(path: string, text: string, mode = 0o644): Promise<void> {
  const beside = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  await writeFile(beside, text, { mode });
  await chmod(beside, mode);
  await rename(beside, path);
}

/** Held by the process that runs the services of a data folder, from before they start until they have ended. */
export const servicesLock = (dataFolder: string): string => join(dataFolder, 'services.lock');

/**
 * Starts Temporal's development server and versitygw on 127.0.0.1 and waits until both can be used: the namespace with
 * its search attributes, and a bucket with versioning. A server that dies later is started again on the same port.
 * Neither outlives this process. Data written before a crash are there after the next start.
 *
 * @throws MammoflowError `service-unavailable` if another process uses the data folder, a server cannot be obtained,
 *   or it does not become healthy (then with the end of its log)
 */
export async function startServices(options: ServicesOptions): Promise<Services> {
  const { dataFolder, log = logToStderr } = options;
  await mkdir(dataFolder, { recursive: true });
  const lock = await tryLock(servicesLock(dataFolder));
  if (!('release' in lock)) {
    throw new MammoflowError(
      'service-unavailable',
      `The data folder ${dataFolder} is in use by process ${lock.heldBy.pid}.`,
      'Use the services that run there (`mammoflow status`), stop them (`mammoflow down`), or choose another folder with --data.',
    );
  }
  try {
    return await startLocked(options, log, lock.release);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function startLocked(options: ServicesOptions, log: Log, release: Release): Promise<Services> {
  const { dataFolder } = options;
  await endLeftovers(dataFolder, log);
  const tools = await fetchTools(log);
  const credentials = await credentialsOf(dataFolder);
  const startingTemporal = startTemporal(tools.temporal, options, log);
  const { eventWebhook } = options;
  const webhook = async (): Promise<string | undefined> =>
    typeof eventWebhook === 'function' ? eventWebhook((await startingTemporal).service) : eventWebhook;
  const starts = await Promise.allSettled([
    startingTemporal,
    startS3(tools.versitygw, credentials, options, webhook, log),
  ]);
  const [temporal, s3] = starts;
  if (temporal.status === 'rejected' || s3.status === 'rejected') {
    await Promise.all(starts.map((start) => (start.status === 'fulfilled' ? start.value.process.stop() : undefined)));
    throw (temporal.status === 'rejected' ? temporal : (s3 as PromiseRejectedResult)).reason;
  }
  const processes = { temporal: temporal.value.process, versitygw: s3.value.process };
  const pids = () => ({ temporal: processes.temporal.current().pid, versitygw: processes.versitygw.current().pid });
  await noteServers(dataFolder, Object.values(pids()));
  let stopped: Promise<void> | undefined;
  return {
    temporal: temporal.value.service,
    s3: s3.value.service,
    pids,
    stop() {
      stopped ??= (async () => {
        await Promise.all([processes.temporal.stop(), processes.versitygw.stop()]);
        await release();
      })();
      return stopped;
    },
  };
}

/** Which servers use the folder, for `endLeftovers`. */
async function noteServers(dataFolder: string, pids: readonly number[]): Promise<void> {
  const servers = pids.flatMap((pid): ProcessReference[] => {
    const identity = processIdentity(pid);
    return identity === undefined ? [] : [{ pid, identity }];
  });
  await writeWhole(join(dataFolder, 'servers.json'), JSON.stringify(servers));
}

/**
 * Servers that still run although nobody holds the lock: left over where the guard was killed together with the
 * process it guarded, or about to be ended by it. Two servers on one database would harm it.
 */
async function endLeftovers(dataFolder: string, log: Log): Promise<void> {
  const text = await readFile(join(dataFolder, 'servers.json'), 'utf8').catch(() => '[]');
  const known = z.array(z.object({ pid: z.number(), identity: z.string() })).safeParse(safeJson(text));
  if (!known.success) return;
  for (const server of known.data.filter(isRunning)) {
    log(`ending process ${server.pid}, a server left over in ${dataFolder}`);
    for (let waited = 0; isRunning(server); waited += 100) {
      try {
        process.kill(server.pid, waited < GRACE_SECONDS * 1000 ? 'SIGTERM' : 'SIGKILL');
      } catch {
        break;
      }
      await sleep(100);
    }
  }
}

async function startTemporal(
  binary: string,
  options: ServicesOptions,
  log: Log,
): Promise<{ service: TemporalService; process: KeptProcess }> {
  const { dataFolder, ephemeral = false } = options;
  return startHealthy({ log }, async () => {
    const port = await freePort(ephemeral ? undefined : USUAL_PORTS.temporal);
    const uiPort = await freePort(ephemeral ? undefined : USUAL_PORTS.ui);
    const database = ephemeral
      ? []
      : [
          ...['--db-filename', join(dataFolder, 'temporal.db')],
          ...SQLITE_PRAGMAS.flatMap((pragma) => ['--sqlite-pragma', pragma]),
        ];
    const args = [
      ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--ui-port', String(uiPort)],
      ...database,
      ...DYNAMIC_CONFIGURATION.flatMap((value) => ['--dynamic-config-value', value]),
      ...Object.entries(SEARCH_ATTRIBUTES).flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]),
      ...['--ui-disable-news-fetch', '--log-level', 'error'],
    ];
    const service = { address: `127.0.0.1:${port}`, ui: `http://127.0.0.1:${uiPort}`, namespace: 'default' };
    const start = () =>
      startGuarded({
        name: 'temporal',
        command: binary,
        args,
        logFile: join(dataFolder, 'logs', 'temporal.log'),
        graceSeconds: GRACE_SECONDS,
      });
    return { service, start, checkHealth: () => checkTemporal(service) };
  });
}

async function startS3(
  binary: string,
  credentials: S3Credentials,
  options: ServicesOptions,
  webhook: () => Promise<string | undefined>,
  log: Log,
): Promise<{ service: S3Service; process: KeptProcess }> {
  const { dataFolder, ephemeral = false, bucket = DEFAULT_BUCKET } = options;
  const objects = join(dataFolder, 's3');
  const versions = join(dataFolder, 's3-versions');
  const eventFilter = join(dataFolder, 's3-events.json');
  await Promise.all([objects, versions].map((folder) => mkdir(folder, { recursive: true })));
  await writeWhole(eventFilter, `${JSON.stringify(EVENT_FILTER)}\n`);
  const eventWebhook = await webhook();
  return startHealthy({ log }, async () => {
    const port = await freePort(ephemeral ? undefined : USUAL_PORTS.s3);
    const service = { endpoint: `http://127.0.0.1:${port}`, region: REGION, bucket, ...credentials };
    const start = () =>
      startGuarded({
        name: 'versitygw',
        command: binary,
        args: [
          ...['--port', `127.0.0.1:${port}`, '--region', REGION, '--quiet', '--keep-alive'],
          ...['posix', '--versioning-dir', versions, objects],
        ],
        // In the environment, not among the arguments, which every user of the machine can read.
        env: {
          ROOT_ACCESS_KEY_ID: credentials.accessKeyId,
          ROOT_SECRET_ACCESS_KEY: credentials.secretAccessKey,
          ...(eventWebhook === undefined ? {} : { VGW_EVENT_WEBHOOK_URL: eventWebhook, VGW_EVENT_FILTER: eventFilter }),
        },
        logFile: join(dataFolder, 'logs', 'versitygw.log'),
        graceSeconds: GRACE_SECONDS,
      });
    return { service, start, checkHealth: () => checkS3(service) };
  });
}

/**
 * Starts a server and waits until `checkHealth` succeeds. Somebody else may take a port between our looking and the
 * server's binding: then it is tried again with other ports.
 */
export async function startHealthy<Service>(
  options: { readonly log: Log; readonly onChange?: () => void },
  prepare: () => Promise<{
    service: Service;
    start: () => Promise<GuardedProcess>;
    checkHealth: () => Promise<void>;
  }>,
): Promise<{ service: Service; process: KeptProcess }> {
  for (let attempt = 1; ; attempt++) {
    const { service, start, checkHealth } = await prepare();
    const server = await start();
    try {
      await untilHealthy(server, checkHealth);
      return { service, process: keepRunning(server, start, options) };
    } catch (error) {
      await server.stop();
      // Temporal panics then, so that what is wrong stands far above the end of its log.
      const portTaken = /address already in use/i.test(await logTail(server.logFile, LINES_OF_A_PANIC));
      if (!portTaken || attempt === 3) throw error;
      options.log(`${server.name}: the port was taken in the meantime, trying another one`);
    }
  }
}

async function untilHealthy(server: GuardedProcess, checkHealth: () => Promise<void>): Promise<void> {
  let ended: number | undefined;
  void server.exited.then(({ code }) => {
    ended = code;
  });
  const deadline = Date.now() + HEALTHY_WITHIN_MS;
  for (;;) {
    let reason: unknown;
    try {
      await checkHealth();
      // Not if it has ended: then somebody else answered.
      if (ended === undefined) return;
    } catch (error) {
      reason = error;
    }
    const late = Date.now() > deadline;
    if (ended !== undefined || late) {
      const what = late ? `did not become healthy within ${HEALTHY_WITHIN_MS / 1000} s` : `ended with code ${ended}`;
      throw new MammoflowError(
        'service-unavailable',
        `${server.name} ${what}. The end of its log:\n${await logTail(server.logFile)}\n`,
        `Look into ${server.logFile}.`,
        { cause: reason },
      );
    }
    await sleep(50);
  }
}

/** Succeeds when the frontend serves the namespace and it has every search attribute. */
async function checkTemporal({ address, namespace }: TemporalService): Promise<void> {
  const connection = await Connection.connect({ address, connectTimeout: 1000 });
  try {
    await connection.withDeadline(Date.now() + 5000, async () => {
      await connection.workflowService.describeNamespace({ namespace });
      // The flag registers attributes only in a new database: those that a newer mammoflow brings are added here.
      const missing = await missingSearchAttributes(connection, namespace);
      if (missing.length > 0) await addSearchAttributes(connection, namespace, missing);
      await connection.workflowService.listWorkflowExecutions({ namespace, pageSize: 1 });
    });
  } finally {
    await connection.close();
  }
}

/** Succeeds when the gateway lists buckets and ours keeps versions; makes the bucket if it is missing. */
async function checkS3({ endpoint, region, bucket, accessKeyId, secretAccessKey }: S3Service): Promise<void> {
  const client = new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
    maxAttempts: 1,
  });
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
