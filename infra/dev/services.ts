import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { MammoflowError } from '../../pipeline/errors.js';
import { fetchTools } from './fetch.js';
import { endLeftovers } from './leftovers.js';
import { type Release, tryLock } from './lock.js';
import { writeProgramSettings } from './program-environment.js';
import { credentialsOf } from './s3-credentials.js';
import { type S3Service, startS3 } from './s3-server.js';
import { startTemporal, type TemporalService } from './temporal-server.js';
import { type Log, logToStderr } from './tool-cache.js';

export type { S3Service, TemporalService };

/** The two embedded servers. */
export interface Services {
  readonly temporal: TemporalService;
  readonly s3: S3Service;
  /** The servers' pids, by name. They change when a server had to be started again. */
  pids(): { temporal: number; versitygw: number };
  /** Ends both in order and lets go of the data folder. Calling it twice does no harm. */
  stop(): Promise<void>;
}

export interface ServicesOptions {
  /** Where everything is kept: `temporal.db`, `s3/`, `s3-versions/`, `s3-credentials.json`, `logs/`. */
  readonly dataFolder: string;
  readonly log?: Log;
  /** For tests: Temporal in memory, and free ports even where the usual ones are free. */
  readonly ephemeral?: boolean;
  /** The versioned bucket that is made if it is missing. */
  readonly bucket?: string;
  /**
   * An http URL to which versitygw posts its events, or what starts the program that listens there. It must answer
   * already, or versitygw does not start.
   */
  readonly eventWebhook?: string | ((temporal: TemporalService) => Promise<string>);
}

/** Held by the process that runs the services of a data folder, from before they start until they have ended. */
export const servicesLock = (dataFolder: string): string => join(dataFolder, 'services.lock');

/**
 * Starts Temporal's development server and versitygw on 127.0.0.1 and waits until both can be used: the namespace with
 * its search attributes, and a bucket with versioning. A server that dies later is started again on the same port.
 * Neither outlives this process. Data written before a crash are there after the next start.
 *
 * @throws MammoflowError `service-unavailable` if another process uses the data folder, a server cannot be obtained,
 *   or it does not become healthy (then with the end of its log)
 */
export async function startServices(options: ServicesOptions): Promise<Services> {
  const { dataFolder, log = logToStderr } = options;
  await makeDataFolder(dataFolder);
  const lock = await tryLock(servicesLock(dataFolder));
  if (!('release' in lock)) {
    throw new MammoflowError(
      'service-unavailable',
      `The data folder ${dataFolder} is in use by process ${lock.heldBy.pid}.`,
      'Use the services that run there (`mammoflow status`), stop them (`mammoflow down`), or choose another folder with --data.',
    );
  }
  try {
    return await startLocked(options, log, lock.release);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function makeDataFolder(dataFolder: string): Promise<void> {
  try {
    await mkdir(dataFolder, { recursive: true });
    await access(dataFolder, constants.W_OK);
  } catch (cause) {
    throw new MammoflowError(
      'invalid-configuration',
      `The data folder ${dataFolder} cannot be written to (${(cause as NodeJS.ErrnoException).code}).`,
      'Choose another one with --data or MAMMOFLOW_DATA.',
      { cause },
    );
  }
}

async function startLocked(options: ServicesOptions, log: Log, release: Release): Promise<Services> {
  const { dataFolder } = options;
  await endLeftovers(dataFolder, log);
  const tools = await fetchTools(log);
  await writeProgramSettings(dataFolder, tools.temporal);
  const credentials = await credentialsOf(dataFolder);
  const startingTemporal = startTemporal(tools.temporal, { ...options, log });
  const { eventWebhook } = options;
  const webhook = async (): Promise<string | undefined> =>
    typeof eventWebhook === 'function' ? eventWebhook((await startingTemporal).service) : eventWebhook;
  const starts = await Promise.allSettled([
    startingTemporal,
    startS3(tools.versitygw, credentials, { ...options, webhook, log }),
  ]);
  const [temporal, s3] = starts;
  if (temporal.status === 'rejected' || s3.status === 'rejected') {
    await Promise.all(starts.map((start) => (start.status === 'fulfilled' ? start.value.process.stop() : undefined)));
    throw (temporal.status === 'rejected' ? temporal : (s3 as PromiseRejectedResult)).reason;
  }
  const processes = { temporal: temporal.value.process, versitygw: s3.value.process };
  const pids = () => ({ temporal: processes.temporal.current().pid, versitygw: processes.versitygw.current().pid });
  let stopped: Promise<void> | undefined;
  return {
    temporal: temporal.value.service,
    s3: s3.value.service,
    pids,
    stop() {
      stopped ??= (async () => {
        await Promise.all([processes.temporal.stop(), processes.versitygw.stop()]);
        await release();
      })();
      return stopped;
    },
  };
}
