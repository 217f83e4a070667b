import type { Client } from '@temporalio/client';
import type { Json } from '../pipeline/canonical-json.js';
import type { Repository } from '../repos/repository.js';
import type { Drain } from './datum/drain.js';
import type { FileCache } from './datum/file-cache.js';
import type { ObserveDatum } from './observation.js';
import type { StageDefinition, StageInputs, StageProgress, StageResult } from './stage.js';

/** A stage to run on this machine, on local files. */
export interface StageRun {
  readonly stage: string;
  readonly inputs: StageInputs;
  /** Unparsed: checked against the stage's schema where it runs. */
  readonly parameters: Readonly<Record<string, Json>>;
  /** An empty folder of this datum's own. */
  readonly outputFolder: string;
}

/**
 * Runs stages off the worker's main thread, which has Temporal to talk to.
 *
 * With `alone` in a process of its own, which may die without taking the worker along.
 *
 * @throws what the stage throws; MammoflowError `worker-crashed` when it brought down the thread or process that it ran in,
 *   `worker-killed` when somebody else ended that process.
 */
export type StageRunner = (
  run: StageRun,
  options: { signal: AbortSignal; onProgress: (progress: StageProgress) => void; alone?: boolean },
) => Promise<StageResult>;

/** What the activities of the workflow role need. Handed in by the worker, so that tests can hand in their own. */
export interface ControlDependencies {
  readonly repository: Repository;
  readonly client: Client;
  readonly stages: readonly StageDefinition[];
}

/** What the activities of a cpu or gpu worker need. */
export interface StageDependencies {
  readonly repository: Repository;
  readonly stages: readonly StageDefinition[];
  readonly cache: FileCache;
  readonly runStage: StageRunner;
  /** Build and host of this worker, recorded with everything it computes. */
  readonly provenance: Readonly<Record<string, Json>>;
  /** Told of every datum that ends here. */
  readonly observe?: ObserveDatum;
  /** Where this worker may be told to end while it has datums. */
  readonly drain?: Drain;
}
