import * as ort from 'onnxruntime-node';
import type { TensorDescription } from '../pipeline/bundle.js';
import { MammoflowError } from '../pipeline/errors.js';
import type { ExecutionProviders } from './execution-provider.js';
import type { FloatTensor } from './inference-pool.js';

/** An opened network. onnxruntime computes on the thread that calls `run`, so keep sessions off the main thread. */
export interface OnnxSession {
  readonly inputs: readonly TensorDescription[];
  readonly outputs: readonly TensorDescription[];
  /**
   * @param numbers lists of int64, for networks that were rewritten to take some.
   * @throws MammoflowError `inference-failed` when the runtime refuses the inputs or fails.
   */
  run(
    inputs: Readonly<Record<string, FloatTensor>>,
    numbers?: Readonly<Record<string, BigInt64Array>>,
  ): Promise<Record<string, FloatTensor>>;
}

export interface SessionOptions {
  readonly providers: ExecutionProviders;
  /**
   * Keeps freed tensors for the next run. It saves a sixth of the time of a patch (25 against 21.5 patches/s with two
   * threads), but nothing for a classifier, whose tensors are hundreds of megabytes and stay allocated: two lanes with
   * both classifiers peak at 2.8 GB with the arena and at 1.3 GB without.
   */
  readonly memoryArena: boolean;
  /** Bytes to open in the place of the file, which is then only what messages name. */
  readonly rewritten?: Uint8Array;
}

// The runtime would print every error as well as throw it.
ort.env.logLevel = 'fatal';

const describe = (values: readonly ort.InferenceSession.ValueMetadata[], path: string): TensorDescription[] =>
  values.map((value) => {
    if (!value.isTensor || value.type !== 'float32') {
      throw new MammoflowError('invalid-bundle', `${path}: "${value.name}" is not a float32 tensor.`);
    }
    return { name: value.name, shape: value.shape.map((size) => (typeof size === 'number' ? size : null)) };
  });

const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0]?.trim() ?? '';

async function createSession(path: string, options: SessionOptions): Promise<ort.InferenceSession> {
  // Two overloads, of which TypeScript takes no union.
  const create = (settings: ort.InferenceSession.SessionOptions): Promise<ort.InferenceSession> =>
    options.rewritten === undefined
      ? ort.InferenceSession.create(path, settings)
      : ort.InferenceSession.create(options.rewritten, settings);
  return create({
    executionProviders: options.providers.names,
    graphOptimizationLevel: 'all',
    executionMode: 'sequential',
    // One thread a session: two lanes of one thread beat one lane of two, and results do not depend on the machine.
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    enableCpuMemArena: options.memoryArena,
    enableMemPattern: options.memoryArena,
    extra: { session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } } },
  });
}

/**
 * Opens an ONNX file.
 * @throws MammoflowError `invalid-configuration` when the execution provider does not work on this machine, and
 *   `invalid-bundle` when the file is no ONNX network of float32 tensors that the runtime can load.
 */
export async function openSession(path: string, options: SessionOptions): Promise<OnnxSession> {
  let session: ort.InferenceSession;
  try {
    session = await createSession(path, options);
  } catch (error) {
    const loads =
      !options.providers.onCpu &&
      (await createSession(path, { ...options, providers: { names: ['cpu'], onCpu: true } }).then(
        () => true,
        () => false,
      ));
    if (loads) {
      throw new MammoflowError(
        'invalid-configuration',
        `The execution provider ${options.providers.names[0]} does not work on this machine: ${messageOf(error)}`,
        'Install its driver and libraries, or set MAMMOFLOW_EXECUTION_PROVIDERS=cpu.',
        { cause: error },
      );
    }
    throw new MammoflowError(
      'invalid-bundle',
      `${path} is not an ONNX file that the runtime can load: ${messageOf(error)}`,
      'Export the network again, and check it with the onnx checker.',
      { cause: error },
    );
  }
  const isNoNumbers = (value: ort.InferenceSession.ValueMetadata): boolean =>
    options.rewritten === undefined || !value.isTensor || value.type !== 'int64';
  return {
    inputs: describe(session.inputMetadata.filter(isNoNumbers), path),
    outputs: describe(session.outputMetadata, path),
    async run(inputs, numbers = {}) {
      try {
        const feeds = Object.fromEntries([
          ...Object.entries(inputs).map(([name, { data, shape }]) => [name, new ort.Tensor('float32', data, shape)]),
          ...Object.entries(numbers).map(([name, values]) => [name, new ort.Tensor('int64', values, [values.length])]),
        ]);
        const results = await session.run(feeds);
        return Object.fromEntries(
          // Not copied: onnxruntime-node 1.30 gives results in memory that can be handed to another thread.
          Object.entries(results).map(([name, value]) => [
            name,
            { data: value.data as Float32Array, shape: value.dims },
          ]),
        );
      } catch (error) {
        throw new MammoflowError('inference-failed', `${path} could not be run: ${messageOf(error)}`, undefined, {
          cause: error,
        });
      }
    },
  };
}
