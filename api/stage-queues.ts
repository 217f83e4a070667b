import { DELIVERY_QUEUE } from '../pipeline/delivery.js';
import { MammoflowError } from '../pipeline/errors.js';
import { TASK_QUEUES } from '../pipeline/graph.js';
import { readPipeline } from '../repos/pipeline-repo.js';
import type { BranchHead, Repository } from '../repos/repository.js';

/** A task queue that a branch has use for, beside those that every branch has. */
export interface StageQueue {
  readonly queue: string;
  /** What is sent there, e.g. `visualize_heatmaps on main`. */
  readonly uses: readonly string[];
}

/**
 * The task queues of their own that stages have been given on any branch (`mammoflow stage set <stage> --queue`), and that of
 * deliveries where a branch has destinations.
 *
 * @param branches those of the repository, where the caller has listed them already.
 */
export async function stageQueues(
  repository: Repository,
  branches: Iterable<BranchHead> | AsyncIterable<BranchHead> = repository.branches(undefined, () => undefined),
): Promise<StageQueue[]> {
  const uses = new Map<string, string[]>();
  for await (const { name: branch, commit } of branches) {
    const document = await readWhole(async () => readPipeline(repository, await repository.commit(commit)));
    // What is damaged or gone is told where it is looked for.
    if (document === undefined) continue;
    const { stages, destinations = {} } = document;
    if (Object.keys(destinations).length > 0) {
      uses.set(DELIVERY_QUEUE, [...(uses.get(DELIVERY_QUEUE) ?? []), `deliveries on ${branch}`]);
    }
    for (const [stage, { taskQueue }] of Object.entries(stages)) {
      if (taskQueue === undefined || Object.values<string>(TASK_QUEUES).includes(taskQueue)) continue;
      uses.set(taskQueue, [...(uses.get(taskQueue) ?? []), `${stage} on ${branch}`]);
    }
  }
  return [...uses].map(([queue, list]) => ({ queue, uses: list }));
}

async function readWhole<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof MammoflowError && error.code !== 'service-unavailable') return undefined;
    throw error;
  }
}
