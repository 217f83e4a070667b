import { existsSync } from 'node:fs';
import { stat, statfs } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import {
  GetBucketLifecycleConfigurationCommand,
  GetBucketVersioningCommand,
  HeadBucketCommand,
  type LifecycleRule,
  S3Client,
} from '@aws-sdk/client-s3';
import { Client, Connection, ScheduleNotFoundError } from '@temporalio/client';
import { Command } from 'commander';
import { aliveWorkers } from '../api/alive-workers.js';
import { knownDamage } from '../api/reading/known-damage.js';
import { type StageQueue, stageQueues } from '../api/stage-queues.js';
import { openLocalSession } from '../index.js';
import { type ConnectionSettings, connectionSettings, passingOver } from '../infra/connection.js';
import { receiverHealth } from '../infra/dev/event-receiver.js';
import { leadsElsewhere } from '../infra/dev/program-environment.js';
import { readRunningState } from '../infra/dev/state.js';
import { findOnPath } from '../infra/dev/tool-cache.js';
import { NODE_TO_USE, nodeRelease } from '../infra/node-release.js';
import { missingSearchAttributes } from '../infra/search-attributes.js';
import { DEFAULT_BRANCH, INPUT_REPOS } from '../pipeline/commit.js';
import { MammoflowError } from '../pipeline/errors.js';
import { TASK_QUEUES } from '../pipeline/graph.js';
import { SEARCH_ATTRIBUTES } from '../pipeline/search-attributes.js';
import { inboxScheduleId } from '../pipeline/take-in.js';
import { type CommonOptions, dataOption, jsonOption } from './options.js';
import { printJson, printLine } from './output.js';

/** One thing that was looked at. */
export interface Finding {
  readonly check: string;
  readonly outcome: 'ok' | 'warn' | 'fail';
  /** What was found, in one sentence or less. */
  readonly detail: string;
  /** What to do about it. */
  readonly next?: string;
}

const ok = (check: string, detail: string): Finding => ({ check, outcome: 'ok', detail });
const warn = (check: string, detail: string, next: string): Finding => ({ check, outcome: 'warn', detail, next });
const fail = (check: string, detail: string, next: string): Finding => ({ check, outcome: 'fail', detail, next });
const reasonOf = (error: unknown): string => (error as Error).message || (error as Error).name;

/** Variables of mammoflow's own that say nothing of where services are. */
const OURS = /^MAMMOFLOW_DATA$/;
/** An exam with its results takes about 150 MB, and the disk also holds every earlier version. */
const LITTLE_DISK_BYTES = 10e9;
const NO_DISK_BYTES = 1e9;
/** S3 refuses a signature that is more than 15 minutes off; commits carry the time of the machine that made them. */
const CLOCK_OFF_MS = 5 * 60_000;
const CLOCK_DRIFTS_MS = 30_000;

/** `mammoflow doctor`: what stands in the way. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('check this machine, the services and the workers, and say what to do about each problem')
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Every line is ok, warn or FAIL. The exit code is 1 if one is FAIL, otherwise 0. Nothing is changed.

Example:
  $ mammoflow doctor`,
    )
    .action(async ({ data, json }: CommonOptions) => {
      const findings = await diagnose(data);
      if (findings.some(({ outcome }) => outcome === 'fail')) process.exitCode = 1;
      if (json) return printJson(findings);
      for (const { check, outcome, detail, next } of findings) {
        printLine(`${outcome === 'fail' ? 'FAIL' : outcome.padEnd(4)}  ${check.padEnd(18)}  ${detail}`);
        if (next !== undefined) printLine(`${' '.repeat(26)}-> ${next}`);
      }
    });
}

/** Looks at everything. Never throws for something that is wrong: that is a finding. */
export async function diagnose(dataFolder: string): Promise<Finding[]> {
  const machine = [checkNode(), checkTool('temporal', 'TEMPORAL_CLI'), ...(await checkDisks(dataFolder))];
  let settings: ConnectionSettings;
  try {
    settings = await connectionSettings({ dataFolder });
  } catch (error) {
    const next = (error instanceof MammoflowError && error.next) || 'Start the services with `mammoflow up`.';
    return [...machine, fail('services', reasonOf(error), next)];
  }
  const origins = settings.origins.map(({ setting, value, from }) => ok(setting, `${value}, from ${from}`));
  const [damage, s3, temporal, receiver] = await Promise.all([
    checkDamage(settings),
    checkS3(settings),
    checkTemporal(settings, await queuesOfStages(settings)),
    checkReceiver(dataFolder),
  ]);
  return [...machine, ...origins, ...(await checkEnvironment(dataFolder)), ...s3, ...damage, ...temporal, ...receiver];
}

function checkNode(): Finding {
  const { node } = process.versions;
  const release = nodeRelease(node);
  const next = `Install Node ${NODE_TO_USE}.`;
  if (release.state === 'supported') return ok('node', node);
  if (release.state === 'too-old') return fail('node', `${node} is not supported.`, next);
  return warn('node', `${node} gets no more fixes${release.since ? ` since ${release.since}` : ''}.`, next);
}

/** The CLI is not needed on a machine that only works for services elsewhere. */
function checkTool(name: string, variable: string): Finding {
  const chosen = process.env[variable];
  if (chosen && !existsSync(chosen)) {
    return fail(`${name} command`, `${variable}=${chosen} does not exist.`, `Correct or unset ${variable}.`);
  }
  const found = chosen || findOnPath(name);
  return ok(`${name} command`, found ?? 'not on PATH; `mammoflow up` uses a copy of its own');
}

/** What is set in this shell and leads away from the services that run here, or is set and does not matter to them. */
async function checkEnvironment(dataFolder: string): Promise<Finding[]> {
  const elsewhere = await passingOver(dataFolder);
  if (elsewhere.length > 0) {
    return [
      warn(
        'environment',
        `${elsewhere.join(', ')} ${elsewhere.length === 1 ? 'leads' : 'lead'} elsewhere than to the services that run on ${resolve(dataFolder)}.`,
        'Unset what you do not mean, as `eval "$(mammoflow env)"` does.',
      ),
    ];
  }
  if ((await readRunningState(resolve(dataFolder))) === undefined) return [];
  const idle = Object.keys(process.env).filter((name) => leadsElsewhere(name) && !OURS.test(name));
  return idle.length === 0
    ? []
    : [ok('environment', `set, and not obeyed by the services that run here: ${idle.sort().join(', ')}`)];
}

/** The disks of the data folder and of the workers' cache, where that is another one. */
async function checkDisks(dataFolder: string): Promise<Finding[]> {
  const data = existing(resolve(dataFolder));
  const cache = existing(resolve(process.env.MAMMOFLOW_CACHE || join(dataFolder, 'cache')));
  const [one, other] = await Promise.all([stat(data), stat(cache)]);
  const found = [await checkDisk('disk', data, 'or choose a data folder on a larger disk with --data')];
  if (one.dev !== other.dev) {
    found.push(await checkDisk('disk of the cache', cache, 'or choose another folder with --cache or MAMMOFLOW_CACHE'));
  }
  return found;
}

/** The folder, or the one above it that is there. */
function existing(folder: string): string {
  return existsSync(folder) ? folder : existing(dirname(folder));
}

async function checkDisk(check: string, folder: string, otherwise: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const detail = `${(free / 1e9).toFixed(1)} GB free in ${folder}`;
  const next = `Free some space, ${otherwise}.`;
  if (free < NO_DISK_BYTES) return fail(check, detail, next);
  return free < LITTLE_DISK_BYTES ? warn(check, detail, next) : ok(check, detail);
}

async function checkS3(settings: ConnectionSettings): Promise<Finding[]> {
  const { s3, bucket } = settings;
  const client = new S3Client({ maxAttempts: 2, ...s3.config });
  let serverTime: number | undefined;
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { headers } = result.response as { headers?: Record<string, string> };
      if (headers?.date !== undefined) serverTime = Date.parse(headers.date);
      return result;
    },
    { step: 'deserialize', name: 'readServerTime' },
  );
  try {
    await client.send(new HeadBucketCommand({ Bucket: bucket }));
    const { Status } = await client.send(new GetBucketVersioningCommand({ Bucket: bucket }));
    const versioning =
      Status === 'Enabled'
        ? ok('bucket versioning', 'enabled')
        : fail(
            'bucket versioning',
            `is ${Status ?? 'off'} on ${bucket}: earlier results could not be brought back.`,
            `Enable it: aws s3api put-bucket-versioning --bucket ${bucket} --versioning-configuration Status=Enabled`,
          );
    return [
      ok('s3', `bucket ${bucket} answers`),
      versioning,
      await checkLifecycle(client, bucket, await stageNames(settings)),
      checkClock(serverTime),
    ];
  } catch (error) {
    return [
      fail(
        's3',
        `The bucket ${bucket} cannot be reached: ${reasonOf(error)}.`,
        'Check that it exists, the endpoint, and that the credentials may read it.',
      ),
    ];
  } finally {
    client.destroy();
  }
}

const stageNames = async (settings: ConnectionSettings): Promise<string[]> =>
  (await openLocalSession(settings).stages()).map(({ name }) => name);

async function checkLifecycle(client: S3Client, bucket: string, stages: readonly string[]): Promise<Finding> {
  let rules: LifecycleRule[];
  try {
    rules = (await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket: bucket }))).Rules ?? [];
  } catch (error) {
    // No rules at all, or a server that knows none (501), is what we want.
    const { name, $metadata } = error as { name: string; $metadata?: { httpStatusCode?: number } };
    if (name === 'NoSuchLifecycleConfiguration' || $metadata?.httpStatusCode === 501) {
      return ok('bucket lifecycle', 'no rule expires versions');
    }
    return warn(
      'bucket lifecycle',
      `The rules cannot be read: ${reasonOf(error)}.`,
      'See for yourself that none expires versions, or allow s3:GetLifecycleConfiguration.',
    );
  }
  return judgeLifecycle(rules, stages);
}

/** Whether rules of a bucket expire versions of keys that mammoflow uses. A rule for `inbox/` alone is its owner's affair. */
export function judgeLifecycle(rules: readonly LifecycleRule[], stages: readonly string[]): Finding {
  const ours = ['.mammoflow/', ...INPUT_REPOS.map((repo) => `${repo}/`), ...stages.map((name) => `${name}/`)];
  const expiring = rules.filter(({ Status, Expiration, NoncurrentVersionExpiration, Filter, Prefix }) => {
    const prefix = Filter?.And?.Prefix ?? Filter?.Prefix ?? Prefix ?? '';
    return (
      Status === 'Enabled' &&
      (NoncurrentVersionExpiration !== undefined || Expiration?.Days !== undefined || Expiration?.Date !== undefined) &&
      ours.some((one) => one.startsWith(prefix) || prefix.startsWith(one))
    );
  });
  if (expiring.length === 0) return ok('bucket lifecycle', 'no rule expires versions');
  const names = expiring.map(({ ID }) => ID ?? 'without a name').join(', ');
  return warn(
    'bucket lifecycle',
    `Rules expire versions that commits refer to: ${names}.`,
    'Remove them, or limit them to prefixes that mammoflow does not use.',
  );
}

function checkClock(serverTime: number | undefined): Finding {
  if (serverTime === undefined) return ok('clock', 'the S3 server does not tell its time');
  const offBy = Math.abs(Date.now() - serverTime);
  const detail = `${(offBy / 1000).toFixed(0)} s from the S3 server's`;
  const next = 'Let the machines set their clocks by NTP.';
  if (offBy > CLOCK_OFF_MS) return fail('clock', detail, next);
  return offBy > CLOCK_DRIFTS_MS ? warn('clock', detail, next) : ok('clock', detail);
}

/** Only the embedded one is known here. Without it uploads are still taken in, a little later. */
async function checkReceiver(dataFolder: string): Promise<Finding[]> {
  const receiver = (await readRunningState(resolve(dataFolder)))?.receiver;
  if (receiver === undefined) return [];
  try {
    const status = await receiverHealth(receiver.address);
    if (status === 'ok') return [ok('receiver', `hears of uploads on ${receiver.address}`)];
    return [warn('receiver', `is ${status}.`, 'Uploads are taken in when Temporal answers again: see above.')];
  } catch (error) {
    return [
      warn(
        'receiver',
        `${receiver.address} does not answer (${reasonOf(error)}), restarted ${receiver.restarts} times.`,
        'It is started again by itself: if this stays, look into logs/receiver.log in the data folder.',
      ),
    ];
  }
}

/** None when the bucket cannot be read, which is a finding of its own. */
async function queuesOfStages(settings: ConnectionSettings): Promise<StageQueue[]> {
  const session = openLocalSession(settings);
  try {
    return await stageQueues(session.repository);
  } catch {
    return [];
  } finally {
    await session.close();
  }
}

/** What somebody has come across; `verify` looks for it. */
async function checkDamage(settings: ConnectionSettings): Promise<Finding[]> {
  const session = openLocalSession(settings);
  try {
    const found = await knownDamage(session.repository);
    if (found.length === 0) return [ok('damage', 'none is known; `mammoflow verify --deep` looks at every byte')];
    return found.map(({ branch, count, first }) =>
      warn(
        'damage',
        `${count} ${count === 1 ? 'object' : 'objects'} of ${branch} damaged or gone: ${first.replace(/\.$/, '')}.`,
        `Mend it: mammoflow verify ${branch} --deep --repair`,
      ),
    );
  } catch (error) {
    // A bucket that cannot be reached is a finding of its own.
    if (!(error instanceof MammoflowError) || error.code === 'service-unavailable') return [];
    return [warn('damage', error.sentence, 'See `mammoflow verify --deep --repair`.')];
  } finally {
    await session.close();
  }
}

async function checkTemporal({ temporal }: ConnectionSettings, ofStages: readonly StageQueue[]): Promise<Finding[]> {
  const { address } = temporal.connection;
  let connection: Connection | undefined;
  try {
    connection = await Connection.connect({ ...temporal.connection, connectTimeout: 5000 });
    await connection.workflowService.describeNamespace({ namespace: temporal.namespace });
    const client = new Client({ connection, namespace: temporal.namespace });
    return [
      ok('temporal', `namespace ${temporal.namespace} at ${address} answers`),
      await checkSearchAttributes(connection, temporal.namespace),
      ...(await checkQueues(client, ofStages)),
      await checkSchedule(client),
    ];
  } catch (error) {
    const next = 'Check TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE and the credentials, or start it with `mammoflow up`.';
    return [
      fail(
        'temporal',
        `The namespace ${temporal.namespace} at ${address} cannot be reached: ${reasonOf(error)}.`,
        next,
      ),
    ];
  } finally {
    await connection?.close();
  }
}

async function checkSearchAttributes(connection: Connection, namespace: string): Promise<Finding> {
  try {
    const missing = await missingSearchAttributes(connection, namespace);
    if (missing.length === 0) return ok('search attributes', 'all registered');
    const flags = missing.map((name) => `--name ${name} --type ${SEARCH_ATTRIBUTES[name]}`).join(' ');
    return fail(
      'search attributes',
      `${missing.join(', ')} not registered: jobs cannot be started.`,
      `Register: temporal operator search-attribute create --namespace ${namespace} ${flags}`,
    );
  } catch (error) {
    return warn(
      'search attributes',
      `They cannot be listed: ${reasonOf(error)}.`,
      'See in the Temporal UI that they are there.',
    );
  }
}

/** What finds uploads that no event told of. */
async function checkSchedule(client: Client): Promise<Finding> {
  const scheduleId = inboxScheduleId(DEFAULT_BRANCH);
  try {
    const { spec, state } = await client.schedule.getHandle(scheduleId).describe();
    const seconds = (spec.intervals?.[0]?.every ?? 0) / 1000;
    if (!state.paused) return ok('inbox', `looked into every ${seconds} s`);
    return warn(
      'inbox',
      'Its schedule is paused: an upload whose event is lost is not taken in.',
      `Go on with: temporal schedule toggle --schedule-id ${scheduleId} --unpause`,
    );
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) {
      return warn(
        'inbox',
        `Its schedule cannot be read: ${reasonOf(error)}.`,
        'See in the Temporal UI that it is there.',
      );
    }
    return warn(
      'inbox',
      'No schedule looks into it, so uploads are not taken in by themselves.',
      'Start a receiver, which sets it up: mammoflow receive --webhook or --sqs <queue-url>.',
    );
  }
}

function checkQueues(client: Client, ofStages: readonly StageQueue[]): Promise<Finding[]> {
  const check = async (queue: string, uses: string, next: string): Promise<Finding> => {
    const workers = await aliveWorkers(client, [queue]);
    if (workers.length > 0) return ok(queue, workers.map(({ identity }) => identity).join(', '));
    return warn(queue, `Nobody serves it: no worker answered in the last 90 seconds${uses}.`, next);
  };
  return Promise.all([
    ...Object.entries(TASK_QUEUES).map(([role, queue]) =>
      check(queue, '', `Start one: mammoflow worker --role ${role} (or \`mammoflow up\`).`),
    ),
    ...ofStages.map(({ queue, uses }) => {
      const [stage = ''] = uses.map((use) => use.split(' ')[0]);
      return check(
        queue,
        `, and jobs send ${uses.join(', ')} there`,
        `Start one: mammoflow worker --role <its class> --stage ${stage} --queue ${queue}`,
      );
    }),
  ]);
}
