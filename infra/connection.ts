import { resolve } from 'node:path';
import type { S3ClientConfig } from '@aws-sdk/client-s3';

import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { NativeConnectionOptions } from '@temporalio/worker';
import { z } from 'zod';
import { MammoflowError } from '../pipeline/errors.js';
import { readCredentials } from './dev/s3-credentials.js';
import { readRunningState, type StackState } from './dev/state.js';

/** Where a setting comes from: the environment or a profile, or the services that `mammoflow up` runs. */
export type SettingsSource = 'environment' | 'embedded';

/** What the connections of clients (`Connection`) and of workers (`NativeConnection`) both take. */
export type TemporalConnectionOptions = Pick<NativeConnectionOptions, 'apiKey' | 'tls' | 'metadata'> & {
  readonly address: string;
};

/** What a client needs to reach Temporal and S3. */
export interface ConnectionSettings {
  readonly temporal: {
    readonly source: SettingsSource;
    readonly connection: TemporalConnectionOptions;
    readonly namespace: string;
    /** The Web UI, where it is known. */
    readonly ui?: string;
  };
  readonly s3: { readonly source: SettingsSource; readonly config: S3ClientConfig };
  readonly bucket: string;
}

const START_IT = 'Start the embedded services with `mammoflow up`';

/** An empty variable counts as not set, as in the AWS SDK and the Temporal CLI. */
const variable = z.preprocess((value) => (value === '' ? undefined : value), z.string().optional());
const url = z.preprocess(
  (value) => (value === '' ? undefined : value),
  z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }).optional(),
);
const environmentSchema = z.object({
  AWS_ENDPOINT_URL_S3: url,
  AWS_ENDPOINT_URL: url,
  AWS_REGION: variable,
  AWS_DEFAULT_REGION: variable,
  MAMMOFLOW_BUCKET: z.preprocess(
    (value) => (value === '' ? undefined : value),
    z
      .string()
      .regex(
        /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
        'must be a bucket name (3 to 63 lower-case letters, digits, "-" or ".")',
      )
      .optional(),
  ),
  TEMPORAL_ADDRESS: variable,
  TEMPORAL_NAMESPACE: variable,
  TEMPORAL_PROFILE: variable,
  TEMPORAL_CONFIG_FILE: variable,
});
type Environment = z.infer<typeof environmentSchema>;

/**
 * Where Temporal and S3 are, for every verb and worker.
 *
 * Temporal: `TEMPORAL_ADDRESS`, `TEMPORAL_PROFILE` or `TEMPORAL_CONFIG_FILE` (read by `@temporalio/envconfig` with all
 * other `TEMPORAL_*` variables), else the running embedded services, else the default profile of the Temporal TOML
 * file if it has an address.
 *
 * S3: if `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL` or `MAMMOFLOW_BUCKET` is set, that and the AWS SDK's own chain for
 * credentials and region; else the running embedded services. The bucket is `MAMMOFLOW_BUCKET`, by default
 * `mammoflow`.
 *
 * @throws MammoflowError `invalid-configuration` for a variable that cannot be right, `service-unavailable` if there
 *   is neither configuration nor a running stack
 */
export async function connectionSettings(
  options: { dataFolder?: string; environment?: NodeJS.ProcessEnv } = {},
): Promise<ConnectionSettings> {
  const { dataFolder = '.mammoflow', environment = process.env } = options;
  const parsed = environmentSchema.safeParse(environment);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    const name = String(path[0]);
    throw new MammoflowError(
      'invalid-configuration',
      `${name}=${environment[name]} ${message}.`,
      'Correct or unset it.',
    );
  }
  const folder = resolve(dataFolder);
  const running = await readRunningState(folder);
  return {
    temporal: temporalSettings(parsed.data, environment, running, folder),
    ...(await s3Settings(parsed.data, running, folder)),
  };
}

function temporalSettings(
  variables: Environment,
  environment: NodeJS.ProcessEnv,
  running: StackState | undefined,
  folder: string,
): ConnectionSettings['temporal'] {
  const explicit = variables.TEMPORAL_ADDRESS ?? variables.TEMPORAL_PROFILE ?? variables.TEMPORAL_CONFIG_FILE;
  if (explicit === undefined && running?.temporal !== undefined) {
    const { address, namespace, ui } = running.temporal;
    return { source: 'embedded', connection: { address }, namespace: variables.TEMPORAL_NAMESPACE ?? namespace, ui };
  }
  const { connectionOptions, namespace = 'default' } = temporalProfile(environment);
  const { address, apiKey, tls, metadata } = connectionOptions;
  if (address === undefined) {
    throw new MammoflowError(
      'service-unavailable',
      `No Temporal service is configured, and none runs on ${folder}.`,
      `${START_IT}, or set TEMPORAL_ADDRESS.`,
    );
  }
  const connection = {
    address,
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(tls === undefined ? {} : { tls }),
    ...(metadata === undefined ? {} : { metadata }),
  };
  return { source: 'environment', connection, namespace };
}

function temporalProfile(environment: NodeJS.ProcessEnv): ReturnType<typeof loadClientConnectConfig> {
  const set = Object.entries(environment).filter((entry): entry is [string, string] => !!entry[1]);
  try {
    return loadClientConnectConfig({ overrideEnvVars: Object.fromEntries(set) });
  } catch (error) {
    throw new MammoflowError(
      'invalid-configuration',
      `The Temporal configuration cannot be read: ${(error as Error).message}.`,
      'Correct the TEMPORAL_* variables or the profile (https://docs.temporal.io/develop/environment-configuration).',
      { cause: error },
    );
  }
}

async function s3Settings(
  variables: Environment,
  running: StackState | undefined,
  folder: string,
): Promise<Pick<ConnectionSettings, 's3' | 'bucket'>> {
  const endpoint = variables.AWS_ENDPOINT_URL_S3 ?? variables.AWS_ENDPOINT_URL;
  if (endpoint !== undefined || variables.MAMMOFLOW_BUCKET !== undefined) {
    const region = variables.AWS_REGION ?? variables.AWS_DEFAULT_REGION;
    return {
      bucket: variables.MAMMOFLOW_BUCKET ?? 'mammoflow',
      s3: {
        source: 'environment',
        config:
          endpoint === undefined
            ? { ...(region === undefined ? {} : { region }) }
            : // Servers other than AWS rarely answer to a host name for every bucket, and most take any region.
              { endpoint, forcePathStyle: true, region: region ?? 'us-east-1' },
      },
    };
  }
  const credentials = running?.s3 === undefined ? undefined : await readCredentials(folder);
  if (running?.s3 === undefined || credentials === undefined) {
    throw new MammoflowError(
      'service-unavailable',
      `No S3 service is configured, and none runs on ${folder}.`,
      `${START_IT}, or set MAMMOFLOW_BUCKET, and AWS_ENDPOINT_URL_S3 for a server other than AWS.`,
    );
  }
  return {
    bucket: running.s3.bucket,
    s3: {
      source: 'embedded',
      config: { endpoint: running.s3.endpoint, region: running.s3.region, credentials, forcePathStyle: true },
    },
  };
}
