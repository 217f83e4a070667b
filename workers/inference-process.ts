import { serialiseError } from '../inference/error-transfer.js';
import { startLanes } from '../inference/lanes.js';
import type { MessageFromInferenceProcess, MessageToInferenceProcess } from './inference-messages.js';
import { runStage } from './run-stage.js';

/**
 * The entry of the gpu worker's child process, in which stages of class `gpu` run. The runtime computes synchronously
 * and a broken network can take its process down, so neither may happen in the process that polls Temporal. Forked by
 * `inference-client.ts` with advanced serialisation.
 */

const MEMORY_REPORT_MILLISECONDS = 1000;

const lanes = startLanes(process.env);
const underWay = new Map<number, AbortController>();
const send = (message: MessageFromInferenceProcess): void => {
  // A worker that is gone in this instant is heard of by 'disconnect'; unheard, the failed send would be an error here.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
};

async function run(id: number, request: Extract<MessageToInferenceProcess, { kind: 'run' }>['request']): Promise<void> {
  const controller = new AbortController();
  underWay.set(id, controller);
  try {
    const result = await runStage(request, {
      signal: controller.signal,
      progress: (progress) => send({ kind: 'progress', id, progress }),
      inference: lanes,
    });
    send({ kind: 'result', id, result });
  } catch (error) {
    send({ kind: 'error', id, error: serialiseError(error) });
  } finally {
    underWay.delete(id);
  }
}

const reportMemory = (): void => send({ kind: 'memory', bytes: process.memoryUsage.rss() });
const memoryTimer = setInterval(reportMemory, MEMORY_REPORT_MILLISECONDS);

process.on('message', (message: MessageToInferenceProcess) => {
  if (message.kind === 'run') void run(message.id, message.request);
  else if (message.kind === 'abort') underWay.get(message.id)?.abort();
  else {
    clearInterval(memoryTimer);
    void lanes.close().then(() => process.exit(0));
  }
});
// The worker is gone, so nobody waits for the result. A normal exit would first wait for the runs on the lanes.
const dieWithWorker = (): void => {
  process.kill(process.pid, 'SIGKILL');
};
process.on('disconnect', dieWithWorker);
// It may have been gone already when this process came to listen for it.
if (!process.connected) dieWithWorker();
// Ctrl-C reaches the whole process group; the worker decides when this process ends.
process.on('SIGINT', () => {});
reportMemory();
