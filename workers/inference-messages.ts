import type { StageRun } from '../activities/dependencies.js';
import type { StageProgress, StageResult } from '../activities/stage.js';
import type { TransferredError } from '../inference/error-transfer.js';

/** From the worker to its inference process. */
export type MessageToInferenceProcess =
  | { readonly kind: 'run'; readonly id: number; readonly request: StageRun }
  | { readonly kind: 'abort'; readonly id: number }
  | { readonly kind: 'close' };

/** From the inference process to its worker. */
export type MessageFromInferenceProcess =
  | { readonly kind: 'progress'; readonly id: number; readonly progress: StageProgress }
  | { readonly kind: 'result'; readonly id: number; readonly result: StageResult }
  | { readonly kind: 'error'; readonly id: number; readonly error: TransferredError }
  | { readonly kind: 'memory'; readonly bytes: number };
