import { type Commit, DEFAULT_BRANCH } from '../../pipeline/commit.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { hasWork } from '../../planning/has-work.js';
import type { Repository } from '../../repos/repository.js';
import { startJob } from '../jobs/start-job.js';
import type { Session } from '../session.js';

/** Where a verb commits, and whether the job that follows is started. */
export interface CommitOptions {
  /** `main` unless said. */
  readonly branch?: string;
  /** False commits only: `process` does the rest later. */
  readonly process?: boolean;
  /**
   * The head that whoever decided on this had seen. When somebody has committed since, nothing is done; results that a job
   * brought do not count.
   */
  readonly head?: string | undefined;
  /** The commit's message; what was done in a few words unless said. */
  readonly message?: string;
}

/** What every verb that commits returns: null where nothing was committed or started. */
export interface Committed {
  readonly commit: string | null;
  readonly job: string | null;
  /** Present when there is no job because the branch is on hold. */
  readonly held?: true;
}

/**
 * The repository for a change that was decided on at a head.
 *
 * @param seen that head; undefined for whatever is newest.
 * @throws MammoflowError `branch-moved`, when something is committed and somebody else has committed since.
 */
export function sinceHead(repository: Repository, seen: string | undefined): Repository {
  if (seen === undefined) return repository;
  return {
    ...repository,
    commitOnto: (branch, details, change) =>
      repository.commitOnto(branch, details, async (roots, sequence, head) => {
        await requireSeen(repository, branch, head, seen);
        return change(roots, sequence, head);
      }),
  };
}

/** @throws MammoflowError `branch-moved` when more than results of jobs lies between a head and what somebody had seen. */
export async function requireSeen(
  repository: Repository,
  branch: string,
  head: Commit | undefined,
  seen: string,
): Promise<void> {
  let commit = head;
  for (let walked = 0; walked < RESULTS_BETWEEN && commit?.by.kind === 'job' && commit.id !== seen; walked += 1) {
    commit = await repository.parent(commit);
  }
  if (commit?.id === seen) return;
  const by = commit === undefined ? 'somebody' : commit.author;
  throw new MammoflowError(
    'branch-moved',
    `The branch ${branch} was changed meanwhile by ${by}, so nothing was done.`,
    'Look at what is there now, then decide again.',
  );
}

/** Commits of results that may have come while somebody made up their mind. */
const RESULTS_BETWEEN = 500;

/** What follows from a commit. */
export type FollowUp = Pick<Committed, 'job' | 'held'>;
export const NO_JOB: FollowUp = { job: null };
const HELD: FollowUp = { job: null, held: true };

/**
 * Starts the job that brings results up to a commit, unless they are there already, nobody asked for it, or the branch
 * is on hold.
 * @param done what has been done by then, for the error when the job cannot be started.
 */
export async function startIfWanted(
  session: Session,
  commit: Commit,
  { branch = DEFAULT_BRANCH, process: asked = true }: Pick<CommitOptions, 'branch' | 'process'>,
  done = made(commit),
): Promise<FollowUp> {
  if (!asked) return NO_JOB;
  const { repository } = session;
  return orSayWhatIsDone(done, async () => {
    if (!(await hasWork(repository, await session.stages(), commit))) return NO_JOB;
    if ((await repository.holdOf(branch)) !== undefined) return HELD;
    return { job: await startJob(await session.client(), commit, { branch }) };
  });
}

/**
 * Starts the job on a commit, unless the branch is on hold. When that fails, the error says what has been done by then.
 */
export const startJobAfter = (session: Session, commit: Commit, branch: string): Promise<FollowUp> =>
  orSayWhatIsDone(made(commit), async () =>
    (await session.repository.holdOf(branch)) === undefined
      ? { job: await startJob(await session.client(), commit, { branch }) }
      : HELD,
  );

const made = (commit: Commit): string => `Commit ${commit.id.slice(0, 12)} is made`;

async function orSayWhatIsDone<T>(done: string, start: () => Promise<T>): Promise<T> {
  try {
    return await start();
  } catch (error) {
    if (!(error instanceof MammoflowError)) throw error;
    throw new MammoflowError(
      error.code,
      `${done}, but its job could not be started: ${error.message}`,
      `${error.next ?? ''} Then run \`mammoflow process\`.`.trim(),
      { cause: error },
    );
  }
}
