import { join, resolve } from 'node:path';
import { SEARCH_ATTRIBUTES } from '../../pipeline/search-attributes.js';
import { connectToTemporal } from '../../planning/temporal-connection.js';
import { WITHOUT_PROXY } from '../proxy.js';
import { addSearchAttributes, missingSearchAttributes } from '../search-attributes.js';
import type { KeptProcess } from './keep-running.js';
import { startNoted } from './leftovers.js';
import { freePort } from './ports.js';
import { programEnvironment } from './program-environment.js';
import { startHealthy } from './start-healthy.js';
import type { Log } from './tool-cache.js';

/** The ports that the server uses by itself, taken where they are free. */
const USUAL_PORT = 7233;
const USUAL_UI_PORT = 8233;
const GRACE_SECONDS = 10;

/**
 * Measured on two cores with one child workflow an exam: 40 to 45 exams a second with these, 13.6 without
 * (write-ahead log with `synchronous=NORMAL`, one task queue partition, faster transfer). Without the last one a
 * window of 200 children stalls for seconds.
 */
const SQLITE_PRAGMAS = ['journal_mode=wal', 'synchronous=1'];
const DYNAMIC_CONFIGURATION = [
  'matching.numTaskqueueReadPartitions=1',
  'matching.numTaskqueueWritePartitions=1',
  'history.transferProcessorMaxPollRPS=100',
  'history.cacheNonUserContextLockTimeout="5s"',
  // Lets a job or an exam be paused in the UI. The server's default is still off.
  'frontend.WorkflowPauseEnabled=true',
];

export interface TemporalService {
  /** `host:port` of the gRPC frontend. */
  readonly address: string;
  /** URL of the Web UI. */
  readonly ui: string;
  readonly namespace: string;
}

/**
 * Starts Temporal's development server on 127.0.0.1, with its database in the data folder, and keeps it running.
 *
 * @param options.ephemeral in memory, and on free ports
 * @throws MammoflowError `service-unavailable` if it does not become healthy, with the end of its log
 */
export async function startTemporal(
  binary: string,
  options: { readonly dataFolder: string; readonly ephemeral?: boolean; readonly log: Log },
): Promise<{ service: TemporalService; process: KeptProcess }> {
  const { ephemeral = false, log } = options;
  const dataFolder = resolve(options.dataFolder);
  return startHealthy({ log }, async () => {
    const port = await freePort(ephemeral ? undefined : USUAL_PORT);
    const uiPort = await freePort(ephemeral ? undefined : USUAL_UI_PORT);
    const args = [
      ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--ui-port', String(uiPort)],
      // The name becomes part of a URI, in which '#', '?' and '%20' of a path would mean something: no path, then.
      ...(ephemeral ? [] : ['--db-filename', 'temporal.db']),
      ...(ephemeral ? [] : SQLITE_PRAGMAS.flatMap((pragma) => ['--sqlite-pragma', pragma])),
      ...DYNAMIC_CONFIGURATION.flatMap((value) => ['--dynamic-config-value', value]),
      ...Object.entries(SEARCH_ATTRIBUTES).flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]),
      ...['--ui-disable-news-fetch', '--log-level', 'error'],
    ];
    const service = { address: `127.0.0.1:${port}`, ui: `http://127.0.0.1:${uiPort}`, namespace: 'default' };
    const start = () =>
      startNoted(dataFolder, {
        name: 'temporal',
        command: resolve(binary),
        args,
        cwd: dataFolder,
        env: programEnvironment(dataFolder, {}),
        logFile: join(dataFolder, 'logs', 'temporal.log'),
        graceSeconds: GRACE_SECONDS,
      });
    return { service, start, checkHealth: () => checkTemporal(service) };
  });
}

/** Succeeds when the frontend serves the namespace and it has every search attribute. */
async function checkTemporal({ address, namespace }: TemporalService): Promise<void> {
  const connection = await connectToTemporal({ address, ...WITHOUT_PROXY, connectTimeout: 1000 });
  try {
    await connection.withDeadline(Date.now() + 5000, async () => {
      await connection.workflowService.describeNamespace({ namespace });
      // The flag registers attributes only in a new database: those that a newer mammoflow brings are added here.
      const missing = await missingSearchAttributes(connection, namespace);
      if (missing.length > 0) await addSearchAttributes(connection, namespace, missing);
      await connection.workflowService.listWorkflowExecutions({ namespace, pageSize: 1 });
    });
  } finally {
    await connection.close();
  }
}
