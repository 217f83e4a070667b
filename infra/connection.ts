import { resolve } from 'node:path';
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import type { ConnectionOptions } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { NativeConnectionOptions } from '@temporalio/worker';
import { z } from 'zod';
import { MammoflowError } from '../pipeline/errors.js';
import { readCredentials, type S3Credentials } from './dev/s3-credentials.js';
import { embeddedS3Config } from './dev/s3-server.js';
import { readRunningState, type StackState } from './dev/state.js';
import { awsThroughProxy, proxyFor, setProxyOfTemporalClients, temporalProxy, WITHOUT_PROXY } from './proxy.js';

/** Where a setting comes from: the environment or a profile, or the services that `mammoflow up` runs. */
export type SettingsSource = 'environment' | 'embedded';

/** What the connections of clients (`Connection`) and of workers (`NativeConnection`) take. */
export type TemporalConnectionOptions = Pick<NativeConnectionOptions, 'apiKey' | 'tls' | 'metadata' | 'proxy'> &
  Pick<ConnectionOptions, 'channelArgs'> & { readonly address: string };

/** One setting, for people: what it is, its value (never a secret), and what it comes from. */
export interface Origin {
  readonly setting: string;
  readonly value: string;
  readonly from: string;
}

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
  /** Where each of them comes from. */
  readonly origins: readonly Origin[];
}

const START_IT = 'Start the embedded services with `mammoflow up`';

/** An empty variable counts as not set, as in the AWS SDK and the Temporal CLI. */
const unlessEmpty = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((value) => (value === '' ? undefined : value), schema.optional());
const variable = unlessEmpty(z.string());
const url = unlessEmpty(z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }));
const bucketName = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
    'must be a bucket name (3 to 63 lower-case letters, digits, "-" or ".")',
  );
const environmentSchema = z.object({
  AWS_ENDPOINT_URL_S3: url,
  AWS_ENDPOINT_URL: url,
  AWS_REGION: variable,
  AWS_DEFAULT_REGION: variable,
  MAMMOFLOW_BUCKET: unlessEmpty(bucketName),
  TEMPORAL_ADDRESS: variable,
  TEMPORAL_NAMESPACE: variable,
  TEMPORAL_PROFILE: variable,
  TEMPORAL_CONFIG_FILE: variable,
});
type Environment = z.infer<typeof environmentSchema>;

/** The services that run on a data folder, with what is needed to use them. */
interface Embedded {
  readonly folder: string;
  readonly temporal: NonNullable<StackState['temporal']>;
  readonly s3: NonNullable<StackState['s3']> & { readonly credentials: S3Credentials };
}

async function embeddedOn(folder: string): Promise<Embedded | undefined> {
  const { temporal, s3 } = (await readRunningState(folder)) ?? {};
  if (temporal === undefined || s3 === undefined) return undefined;
  const credentials = await readCredentials(folder);
  return credentials === undefined ? undefined : { folder, temporal, s3: { ...s3, credentials } };
}

/** The variables that lead to another Temporal and to another S3 than the services that run. */
interface Elsewhere {
  readonly temporal: readonly string[];
  readonly s3: readonly string[];
}

function elsewhere(variables: Environment, { temporal, s3 }: Embedded): Elsewhere {
  const { TEMPORAL_ADDRESS, TEMPORAL_PROFILE, TEMPORAL_CONFIG_FILE } = variables;
  const endpoint = variables.AWS_ENDPOINT_URL_S3 === undefined ? 'AWS_ENDPOINT_URL' : 'AWS_ENDPOINT_URL_S3';
  const differs = (value: string | undefined, embedded?: string): boolean => value !== undefined && value !== embedded;
  const names = (found: Readonly<Record<string, boolean>>): string[] =>
    Object.keys(found).filter((name) => found[name] === true);
  return {
    // A profile tells nothing where the address is given, unless that leads elsewhere too.
    temporal:
      TEMPORAL_ADDRESS === temporal.address
        ? []
        : names({
            TEMPORAL_ADDRESS: differs(TEMPORAL_ADDRESS),
            TEMPORAL_PROFILE: differs(TEMPORAL_PROFILE),
            TEMPORAL_CONFIG_FILE: differs(TEMPORAL_CONFIG_FILE),
          }),
    s3: names({
      [endpoint]: differs(variables[endpoint], s3.endpoint),
      MAMMOFLOW_BUCKET: differs(variables.MAMMOFLOW_BUCKET, s3.bucket),
    }),
  };
}

/**
 * The variables of an environment that lead every verb elsewhere although services run on the data folder.
 *
 * @returns names; empty where none runs
 * @throws MammoflowError `invalid-configuration` for a variable that cannot be right
 */
export async function passingOver(
  dataFolder: string,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<readonly string[]> {
  const embedded = await embeddedOn(resolve(dataFolder));
  if (embedded === undefined) return [];
  const { temporal, s3 } = elsewhere(parseEnvironment(environment), embedded);
  return [...temporal, ...s3];
}

function parseEnvironment(environment: NodeJS.ProcessEnv): Environment {
  const parsed = environmentSchema.safeParse(environment);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  const name = String(path[0]);
  throw new MammoflowError('invalid-configuration', `${name}=${environment[name]} ${message}.`, 'Correct or unset it.');
}

/**
 * Where Temporal and S3 are, for every verb and worker.
 *
 * Where services run on the data folder, these, with settings of their own: no variable of the AWS SDK, of Temporal or
 * of a proxy is obeyed. Only the variables below lead elsewhere, and only for both of Temporal and S3 together: a job
 * on one half and a bucket on the other would wait for ever.
 *
 * Temporal: `TEMPORAL_ADDRESS`, `TEMPORAL_PROFILE` or `TEMPORAL_CONFIG_FILE` (read by `@temporalio/envconfig` with all
 * other `TEMPORAL_*` variables), else the default profile of the Temporal TOML file if it has an address.
 *
 * S3: `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL` or `MAMMOFLOW_BUCKET`, and the AWS SDK's own chain for credentials and
 * region. The bucket is `MAMMOFLOW_BUCKET`, by default `mammoflow`. Proxies: `proxyFor`.
 *
 * @throws MammoflowError `invalid-configuration` for a variable that cannot be right or leads only one of both away
 *   from the services that run, `service-unavailable` if there is neither configuration nor a running stack
 */
export async function connectionSettings(
  options: { dataFolder?: string; environment?: NodeJS.ProcessEnv } = {},
): Promise<ConnectionSettings> {
  const { dataFolder = '.mammoflow', environment = process.env } = options;
  const variables = parseEnvironment(environment);
  const folder = resolve(dataFolder);
  const embedded = await embeddedOn(folder);
  if (embedded !== undefined) {
    const { temporal, s3 } = elsewhere(variables, embedded);
    if (temporal.length === 0 && s3.length === 0) return embeddedSettings(embedded);
    if (temporal.length === 0 || s3.length === 0) {
      const [names, away, here, also] =
        s3.length === 0
          ? [temporal, 'Temporal', 'S3', 'MAMMOFLOW_BUCKET (and AWS_ENDPOINT_URL_S3)']
          : [s3, 'S3', 'Temporal', 'TEMPORAL_ADDRESS'];
      throw new MammoflowError(
        'invalid-configuration',
        `${names.join(' and ')} ${names.length === 1 ? 'leads' : 'lead'} to another ${away} than that of the services on ${folder}, whose ${here} would be used with it.`,
        `Unset ${names.join(' and ')}, as \`eval "$(mammoflow env)"\` does, or set ${also} too.`,
      );
    }
  }
  const temporal = temporalSettings(environment, folder);
  const s3 = s3Settings(variables, environment, folder);
  return {
    temporal: temporal.settings,
    s3: { source: 'environment', config: s3.config },
    bucket: s3.bucket,
    origins: [...temporal.origins, ...s3.origins],
  };
}

function embeddedSettings({ folder, temporal, s3 }: Embedded): ConnectionSettings {
  const { address, namespace, ui } = temporal;
  const { endpoint, region, bucket, credentials } = s3;
  const from = `the services that run on ${folder}`;
  return {
    temporal: { source: 'embedded', connection: { address, ...WITHOUT_PROXY }, namespace, ui },
    s3: {
      source: 'embedded',
      config: embeddedS3Config({ endpoint, region, ...credentials }),
    },
    bucket,
    origins: [
      { setting: 'Temporal', value: `${address}, namespace ${namespace}`, from },
      { setting: 'S3', value: endpoint, from },
      { setting: 'bucket', value: bucket, from },
    ],
  };
}

function temporalSettings(
  environment: NodeJS.ProcessEnv,
  folder: string,
): { settings: ConnectionSettings['temporal']; origins: Origin[] } {
  const { connectionOptions, namespace = 'default' } = temporalProfile(environment);
  const { address, apiKey, tls, metadata } = connectionOptions;
  if (address === undefined) {
    throw new MammoflowError(
      'service-unavailable',
      `No Temporal service is configured, and none runs on ${folder}.`,
      `${START_IT}, or set TEMPORAL_ADDRESS.`,
    );
  }
  const scheme = tls === undefined || tls === false ? 'http' : 'https';
  const target = `${scheme}://${address}`;
  const proxy = URL.canParse(target) ? proxyFor(new URL(target), environment, ['grpc_proxy']) : undefined;
  if (proxy !== undefined && environment === process.env) setProxyOfTemporalClients(proxy);
  const connection = {
    address,
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(tls === undefined ? {} : { tls }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(proxy === undefined ? WITHOUT_PROXY : temporalProxy(proxy)),
  };
  const profile = `the profile ${environment.TEMPORAL_PROFILE || 'default'}`;
  const orProfile = (...names: string[]) => names.find((name) => environment[name]) ?? profile;
  const origins = [
    { setting: 'Temporal', value: address, from: orProfile('TEMPORAL_ADDRESS') },
    {
      setting: 'namespace',
      value: namespace,
      from:
        namespace === 'default' && !environment.TEMPORAL_NAMESPACE
          ? 'nothing else said'
          : orProfile('TEMPORAL_NAMESPACE'),
    },
    ...(apiKey === undefined ? [] : [{ setting: 'API key', value: '(secret)', from: orProfile('TEMPORAL_API_KEY') }]),
    ...(scheme === 'http' ? [] : [{ setting: 'TLS', value: 'on', from: tlsOrigin(environment, profile) }]),
    ...(proxy === undefined ? [] : [{ setting: 'proxy to Temporal', value: proxy.url.origin, from: proxy.variable }]),
  ];
  return { settings: { source: 'environment', connection, namespace }, origins };
}

function tlsOrigin(environment: NodeJS.ProcessEnv, profile: string): string {
  const names = Object.keys(environment).filter((name) => /^TEMPORAL_TLS/.test(name) && environment[name]);
  return names.length > 0 ? names.join(', ') : environment.TEMPORAL_API_KEY ? 'TEMPORAL_API_KEY' : profile;
}

function temporalProfile(environment: NodeJS.ProcessEnv): ReturnType<typeof loadClientConnectConfig> {
  const set = Object.entries(environment).filter((entry): entry is [string, string] => !!entry[1]);
  const overrideEnvVars = Object.fromEntries(set);
  try {
    return loadClientConnectConfig({ overrideEnvVars });
  } catch (error) {
    // What envconfig 1.24 makes of a file without any profile, an empty one for instance.
    const noProfiles = error instanceof TypeError && !environment.TEMPORAL_PROFILE;
    if (noProfiles) return loadClientConnectConfig({ overrideEnvVars, disableFile: true });
    throw new MammoflowError(
      'invalid-configuration',
      `The Temporal configuration cannot be read: ${(error as Error).message}.`,
      'Correct the TEMPORAL_* variables or the profile (https://docs.temporal.io/develop/environment-configuration).',
      { cause: error },
    );
  }
}

function s3Settings(
  variables: Environment,
  environment: NodeJS.ProcessEnv,
  folder: string,
): { config: S3ClientConfig; bucket: string; origins: Origin[] } {
  const { MAMMOFLOW_BUCKET, AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL } = variables;
  const endpoint = AWS_ENDPOINT_URL_S3 ?? AWS_ENDPOINT_URL;
  if (endpoint === undefined && MAMMOFLOW_BUCKET === undefined) {
    throw new MammoflowError(
      'service-unavailable',
      `No S3 service is configured, and none runs on ${folder}.`,
      `${START_IT}, or set MAMMOFLOW_BUCKET, and AWS_ENDPOINT_URL_S3 for a server other than AWS.`,
    );
  }
  const bucket = MAMMOFLOW_BUCKET ?? 'mammoflow';
  const region = variables.AWS_REGION ?? variables.AWS_DEFAULT_REGION;
  const host = endpoint ?? `https://${bucket}.s3.${region ?? 'us-east-1'}.amazonaws.com`;
  const proxy = proxyFor(new URL(host), environment);
  const first = (...names: string[]) => names.find((name) => environment[name]);
  return {
    bucket,
    config: {
      // Servers other than AWS rarely answer to a host name for every bucket, and most take any region.
      ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true, region: 'us-east-1' }),
      ...(region === undefined ? {} : { region }),
      ...(environment === process.env ? {} : signInOf(environment)),
      ...(proxy === undefined ? {} : awsThroughProxy(proxy)),
    },
    origins: [
      {
        setting: 'S3',
        value: endpoint ?? 'AWS',
        from: first('AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL') ?? 'nothing else said',
      },
      { setting: 'bucket', value: bucket, from: first('MAMMOFLOW_BUCKET') ?? 'nothing else said' },
      {
        setting: 'S3 credentials',
        value: '(secret)',
        // As the SDK's own chain goes: a profile that is named wins over keys.
        from: first('AWS_PROFILE', 'AWS_ACCESS_KEY_ID') ?? "the AWS SDK's own chain (files, roles)",
      },
      ...(region === undefined
        ? []
        : [{ setting: 'region', value: region, from: first('AWS_REGION', 'AWS_DEFAULT_REGION') as string }]),
      ...(proxy === undefined ? [] : [{ setting: 'proxy to S3', value: proxy.url.origin, from: proxy.variable }]),
    ],
  };
}

/** How to sign in as another environment says: the SDK's own chain reads this process's variables only. */
function signInOf(environment: NodeJS.ProcessEnv): Pick<S3ClientConfig, 'credentials' | 'profile'> {
  const { AWS_PROFILE: profile, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = environment;
  if (profile) return { profile };
  if (!accessKeyId || !secretAccessKey) return {};
  const { AWS_SESSION_TOKEN: sessionToken } = environment;
  return { credentials: { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) } };
}
