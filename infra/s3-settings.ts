import type { S3ClientConfig } from '@aws-sdk/client-s3';
import { MammoflowError } from '../pipeline/errors.js';
import type { Origin } from './origin.js';
import { awsThroughProxy, proxyFor } from './proxy.js';
import type { Variables } from './variables.js';

/**
 * S3 as the environment has it; what it says nothing of is left to the AWS SDK.
 *
 * @throws MammoflowError `service-unavailable` where it names neither endpoint nor bucket
 */
export function s3Settings(
  variables: Variables,
  environment: NodeJS.ProcessEnv,
  folder: string,
): { config: S3ClientConfig; bucket: string; origins: Origin[] } {
  const { MAMMOFLOW_BUCKET, AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL } = variables;
  const endpoint = AWS_ENDPOINT_URL_S3 ?? AWS_ENDPOINT_URL;
  if (endpoint === undefined && MAMMOFLOW_BUCKET === undefined) {
    throw new MammoflowError(
      'service-unavailable',
      `No S3 service is configured, and none runs on ${folder}.`,
      'Start the embedded services with `mammoflow up`, or set MAMMOFLOW_BUCKET, and AWS_ENDPOINT_URL_S3 for a server other than AWS.',
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
