import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { packageRoot } from '../package-root.js';
import type { KeptProcess } from './keep-running.js';
import { startNoted } from './leftovers.js';
import { freePort } from './ports.js';
import { programEnvironment } from './program-environment.js';
import { startHealthy } from './start-healthy.js';
import type { TemporalService } from './temporal-server.js';
import type { Log } from './tool-cache.js';

/** The process that hears of uploads to the embedded S3 server. */
export interface EventReceiver {
  readonly process: KeptProcess;
  /** `http://host:port` */
  readonly address: string;
  /** What senders prove themselves with. New with every start of the stack. */
  readonly token: string;
  /** Where the S3 server posts its events. It cannot send headers, so the token is in the URL. */
  readonly webhook: string;
}

/** Longer than the last hint and open requests get when it is told to end. */
const GRACE_SECONDS = 10;

/**
 * Starts `mammoflow receive` for the embedded S3 server, which does not start unless it answers. A process of its own:
 * whatever is sent to it, the services and workers do not suffer, and it is started again on the same port.
 *
 * @throws MammoflowError `service-unavailable` with the end of its log where it does not come up
 */
export async function startEventReceiver(options: {
  readonly dataFolder: string;
  readonly temporal: TemporalService;
  readonly bucket: string;
  readonly log: Log;
  /** Called when it has ended by itself, and when it runs again. */
  readonly onChange: () => void;
}): Promise<EventReceiver> {
  const { dataFolder, temporal, bucket, log, onChange } = options;
  const token = randomBytes(24).toString('hex');
  const { service: address, process: receiver } = await startHealthy({ log, onChange }, async () => {
    const port = await freePort();
    const start = () =>
      startNoted(dataFolder, {
        name: 'receiver',
        command: process.execPath,
        args: [
          '--enable-source-maps',
          join(packageRoot, 'dist', 'cli', 'main.js'),
          ...['receive', '--webhook', `127.0.0.1:${port}`],
        ],
        env: programEnvironment(dataFolder, {
          TEMPORAL_ADDRESS: temporal.address,
          TEMPORAL_NAMESPACE: temporal.namespace,
          MAMMOFLOW_BUCKET: bucket,
          MAMMOFLOW_WEBHOOK_TOKEN: token,
          MAMMOFLOW_DATA: dataFolder,
        }),
        logFile: join(dataFolder, 'logs', 'receiver.log'),
        graceSeconds: GRACE_SECONDS,
      });
    const service = `http://127.0.0.1:${port}`;
    return { service, start, checkHealth: async () => void (await receiverHealth(service)) };
  });
  return { process: receiver, address, token, webhook: `${address}/events?token=${token}` };
}

/** What a receiver says of itself: `ok`, or `waiting for Temporal`. @throws Error where it does not answer. */
export async function receiverHealth(address: string): Promise<string> {
  // An agent of its own: with NODE_USE_ENV_PROXY, `fetch` and Node's usual one would ask a proxy.
  const request = get(`${address}/health`, { agent: new Agent(), signal: AbortSignal.timeout(2000) });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  if (response.statusCode !== 200) {
    response.destroy();
    throw new Error(`it answers ${response.statusCode}`);
  }
  const { status } = (await json(response)) as { status: string };
  return status;
}
