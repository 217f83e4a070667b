import { fileURLToPath } from 'node:url';
import { MessageChannel } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { StageRunner } from '../activities/dependencies.js';
import type { StageProgress, StageResult } from '../activities/stage.js';
import { deserialiseError, type TransferredError } from '../inference/error-transfer.js';
import { MammoflowError } from '../pipeline/errors.js';
import type { StageThreadTask } from './stage-thread.js';

const ENTRY = fileURLToPath(new URL('./stage-thread.js', import.meta.url));

export interface StageThreads {
  readonly runStage: StageRunner;
  close(): Promise<void>;
}

/**
 * Runs stages of class `cpu` in worker threads: imaging takes seconds at a time, which on the main thread would stall
 * polling and heartbeats. An aborted stage loses its thread, so cancellation does not wait for a long loop to end.
 */
export function startStageThreads(threads: number): StageThreads {
  const pool = new Piscina({
    filename: ENTRY,
    name: 'runInThread',
    minThreads: 1,
    maxThreads: threads,
    idleTimeout: 60_000,
  });
  return {
    async runStage(run, { signal, onProgress }) {
      const { port1, port2 } = new MessageChannel();
      port1.on('message', (progress: StageProgress) => onProgress(progress));
      const task: StageThreadTask = { run, progressPort: port2 };
      try {
        const answer: { result: StageResult } | { error: TransferredError } = await pool.run(task, {
          signal,
          transferList: [port2],
        });
        if ('error' in answer) throw deserialiseError(answer.error);
        return answer.result;
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        throw isThreadDeath(error) ? threadDied(error) : error;
      } finally {
        port1.close();
      }
    },
    close: () => pool.destroy(),
  };
}

/** Node's code when a thread ran out of its heap. */
const isThreadDeath = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';

const threadDied = (cause: unknown): MammoflowError =>
  new MammoflowError(
    'worker-crashed',
    'The thread that ran this stage ended before it finished.',
    'It is tried again; if that keeps happening, give the worker more memory.',
    { cause },
  );
