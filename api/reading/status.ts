import type { Hold } from '../../pipeline/commit.js';
import { TASK_QUEUES } from '../../pipeline/graph.js';
import { aliveWorkers } from '../alive-workers.js';
import { type Trouble, troubles } from '../jobs/troubles.js';
import type { Poller } from '../pollers.js';
import type { Session } from '../session.js';
import { type StageQueue, stageQueues } from '../stage-queues.js';

export type { Poller } from '../pollers.js';

export interface ServicesStatus {
  /** Workers that answered lately. */
  readonly workers: readonly Poller[];
  /** Task queues that jobs send work to and nobody serves. Empty where Temporal does not answer. */
  readonly unserved: readonly string[];
  /** Branches on hold: what is committed to them starts no job. */
  readonly holds: readonly ({ readonly branch: string } & Hold)[];
  /** What jobs and the taking in of the inbox try again and again, and why. */
  readonly troubles: readonly Trouble[];
  /** Why not all is well, one sentence each. */
  readonly problems: readonly string[];
}

/**
 * What answers, and who works. Never throws for a service that is down: that is a problem that it names.
 *
 * @example
 * const { problems, workers } = await mammoflow.status();
 */
export async function status(session: Session): Promise<ServicesStatus> {
  const problems: string[] = [];
  const { ofStages, holds } = await lookAtBranches(session, problems);
  const queues = [...Object.values(TASK_QUEUES), ...ofStages.map(({ queue }) => queue)];
  const workers = await workersOf(session, queues, problems);
  const unserved = queues.filter((queue) => !(workers ?? []).some(({ taskQueue }) => taskQueue === queue));
  const tried = workers === undefined ? [] : await troubles(await session.client());
  return { workers: workers ?? [], unserved: workers === undefined ? [] : unserved, holds, troubles: tried, problems };
}

async function lookAtBranches(
  { repository }: Session,
  problems: string[],
): Promise<{ ofStages: StageQueue[]; holds: ServicesStatus['holds'] }> {
  const { store } = repository;
  try {
    if (!(await store.isVersioned())) problems.push(`Versioning is not enabled on the bucket ${store.bucket}.`);
    const branches = [];
    for await (const branch of repository.branches(undefined, (_, error) => problems.push(error.sentence)))
      branches.push(branch);
    const holds = branches.flatMap(({ name, hold }) => (hold === undefined ? [] : [{ branch: name, ...hold }]));
    return { ofStages: await stageQueues(repository, branches), holds };
  } catch (error) {
    problems.push(`The bucket ${store.bucket} cannot be read: ${(error as Error).message || (error as Error).name}.`);
    return { ofStages: [], holds: [] };
  }
}

/** @returns undefined where Temporal does not answer. */
async function workersOf(
  session: Session,
  queues: readonly string[],
  problems: string[],
): Promise<Poller[] | undefined> {
  try {
    return await aliveWorkers(await session.client(), queues);
  } catch (error) {
    problems.push((error as Error).message);
    return undefined;
  }
}
