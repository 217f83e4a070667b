import { MammoflowError } from '../pipeline/errors.js';

/** Running datums may take this long to end after a worker was told to; then they go back to their queue. */
export const DEFAULT_GRACE_SECONDS = 20;

/** After the grace: datums are handed back, claims let go, files and connections closed. What is not done then is given up. */
export const HANDING_BACK_SECONDS = 10;

/**
 * A process that is killed hands nothing back: what it had waits for its missing heartbeat. So whoever kills it, as Kubernetes does after
 * `terminationGracePeriodSeconds`, has to wait for longer than the grace and the handing back.
 *
 * @param killedAfterSeconds how long after SIGTERM the process is killed
 * @throws MammoflowError `invalid-argument` when that is too soon.
 */
export function requireGraceWithin(graceSeconds: number, killedAfterSeconds: number): void {
  const needed = graceSeconds + HANDING_BACK_SECONDS;
  if (killedAfterSeconds >= needed) return;
  throw new MammoflowError(
    'invalid-argument',
    `The worker would be killed ${killedAfterSeconds} s after it is told to end, but a grace of ${graceSeconds} s and handing back take ${needed} s.`,
    `Kill it after ${needed} s or more (terminationGracePeriodSeconds, --killed-after), or give a shorter --grace.`,
  );
}
