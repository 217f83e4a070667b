import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { MammoflowError } from '../pipeline/errors.js';
import { deserialiseError } from './error-transfer.js';
import { executionProvidersFrom } from './execution-provider.js';
import type { FloatTensor, InferencePool } from './inference-pool.js';
import type { LanePreparation, LaneReply, LaneRequest } from './inference-thread.js';

export interface Lanes extends InferencePool {
  /** Ends the threads. Runs under way and waiting reject. */
  close(): Promise<void>;
}

/**
 * Patches per run. On a CPU two are as fast as one and as eight within a few percent and need little memory; a
 * graphics card needs many to be busy.
 */
const CPU_PATCH_BATCH = 2;
const GPU_PATCH_BATCH = 32;

interface Job {
  readonly request: LaneRequest;
  readonly takeBack: Parameters<InferencePool['run']>[2];
  resolve(outputs: Record<string, FloatTensor>): void;
  reject(error: Error): void;
}
interface Lane {
  readonly worker: Worker;
  job: Job | undefined;
}

/**
 * How many threads run networks: `MAMMOFLOW_INFERENCE_THREADS`, or one per available core, or one where a graphics
 * card does the work.
 * @throws MammoflowError `invalid-configuration` for anything but a whole number from 1 to 256.
 */
export function laneCountFrom(env: NodeJS.ProcessEnv): number {
  const text = env.MAMMOFLOW_INFERENCE_THREADS;
  if (text === undefined || text === '') return executionProvidersFrom(env).onCpu ? availableParallelism() : 1;
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 256) {
    throw new MammoflowError(
      'invalid-configuration',
      `MAMMOFLOW_INFERENCE_THREADS is "${text}", which is no whole number from 1 to 256.`,
      'Set it to the number of cores this worker may use, or leave it out.',
    );
  }
  return count;
}

/**
 * Starts threads that run networks, each with one session per model digest and one thread inside the runtime. A job
 * goes to a lane only when the lane is free, so that none waits behind a long one while another lane idles.
 * @throws MammoflowError `invalid-configuration` as `laneCountFrom` and `executionProvidersFrom` do.
 */
export function startLanes(env: NodeJS.ProcessEnv = process.env): Lanes {
  const providers = executionProvidersFrom(env);
  const lanes: Lane[] = [];
  const waiting: Job[] = [];
  let nextId = 0;
  let closed = false;

  const feed = (lane: Lane): void => {
    if (lane.job !== undefined) return;
    const job = waiting.shift();
    lane.job = job;
    if (job !== undefined) {
      const buffers = new Set(Object.values(job.request.inputs).map(({ data }) => data.buffer as ArrayBuffer));
      lane.worker.postMessage(job.request, [...buffers]);
    }
  };

  const startLane = (): Lane => {
    const worker = new Worker(new URL('./inference-thread.js', import.meta.url), { workerData: providers });
    const lane: Lane = { worker, job: undefined };
    worker.on('message', (reply: LaneReply) => {
      const job = lane.job;
      lane.job = undefined;
      feed(lane);
      if (job === undefined) return;
      if ('outputs' in reply) {
        if (reply.inputs !== undefined) job.takeBack?.(reply.inputs);
        job.resolve(reply.outputs);
      } else job.reject(deserialiseError(reply.error));
    });
    // Out of memory, for one. The job in hand is lost; the lane is replaced.
    worker.on('error', (cause) => {
      lane.job?.reject(
        new MammoflowError('worker-crashed', `An inference thread died: ${cause.message}.`, undefined, { cause }),
      );
      if (closed) return;
      const replacement = startLane();
      lanes[lanes.indexOf(lane)] = replacement;
      feed(replacement);
    });
    return lane;
  };
  for (let count = laneCountFrom(env); count > 0; count -= 1) lanes.push(startLane());

  return {
    lanes: lanes.length,
    patchBatch: providers.onCpu ? CPU_PATCH_BATCH : GPU_PATCH_BATCH,
    executionProvider: providers.names[0],
    prepare: (model, inputBytes) => {
      for (const lane of lanes) lane.worker.postMessage({ model, inputBytes } satisfies LanePreparation);
    },
    run: (model, inputs, takeBack) =>
      new Promise((resolve, reject) => {
        if (closed) {
          reject(new MammoflowError('inference-failed', 'The inference threads have been stopped.'));
          return;
        }
        nextId += 1;
        const request = { id: nextId, model, inputs, returnInputs: takeBack !== undefined };
        waiting.push({ request, takeBack, resolve, reject });
        const free = lanes.find((lane) => lane.job === undefined);
        if (free !== undefined) feed(free);
      }),
    close: async () => {
      closed = true;
      const stopped = new MammoflowError('inference-failed', 'The inference threads have been stopped.');
      for (const job of waiting.splice(0)) job.reject(stopped);
      for (const lane of lanes) lane.job?.reject(stopped);
      await Promise.all(lanes.map((lane) => lane.worker.terminate()));
    },
  };
}
