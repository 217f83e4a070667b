import { resolve } from 'node:path';
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import { MammoflowError } from '../pipeline/errors.js';
import { embeddedS3Config } from './dev/s3-server.js';
import { type Embedded, elsewhere, embeddedOn } from './embedded.js';
import type { Origin } from './origin.js';
import { WITHOUT_PROXY } from './proxy.js';
import { s3Settings } from './s3-settings.js';
import { type TemporalConnectionOptions, temporalSettings } from './temporal-settings.js';
import { readVariables } from './variables.js';

/** Where a setting comes from: the environment or a profile, or the services that `mammoflow up` runs. */
export type SettingsSource = 'environment' | 'embedded';

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
  const { temporal, s3 } = elsewhere(readVariables(environment), embedded);
  return [...temporal, ...s3];
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
  const variables = readVariables(environment);
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
    temporal: { source: 'environment', connection: temporal.connection, namespace: temporal.namespace },
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
