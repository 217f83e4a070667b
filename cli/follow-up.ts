import { stages } from '../activities/stages/index.js';
import { startJob } from '../api/jobs/jobs-client.js';
import type { Commit } from '../pipeline/commit.js';
import { MammoflowError } from '../pipeline/errors.js';
import { hasWork } from '../planning/has-work.js';
import { printLine } from './output.js';
import type { Session } from './session.js';

/** Where a verb commits, and whether the job that follows is started. */
export interface CommitOptions {
  readonly branch: string;
  readonly process: boolean;
  readonly message?: string;
}

/** What every verb that commits prints for programs: null where nothing was committed or started. */
export interface Committed {
  readonly commit: string | null;
  readonly job: string | null;
  /** Present when there is no job because the branch is on hold. */
  readonly held?: true;
}

/** What follows from a commit. */
export type FollowUp = Pick<Committed, 'job' | 'held'>;
const NO_JOB: FollowUp = { job: null };
const HELD: FollowUp = { job: null, held: true };

/**
 * Starts the job that brings results up to a commit, unless they are there already, nobody asked for it, or the branch
 * is on hold.
 * @param done what has been done by then, for the error when the job cannot be started.
 */
export async function startIfWanted(
  session: Session,
  commit: Commit,
  { branch, process: asked }: Pick<CommitOptions, 'branch' | 'process'>,
  done = made(commit),
): Promise<FollowUp> {
  if (!asked) return NO_JOB;
  const { repository } = session;
  return orSayWhatIsDone(done, async () => {
    if (!(await hasWork(repository, stages, commit))) return NO_JOB;
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

export const ON_HOLD = 'no job started, because the branch is on hold; `mammoflow process` starts one all the same';

/** The last lines of a verb that commits, for people. */
export function printFollowUp({ job, held }: FollowUp, { process: asked }: Pick<CommitOptions, 'process'>): void {
  if (held) printLine(ON_HOLD);
  else if (job !== null) printLine(`job ${job} started; see it with \`mammoflow job ${job} --watch\``);
  else if (asked) printLine('no job started: no exam wants anything that it does not have');
  else printLine('no job started; `mammoflow process` brings results up to date whenever you like');
}
