import { setTimeout as sleep } from 'node:timers/promises';
import type { Exit, GuardedProcess } from './guarded-process.js';
import type { Log } from './tool-cache.js';

/** Waits before starting a crashed program again: doubling, so that one that cannot start does not use up the machine. */
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
/** A program that ran this long had started well: its next crash begins with the shortest wait again. */
const RAN_WELL_MS = 60_000;

/** A program that is started again whenever it ends by itself. */
export interface KeptProcess {
  readonly name: string;
  /** The program that runs now, or the last one that ran. */
  current(): GuardedProcess;
  /** How often it has ended by itself. */
  restarts(): number;
  /** True between the end of one and the start of the next. */
  isDown(): boolean;
  stop(): Promise<void>;
}

/** Takes over a program that runs, and starts it again with `start` after it ended, until it is stopped. */
export function keepRunning(
  first: GuardedProcess,
  start: () => Promise<GuardedProcess>,
  options: { log: Log; onChange?: () => void },
): KeptProcess {
  const { log, onChange = () => undefined } = options;
  const stopping = new AbortController();
  let running = first;
  let down = false;
  let restarts = 0;

  async function watch(): Promise<void> {
    let wait = FIRST_WAIT_MS;
    let startedAt = Date.now();
    let exit: Exit = await running.exited;
    while (!stopping.signal.aborted) {
      if (Date.now() - startedAt > RAN_WELL_MS) wait = FIRST_WAIT_MS;
      restarts++;
      down = true;
      onChange();
      log(
        `${running.name} ended with code ${exit.code}: starting it again in ${wait / 1000} s (see ${running.logFile})`,
      );
      await sleep(wait, undefined, { signal: stopping.signal }).catch(() => undefined);
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
      if (stopping.signal.aborted) return;
      startedAt = Date.now();
      try {
        running = await start();
      } catch (error) {
        // Its log cannot be opened, for instance: the disk is full now, and may not be later.
        exit = { code: 127 };
        log(`${running.name} could not be started: ${(error as Error).message}`);
        continue;
      }
      down = false;
      // Stopped in the instant in which it was started: nobody else knows of this one.
      if (stopping.signal.aborted) return running.stop();
      onChange();
      exit = await running.exited;
    }
  }

  const watching = watch();
  return {
    name: first.name,
    current: () => running,
    restarts: () => restarts,
    isDown: () => down,
    async stop() {
      stopping.abort();
      await running.stop();
      await watching;
    },
  };
}
