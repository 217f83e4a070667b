import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { Commit } from '../pipeline/commit.js';
import { TASK_QUEUES } from '../pipeline/graph.js';
import type { ProcessCommitInput } from '../pipeline/job.js';
import type { StageDeclaration } from '../pipeline/stage.js';
import type { Repository } from '../repos/repository.js';
import { hasWork } from './has-work.js';

/** Starts a job on a commit under the given id. @returns false when there is or was one of that id. */
export async function startJobAs(
  client: Client,
  job: string,
  commit: Commit,
  input: ProcessCommitInput & { branch: string },
): Promise<boolean> {
  try {
    // By name: the types of workflows are not to be had here.
    await client.workflow.start('processCommit', {
      workflowId: job,
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      taskQueue: TASK_QUEUES.workflow,
      args: [{ ...input, commit: commit.id }],
      staticSummary: `process ${input.branch} at commit ${commit.sequence}`,
      staticDetails: `Commit \`${commit.id}\`: ${commit.message}`,
    });
    return true;
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    return false;
  }
}

/** The id of the job that follows from a commit. It says branch and commit to whoever reads it. */
export const followingJobId = (branch: string, commit: Commit): string =>
  `${branch}-${commit.sequence}-${commit.id.slice(0, 6)}`;

/** What came of asking for the job that follows a commit. */
export interface Started {
  readonly job: string | null;
  /** Why there is none. */
  readonly because?: 'hold' | 'nothing-to-do';
}

/**
 * Starts the job that follows from a commit, unless the branch is on hold or no exam wants anything that it does not
 * have. The job's id follows from the commit, so asking twice starts one job.
 */
export async function startFollowingJob(
  repository: Repository,
  client: Client,
  stages: readonly StageDeclaration[],
  branch: string,
  commitId: string,
): Promise<Started> {
  if ((await repository.holdOf(branch)) !== undefined) return { job: null, because: 'hold' };
  const commit = await repository.commit(commitId);
  if (!(await hasWork(repository, stages, commit))) return { job: null, because: 'nothing-to-do' };
  const job = followingJobId(branch, commit);
  await startJobAs(client, job, commit, { branch });
  return { job };
}
