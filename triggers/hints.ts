import { setTimeout as sleep } from 'node:timers/promises';
import { MammoflowError } from '../pipeline/errors.js';

/** At most one hint in this time, however many events come. */
export const HINT_INTERVAL_MS = 1000;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 5000;

/** Many events, few hints. Its memory does not grow with the events. */
export interface Hints {
  /** Asks for a hint that begins after this call. Returns at once. */
  request(events?: number): void;
  /**
   * Resolves when Temporal has a hint for everything that was requested before this call.
   * @throws MammoflowError `service-unavailable` when the hints are closed without
   */
  delivered(): Promise<void>;
  /** Resolves at once unless the last try failed; then when one has succeeded, or the hints are closed. */
  working(): Promise<void>;
  /** True while Temporal has not been given a hint for everything that was requested. */
  waiting(): boolean;
  /** Since when every try has failed, in milliseconds since 1970. */
  failingSince(): number | undefined;
  /** Tries once more where something was requested, and ends. */
  close(): Promise<void>;
}

export interface HintsOptions {
  /** Gives Temporal one hint that stands for so many events. Must give up by itself after some seconds. */
  readonly send: (events: number) => Promise<void>;
  readonly intervalMs?: number;
  readonly onDelivered?: () => void;
  readonly onFailed?: (error: unknown) => void;
}

/**
 * Turns requests into hints: the first goes out at once, those of the next second together at its end, and so on.
 * A hint is always sent after the last request. One that fails is tried again until it succeeds.
 *
 *     requests  | |||||||||||||||||||||||||   |
 *     hints     ▲         ▲         ▲         ▲
 */
export function coalesceHints(options: HintsOptions): Hints {
  const { send, intervalMs = HINT_INTERVAL_MS, onDelivered, onFailed } = options;
  const closing = new AbortController();
  let requested = 0;
  let told = 0;
  let failingSince: number | undefined;
  let running: Promise<void> | undefined;
  let lastTry = Number.NEGATIVE_INFINITY;
  let progress = signal();

  const pause = (ms: number): Promise<void> =>
    ms <= 0 ? Promise.resolve() : sleep(ms, undefined, { signal: closing.signal }).catch(() => undefined);

  async function run(): Promise<void> {
    let retry = FIRST_RETRY_MS;
    while (told < requested) {
      await pause(lastTry + intervalMs - performance.now());
      const upTo = requested;
      lastTry = performance.now();
      try {
        await send(upTo - told);
      } catch (error) {
        failingSince ??= Date.now();
        onFailed?.(error);
        if (closing.signal.aborted) return;
        await pause(retry);
        retry = Math.min(retry * 2, LONGEST_RETRY_MS);
        continue;
      }
      told = upTo;
      failingSince = undefined;
      retry = FIRST_RETRY_MS;
      onDelivered?.();
      progress.happened();
      progress = signal();
    }
  }

  const start = (): void => {
    running ??= run().finally(() => {
      running = undefined;
      if (told < requested && !closing.signal.aborted) start();
    });
  };

  return {
    request(events = 1) {
      requested += events;
      if (!closing.signal.aborted) start();
    },
    async delivered() {
      const mine = requested;
      while (told < mine) {
        if (closing.signal.aborted && running === undefined) {
          throw new MammoflowError('service-unavailable', 'The receiver ended before Temporal had the hint.');
        }
        await progress.promise;
      }
    },
    async working() {
      while (failingSince !== undefined && !closing.signal.aborted) await progress.promise;
    },
    waiting: () => told < requested,
    failingSince: () => failingSince,
    async close() {
      closing.abort();
      await running;
      progress.happened();
    },
  };
}

/** A promise that many can wait for. */
function signal(): { promise: Promise<void>; happened: () => void } {
  let happened: () => void = () => undefined;
  const promise = new Promise<void>((resolve) => {
    happened = resolve;
  });
  return { promise, happened };
}
