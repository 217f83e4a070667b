/** A network input: float32 values, row-major, with their shape. */
export interface FloatTensor {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

export interface InferenceModel {
  readonly path: string;
  readonly sha256: string;
}

/**
 * Runs ONNX networks on a fixed number of lanes (threads with one session per model digest each). Implemented in the
 * inference process; stages of class `gpu` get one in their context.
 */
export interface InferencePool {
  /** How many runs go on at the same time: callers keep this many under way. */
  readonly lanes: number;
  /** How many patches to put into one run: 1 to 8 is best on a CPU, more on a GPU. */
  readonly patchBatch: number;
  /** The execution provider in use, for provenance: `cpu`, `cuda`, … */
  readonly executionProvider: string;
  /**
   * Tells every lane to open a network that will be run soon, while its inputs are still being made. A failure shows in
   * the first run.
   * @param inputBytes size of one run's inputs.
   */
  prepare(model: InferenceModel, inputBytes: number): void;
  /**
   * Runs one network once. The buffers of `inputs` are transferred and unusable afterwards.
   * @param takeBack is given the inputs in buffers that are usable again, once a run that succeeds is done with them: fresh
   *   memory of hundreds of megabytes costs as much time as filling it.
   * @throws MammoflowError `inference-failed` when the runtime refuses the model or its inputs.
   */
  run(
    model: InferenceModel,
    inputs: Readonly<Record<string, FloatTensor>>,
    takeBack?: (inputs: Readonly<Record<string, FloatTensor>>) => void,
  ): Promise<Record<string, FloatTensor>>;
}
