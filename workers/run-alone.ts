import type { StageRunner } from '../activities/dependencies.js';
import { createInferenceClient, type InferenceLog } from './inference-client.js';

/**
 * Runs one stage in a process that runs nothing else and ends with it: a worker died while it had this datum, and now it
 * shows whether the datum was why.
 */
export async function runAlone(
  run: Parameters<StageRunner>[0],
  options: Parameters<StageRunner>[1],
  log: InferenceLog,
): ReturnType<StageRunner> {
  const client = createInferenceClient({ log });
  // A stage of class cpu does not look at its signal, so its process goes.
  const abort = (): void => void client.close();
  options.signal.addEventListener('abort', abort);
  try {
    return await client.runStage(run, options);
  } finally {
    options.signal.removeEventListener('abort', abort);
    await client.close();
  }
}
