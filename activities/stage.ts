import type { InferencePool } from '../inference/inference-pool.js';
import type { ModelFileDescription, ModelRole } from '../pipeline/bundle.js';
import type { Json } from '../pipeline/canonical-json.js';
import type { StageLabels } from '../pipeline/datum.js';
import type { StageDeclaration } from '../pipeline/stage.js';

/** A model file on local disk, already verified against its SHA-256. */
export interface LocalModel {
  readonly path: string;
  readonly sha256: string;
  readonly preprocessing: ModelFileDescription['preprocessing'];
}

/** What a stage reads: local copies of committed files. They are shared with other datums, so never write to them. */
export interface StageInputs {
  readonly exam: string;
  /** Absolute local path of each file, by upstream repo and then by path inside the exam. */
  readonly files: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly models: Readonly<Partial<Record<ModelRole, LocalModel>>>;
  /** What the stage declares as its labels; several of one kind are joined by commas. */
  readonly labels?: StageLabels;
}

export interface StageProgress {
  /** What is being done now, e.g. `L_CC`. */
  readonly step: string;
  readonly done: number;
  readonly total: number;
}

export interface StageContext {
  /** An empty folder of this datum's own; what lies in it under the names returned becomes the output. */
  readonly outputFolder: string;
  /** Aborted when the datum is cancelled. Long stages check it between steps. */
  readonly signal: AbortSignal;
  /** Reports progress; shown in the Temporal UI as the activity's heartbeat. */
  progress(progress: StageProgress): void;
  /** Networks, for stages of class `gpu`. Using it in a `cpu` stage throws. */
  readonly inference: InferencePool;
}

export interface StageResult {
  /** Names of the files written to the output folder, in the order in which they are to be listed. */
  readonly files: readonly string[];
  /** The few headline values (under 1 kB) that listings show without opening the files. */
  readonly summary?: Json;
  /** How it was made, where that does not belong into the files: execution provider, batch. */
  readonly provenance?: Readonly<Record<string, Json>>;
}

/**
 * One stage of the pipeline. The same inputs, models and parameters must give the same bytes: no time, host or job in
 * a file, fixed time stamps in archives, stable key order. Bump `version` whenever the bytes may change.
 */
export interface StageDefinition<Parameters extends Record<string, unknown> = Record<string, unknown>>
  extends StageDeclaration<Parameters> {
  /**
   * Runs in a worker thread of the cpu worker, or in the inference process of the gpu worker.
   * @throws ExamError when this exam's own data is at fault; anything else is retried.
   */
  run(inputs: StageInputs, parameters: Parameters, context: StageContext): Promise<StageResult>;
}

/** Keeps the parameter type of one definition while the registry forgets it. */
export function defineStage<Parameters extends Record<string, unknown>>(
  definition: StageDefinition<Parameters>,
): StageDefinition {
  return definition as unknown as StageDefinition;
}
