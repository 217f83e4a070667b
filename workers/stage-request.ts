import type { StageInputs, StageProgress, StageResult } from '../activities/stage.js';
import type { TransferredError } from '../inference/error-transfer.js';
import type { Json } from '../pipeline/canonical-json.js';

/** One datum to compute, as it is sent to the thread or process that computes it. */
export interface StageRequest {
  readonly stage: string;
  readonly inputs: StageInputs;
  /** Unparsed: `runStage` checks them against the stage's schema. */
  readonly parameters: Readonly<Record<string, Json>>;
  /** An empty folder of this datum's own. */
  readonly outputFolder: string;
}

/** From the worker to its inference process. */
export type MessageToInferenceProcess =
  | { readonly kind: 'run'; readonly id: number; readonly request: StageRequest }
  | { readonly kind: 'abort'; readonly id: number }
  | { readonly kind: 'close' };

/** From the inference process to its worker. */
export type MessageFromInferenceProcess =
  | { readonly kind: 'progress'; readonly id: number; readonly progress: StageProgress }
  | { readonly kind: 'result'; readonly id: number; readonly result: StageResult }
  | { readonly kind: 'error'; readonly id: number; readonly error: TransferredError }
  | { readonly kind: 'memory'; readonly bytes: number };
