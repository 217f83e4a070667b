import {
  GetBucketLifecycleConfigurationCommand,
  GetBucketVersioningCommand,
  HeadBucketCommand,
  type LifecycleRule,
  S3Client,
} from '@aws-sdk/client-s3';
import { knownDamage } from '../../api/reading/known-damage.js';
import { openLocalSession } from '../../index.js';
import { INPUT_REPOS } from '../../pipeline/commit.js';
import { MammoflowError } from '../../pipeline/errors.js';
import type { ConnectionSettings } from '../connection.js';
import { type Finding, fail, ok, reasonOf, warn } from './finding.js';

/** S3 refuses a signature that is more than 15 minutes off; commits carry the time of the machine that made them. */
const CLOCK_OFF_MS = 5 * 60_000;
const CLOCK_DRIFTS_MS = 30_000;

export async function checkS3(settings: ConnectionSettings): Promise<Finding[]> {
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

/** What somebody has come across; `verify` looks for it. */
export async function checkDamage(settings: ConnectionSettings): Promise<Finding[]> {
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
