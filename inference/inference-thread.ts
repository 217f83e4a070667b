import { parentPort, workerData } from 'node:worker_threads';
import { openSparingSession } from './background/open-sparing-session.js';
import { serialiseError, type TransferredError } from './error-transfer.js';
import type { ExecutionProviders } from './execution-provider.js';
import type { FloatTensor, InferenceModel } from './inference-pool.js';
import { type OnnxSession, openSession } from './onnx-session.js';

/** The entry of one lane: a thread that runs one network at a time. Started by `lanes.ts`. */

/** Open a network ahead of its first run; not answered. */
export interface LanePreparation {
  readonly model: InferenceModel;
  readonly inputBytes: number;
}
export interface LaneRequest {
  readonly id: number;
  readonly model: InferenceModel;
  readonly inputs: Readonly<Record<string, FloatTensor>>;
  readonly returnInputs: boolean;
}
export type LaneReply =
  | {
      readonly id: number;
      readonly outputs: Record<string, FloatTensor>;
      /** Those of the request, where it asked for them. */
      readonly inputs?: Readonly<Record<string, FloatTensor>>;
    }
  | { readonly id: number; readonly error: TransferredError };

/** Inputs above this are a classifier's: see `SessionOptions.memoryArena`. A patch is 0.8 MB, 32 of them 25 MB. */
const LARGEST_ARENA_INPUT_BYTES = 32 * 1024 * 1024;

const providers = workerData as ExecutionProviders;
/** By digest, for the life of the thread: released sessions leak, so the process is recycled instead. */
const sessions = new Map<string, Promise<OnnxSession>>();

function sessionOf({ model, inputBytes }: LanePreparation): Promise<OnnxSession> {
  const known = sessions.get(model.sha256);
  if (known !== undefined) return known;
  const isClassifier = inputBytes > LARGEST_ARENA_INPUT_BYTES;
  // That a network says the same with and without background was tried on processors.
  const opened =
    isClassifier && providers.onCpu
      ? openSparingSession(model.path, { providers, memoryArena: false })
      : openSession(model.path, { providers, memoryArena: !isClassifier });
  sessions.set(model.sha256, opened);
  opened.catch(() => sessions.delete(model.sha256));
  return opened;
}

async function reply(request: LaneRequest): Promise<LaneReply> {
  try {
    const inputBytes = Object.values(request.inputs).reduce((sum, { data }) => sum + data.byteLength, 0);
    const session = await sessionOf({ model: request.model, inputBytes });
    const outputs = await session.run(request.inputs);
    return { id: request.id, outputs, ...(request.returnInputs && { inputs: request.inputs }) };
  } catch (error) {
    return { id: request.id, error: serialiseError(error) };
  }
}

parentPort?.on('message', async (request: LaneRequest | LanePreparation) => {
  if (!('id' in request)) {
    await sessionOf(request).catch(() => undefined);
    return;
  }
  const message = await reply(request);
  const tensors = 'outputs' in message ? Object.values({ ...message.inputs, ...message.outputs }) : [];
  parentPort?.postMessage(
    message,
    tensors.map(({ data }) => data.buffer as ArrayBuffer),
  );
});
