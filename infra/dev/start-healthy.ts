import { setTimeout as sleep } from 'node:timers/promises';
import { MammoflowError } from '../../pipeline/errors.js';
import { type GuardedProcess, logTail } from './guarded-process.js';
import { type KeptProcess, keepRunning } from './keep-running.js';
import type { Log } from './tool-cache.js';

const HEALTHY_WITHIN_MS = 60_000;
/** What versitygw says of a file system without extended attributes, in which it keeps what belongs to an object. */
const XATTR = /xattr|extended attributes/i;
/** A Go panic prints the stack of every goroutine. */
const LINES_OF_A_PANIC = 300;

/**
 * Starts a server and waits until `checkHealth` succeeds. Somebody else may take a port between our looking and the
 * server's binding: then it is tried again with other ports.
 */
export async function startHealthy<Service>(
  options: { readonly log: Log; readonly onChange?: () => void },
  prepare: () => Promise<{
    service: Service;
    start: () => Promise<GuardedProcess>;
    checkHealth: () => Promise<void>;
  }>,
): Promise<{ service: Service; process: KeptProcess }> {
  for (let attempt = 1; ; attempt++) {
    const { service, start, checkHealth } = await prepare();
    const server = await start();
    try {
      await untilHealthy(server, checkHealth);
      return { service, process: keepRunning(server, start, options) };
    } catch (error) {
      await server.stop();
      // Temporal panics then, so that what is wrong stands far above the end of its log.
      const portTaken = /address already in use/i.test(await logTail(server.logFile, LINES_OF_A_PANIC));
      if (!portTaken || attempt === 3) throw error;
      options.log(`${server.name}: the port was taken in the meantime, trying another one`);
    }
  }
}

async function untilHealthy(server: GuardedProcess, checkHealth: () => Promise<void>): Promise<void> {
  let ended: number | undefined;
  void server.exited.then(({ code }) => {
    ended = code;
  });
  const deadline = Date.now() + HEALTHY_WITHIN_MS;
  for (;;) {
    let reason: unknown;
    try {
      await checkHealth();
      // Not if it has ended: then somebody else answered.
      if (ended === undefined) return;
    } catch (error) {
      reason = error;
    }
    const late = Date.now() > deadline;
    if (ended !== undefined || late) {
      const what = late ? `did not become healthy within ${HEALTHY_WITHIN_MS / 1000} s` : `ended with code ${ended}`;
      const tail = await logTail(server.logFile);
      throw new MammoflowError(
        'service-unavailable',
        `${server.name} ${what}. The end of its log:\n${tail}\n`,
        XATTR.test(tail)
          ? 'Choose a data folder on a file system that keeps extended attributes (ext4, xfs, btrfs, zfs, apfs), with --data or MAMMOFLOW_DATA.'
          : `Look into ${server.logFile}.`,
        { cause: reason },
      );
    }
    await sleep(50);
  }
}
