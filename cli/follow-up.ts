import { hasWork } from '../activities/has-work.js';
import { stages } from '../activities/stages/index.js';
import type { Commit } from '../pipeline/commit.js';
import { MammoflowError } from '../pipeline/errors.js';
import { startJob } from './jobs-client.js';
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
}

/**
 * Starts the job that brings results up to a commit, unless they are there already or nobody asked for it.
 * @param done what has been done by then, for the error when the job cannot be started.
 */
export async function startIfWanted(
  session: Session,
  commit: Commit,
  { branch, process: asked }: Pick<CommitOptions, 'branch' | 'process'>,
  done = made(commit),
): Promise<string | null> {
  if (!asked) return null;
  const { repository } = session;
  return orSayWhatIsDone(done, async () =>
    (await hasWork(repository, stages, commit)) ? startJob(await session.client(), commit, { branch }) : null,
  );
}

/** Starts the job on a commit. When that fails, the error says what has been done by then. */
export const startJobAfter = (session: Session, commit: Commit, branch: string): Promise<string> =>
  orSayWhatIsDone(made(commit), async () => startJob(await session.client(), commit, { branch }));

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

/** The last lines of a verb that commits, for people. */
export function printFollowUp(job: string | null, { process: asked }: Pick<CommitOptions, 'process'>): void {
  if (job !== null) printLine(`job ${job} started; see it with \`mammoflow job ${job} --watch\``);
  else if (asked) printLine('no job started: no exam wants anything that it does not have');
  else printLine('no job started; `mammoflow process` brings results up to date whenever you like');
}
