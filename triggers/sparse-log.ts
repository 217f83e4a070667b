import type { Logger } from 'pino';

/** Logs a warning, or only counts it where the same one was logged a moment ago. */
export type SparseLog = (message: string, fields?: Readonly<Record<string, unknown>>) => void;

const EVERY_MS = 10_000;

/**
 * What strangers can cause must not fill a disk: each message is logged at once, then at most every ten seconds, with
 * how often it was left out since. Messages are constants of the program, so that there are few.
 */
export function sparseLog(log: Logger, now: () => number = Date.now): SparseLog {
  const seen = new Map<string, { at: number; leftOut: number }>();
  return (message, fields = {}) => {
    const last = seen.get(message);
    if (last !== undefined && now() - last.at < EVERY_MS) {
      last.leftOut += 1;
      return;
    }
    log.warn(last?.leftOut ? { ...fields, alike: last.leftOut } : fields, message);
    seen.set(message, { at: now(), leftOut: 0 });
  };
}
