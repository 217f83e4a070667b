import type { MessagePort } from 'node:worker_threads';
import type { StageRun } from '../activities/dependencies.js';
import type { StageResult } from '../activities/stage.js';
import { serialiseError, type TransferredError } from '../inference/error-transfer.js';
import type { InferencePool } from '../inference/inference-pool.js';
import { MammoflowError } from '../pipeline/errors.js';
import { runStage } from './run-stage.js';

export interface StageThreadTask {
  readonly run: StageRun;
  readonly progressPort: MessagePort;
}

/** There are no networks in this thread. */
const noInference: InferencePool = {
  lanes: 0,
  patchBatch: 0,
  executionProvider: 'none',
  prepare: refuse,
  run: async () => refuse(),
};

function refuse(): never {
  throw new MammoflowError(
    'invalid-pipeline',
    'A stage of class cpu asked for inference, which only workers of the gpu role have.',
    'Declare the stage with the resource class gpu.',
  );
}

/**
 * The entry of a worker thread, called by the pool with one stage run. Errors are answered as data, because throwing
 * across the thread would lose their class, code and advice.
 */
export async function runInThread(
  task: StageThreadTask,
): Promise<{ result: StageResult } | { error: TransferredError }> {
  const { run, progressPort } = task;
  try {
    const result = await runStage(run, {
      // A cancelled run loses its whole thread, so nothing here is ever told.
      signal: new AbortController().signal,
      progress: (progress) => progressPort.postMessage(progress),
      inference: noInference,
    });
    return { result };
  } catch (error) {
    return { error: serialiseError(error) };
  } finally {
    progressPort.close();
  }
}
