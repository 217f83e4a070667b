import type { ConnectionOptions } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { NativeConnectionOptions } from '@temporalio/worker';
import { MammoflowError } from '../pipeline/errors.js';
import type { Origin } from './origin.js';
import { proxyFor, setProxyOfTemporalClients, temporalProxy, WITHOUT_PROXY } from './proxy.js';

/** What the connections of clients (`Connection`) and of workers (`NativeConnection`) take. */
export type TemporalConnectionOptions = Pick<NativeConnectionOptions, 'apiKey' | 'tls' | 'metadata' | 'proxy'> &
  Pick<ConnectionOptions, 'channelArgs'> & { readonly address: string };

/**
 * Temporal as the environment and its profiles have it.
 *
 * @throws MammoflowError `service-unavailable` where neither names an address, `invalid-configuration` for settings that
 *   cannot be read
 */
export function temporalSettings(
  environment: NodeJS.ProcessEnv,
  folder: string,
): { connection: TemporalConnectionOptions; namespace: string; origins: Origin[] } {
  const { connectionOptions, namespace = 'default' } = temporalProfile(environment);
  const { address, apiKey, tls, metadata } = connectionOptions;
  if (address === undefined) {
    throw new MammoflowError(
      'service-unavailable',
      `No Temporal service is configured, and none runs on ${folder}.`,
      'Start the embedded services with `mammoflow up`, or set TEMPORAL_ADDRESS.',
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
  return { connection, namespace, origins };
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
