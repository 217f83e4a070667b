import { BlockList, isIP } from 'node:net';
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import type { NativeConnectionOptions } from '@temporalio/worker';
import { HttpProxyAgent } from 'http-proxy-agent';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { MammoflowError } from '../pipeline/errors.js';

/*
 * A proxy as the only way out. Of what mammoflow is built on, Temporal's client (grpc-js) reads some of the variables,
 * its workers (Rust) and the AWS SDK none: so they are read here, once, and every connection is told.
 */

/** The proxy for one address, and the variable that says so. */
export interface Proxy {
  readonly url: URL;
  readonly variable: string;
}

/** As many as the object store opens without a proxy. */
const CONNECTIONS = 64;

/**
 * The proxy that the environment has for an address, as curl and Go's programs (the Temporal CLI) understand the
 * variables: `https_proxy` or `http_proxy` by the address' own scheme, else `all_proxy`, in lower case first; none for
 * this machine, nor for what `no_proxy` lists (hosts with their subdomains, `host:port`, addresses, CIDR ranges, `*`).
 *
 * @param target `http:` or `https:`
 * @param before variables that win, e.g. gRPC's own `grpc_proxy`
 * @throws MammoflowError `invalid-configuration` naming a variable that holds no http or https URL
 */
export function proxyFor(
  target: URL,
  environment: NodeJS.ProcessEnv,
  before: readonly string[] = [],
): Proxy | undefined {
  if (isLoopback(target.hostname) || listed(target, environment.no_proxy || environment.NO_PROXY || ''))
    return undefined;
  const usual = [`${target.protocol.slice(0, -1)}_proxy`, 'all_proxy'].flatMap((name) => [name, name.toUpperCase()]);
  const variable = [...before, ...usual].find((name) => environment[name]);
  if (variable === undefined) return undefined;
  const text = environment[variable] as string;
  const spelled = text.includes('://') ? text : `http://${text}`;
  if (!URL.canParse(spelled) || !/^https?:$/.test(new URL(spelled).protocol)) {
    throw new MammoflowError(
      'invalid-configuration',
      `${variable}=${text} is not the URL of an http or https proxy.`,
      'Correct or unset it.',
    );
  }
  return { url: new URL(spelled), variable };
}

const isLoopback = (host: string): boolean => host === 'localhost' || host === '[::1]' || /^127\./.test(host);

function listed(target: URL, noProxy: string): boolean {
  const host = target.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const port = target.port || (target.protocol === 'https:' ? '443' : '80');
  return noProxy
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean)
    .some((entry) => {
      if (entry === '*') return true;
      const [, network, prefix] = /^(.+)\/(\d+)$/.exec(entry) ?? [];
      if (network !== undefined && isIP(network) !== 0) {
        const range = new BlockList();
        const family = isIP(network) === 6 ? 'ipv6' : 'ipv4';
        range.addSubnet(network, Math.min(Number(prefix), family === 'ipv6' ? 128 : 32), family);
        return isIP(host) === isIP(network) && range.check(host, family);
      }
      const [, name = entry, only] = /^([^:]+):(\d+)$/.exec(entry) ?? [];
      const suffix = name.replace(/^\*?\.?/, '');
      return (only === undefined || only === port) && (host === suffix || host.endsWith(`.${suffix}`));
    });
}

type AwsThroughProxy = Required<Pick<S3ClientConfig, 'requestHandler'>>;

/** What AWS clients need to go through a proxy. */
export function awsThroughProxy({ url }: Proxy): AwsThroughProxy {
  const options = { keepAlive: true, maxSockets: CONNECTIONS };
  return {
    requestHandler: {
      httpAgent: new HttpProxyAgent(url, options),
      httpsAgent: new HttpsProxyAgent(url, options),
      connectionTimeout: 5_000,
    },
  };
}

/** What an AWS client of this URL needs, through a proxy or not. A URL that is none is left to whoever uses it. */
export function awsThroughProxyTo(url: string, environment: NodeJS.ProcessEnv = process.env): Partial<AwsThroughProxy> {
  const proxy = URL.canParse(url) ? proxyFor(new URL(url), environment) : undefined;
  return proxy === undefined ? {} : awsThroughProxy(proxy);
}

/**
 * What Temporal's workers need to go through a proxy.
 *
 * @throws MammoflowError `invalid-configuration` for a proxy that is spoken to over TLS, which they cannot
 */
export function temporalProxy({ url, variable }: Proxy): Required<Pick<NativeConnectionOptions, 'proxy'>> {
  if (url.protocol !== 'http:') {
    throw new MammoflowError(
      'invalid-configuration',
      `${variable}=${url.origin} is a proxy that is spoken to over TLS, and Temporal's connections cannot do that.`,
      "Set grpc_proxy to an http:// proxy, or add Temporal's host to no_proxy.",
    );
  }
  const { hostname, port, username, password } = url;
  const basicAuth = { username: decodeURIComponent(username), password: decodeURIComponent(password) };
  return {
    proxy: {
      type: 'http-connect',
      targetHost: `${hostname}:${port || '80'}`,
      ...(username === '' ? {} : { basicAuth }),
    },
  };
}

/** What keeps Temporal's clients from looking for a proxy by themselves. */
export const WITHOUT_PROXY = { channelArgs: { 'grpc.enable_http_proxy': 0 } } as const;

/**
 * Has clients of Temporal in this process go through the proxy too. They take it from variables only, and understand
 * fewer of them: the one they look at first is set to what was found, and their own list of exceptions is passed over.
 */
export function setProxyOfTemporalClients({ url }: Proxy): void {
  process.env.grpc_proxy = url.href;
  process.env.no_grpc_proxy = 'nothing.invalid';
}
