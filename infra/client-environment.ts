import { existsSync } from 'node:fs';
import { delimiter } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { type ConnectionSettings, connectionSettings } from './connection.js';
import { programEnvironment, programsFolder, setsProxy } from './dev/program-environment.js';
import { readRunningState } from './dev/state.js';

/** What a shell has to do so that any S3 client and the Temporal CLI reach the same services as mammoflow. */
export interface ClientEnvironment {
  readonly set: Readonly<Record<string, string>>;
  /** Variables that are set and would lead elsewhere. */
  readonly unset: readonly string[];
}

/** Of the AWS SDKs and the AWS CLI: what wins over the variables that are set, or goes with other keys. */
const AWS_IN_THE_WAY =
  /^AWS_(PROFILE|DEFAULT_PROFILE|SESSION_TOKEN|SECURITY_TOKEN|ENDPOINT_URL|IGNORE_CONFIGURED_ENDPOINT_URLS|USE_FIPS_ENDPOINT|USE_DUALSTACK_ENDPOINT)$/;
/** Addresses that no proxy is to be asked for. */
const THIS_MACHINE = '127.0.0.1';

/**
 * The services that run on the data folder, whatever the environment leads to; where none runs, the settings in use.
 *
 * @throws MammoflowError as `connectionSettings` does
 */
export async function clientEnvironment(
  dataFolder: string,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<ClientEnvironment> {
  const running = (await readRunningState(dataFolder)) !== undefined;
  const settings = await connectionSettings({ dataFolder, environment: running ? {} : environment });
  const set = await variablesOf(settings);
  if (!running) return { set, unset: [] };
  const own = programEnvironment(dataFolder, {}, {});
  const inTheWay = (name: string): boolean => AWS_IN_THE_WAY.test(name) || /^TEMPORAL_(?!CLI$)/.test(name);
  const exempt = environment.no_proxy || environment.NO_PROXY;
  const proxied = Object.keys(environment).some((name) => setsProxy(name) && environment[name]);
  const noProxy = [...(exempt ? [exempt] : []), ...(exempt?.includes(THIS_MACHINE) ? [] : [THIS_MACHINE])].join(',');
  const path = environment.PATH ?? '';
  const programs = programsFolder(dataFolder);
  return {
    set: {
      ...set,
      // The user's own file of Temporal profiles may add keys and TLS to an address that it knows nothing of.
      TEMPORAL_CONFIG_FILE: own.TEMPORAL_CONFIG_FILE as string,
      ...(proxied ? { no_proxy: noProxy, NO_PROXY: noProxy } : {}),
      ...(existsSync(programs)
        ? { PATH: path.split(delimiter)[0] === programs ? path : `${programs}${delimiter}${path}` }
        : {}),
    },
    unset: Object.keys(environment)
      .filter((name) => inTheWay(name) && !(name in set) && name !== 'TEMPORAL_CONFIG_FILE')
      .sort(),
  };
}

/** The settings as variables, with credentials and region as the AWS SDK finds them. */
async function variablesOf({ temporal, s3, bucket }: ConnectionSettings): Promise<Record<string, string>> {
  const client = new S3Client(s3.config);
  const { accessKeyId, secretAccessKey, sessionToken } = await client.config.credentials();
  const region = await client.config.region();
  const endpoint = s3.config.endpoint;
  client.destroy();
  return {
    AWS_ENDPOINT_URL_S3: typeof endpoint === 'string' ? endpoint : `https://s3.${region}.amazonaws.com`,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    ...(sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: sessionToken }),
    AWS_REGION: region,
    MAMMOFLOW_BUCKET: bucket,
    TEMPORAL_ADDRESS: temporal.connection.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
  };
}
