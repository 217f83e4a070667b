import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { packageRoot } from '../package-root.js';
import type { KeptProcess } from './keep-running.js';
import { startNoted } from './leftovers.js';
import { freePort } from './ports.js';
import { programEnvironment } from './program-environment.js';
import { startHealthy } from './start-healthy.js';
import type { Log } from './tool-cache.js';

/** Where people look for it, if nobody else is there. */
const USUAL_PORT = 4780;
/** Longer than open requests get when it is told to end. */
const GRACE_SECONDS = 10;

/**
 * Starts `mammoflow console` for the embedded services, on this machine's own address. A process of its own: whatever is asked
 * of it, the services and workers do not suffer, and it is started again on the same port.
 *
 * @param options.environment what leads it to the services.
 * @throws MammoflowError `service-unavailable` with the end of its log where it does not come up
 */
export async function startConsoleProcess(options: {
  readonly dataFolder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly log: Log;
  /** Called when it has ended by itself, and when it runs again. */
  readonly onChange: () => void;
}): Promise<{ readonly process: KeptProcess; readonly address: string }> {
  const { dataFolder, environment, log, onChange } = options;
  const { service: address, process: console } = await startHealthy({ log, onChange }, async () => {
    const port = await freePort(USUAL_PORT);
    const start = () =>
      startNoted(dataFolder, {
        name: 'console',
        command: process.execPath,
        args: [
          '--enable-source-maps',
          join(packageRoot, 'dist', 'cli', 'main.js'),
          ...['console', '--listen', `127.0.0.1:${port}`],
        ],
        env: programEnvironment(dataFolder, { ...environment, MAMMOFLOW_DATA: dataFolder }),
        logFile: join(dataFolder, 'logs', 'console.log'),
        graceSeconds: GRACE_SECONDS,
      });
    const service = `http://127.0.0.1:${port}`;
    return { service, start, checkHealth: () => requireConsole(service) };
  });
  return { process: console, address };
}

/** @throws Error where the console at this address does not answer. */
export async function requireConsole(address: string): Promise<void> {
  // An agent of its own: with NODE_USE_ENV_PROXY, `fetch` and Node's usual one would ask a proxy.
  const request = get(`${address}/api/session`, { agent: new Agent(), signal: AbortSignal.timeout(2000) });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.resume();
  if (response.statusCode !== 200) throw new Error(`it answers ${response.statusCode}`);
}
