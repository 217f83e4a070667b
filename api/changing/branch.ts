import { DEFAULT_BRANCH, type Hold } from '../../pipeline/commit.js';
import type { Repository } from '../../repos/repository.js';
import { requireHead, type Session } from '../session.js';
import { type CommitOptions, type Committed, type FollowUp, NO_JOB, requireSeen, startIfWanted } from './follow-up.js';

/** Where a branch points. */
export interface BranchPoint {
  readonly branch: string;
  readonly commit: string;
}

/**
 * Begins a branch at a commit. Nothing is copied.
 *
 * @param options.ref where it begins: a commit, a branch, or `branch~n`; the head of `main` unless said.
 * @throws MammoflowError `invalid-argument` when there is one of that name or the name cannot be one,
 *   `unknown-reference` when the reference leads nowhere.
 * @example
 * await mammoflow.createBranch({ branch: 'trial', ref: 'main~1' });
 */
export async function createBranch(
  { repository }: Session,
  { branch, ref = DEFAULT_BRANCH }: { branch: string; ref?: string },
): Promise<BranchPoint> {
  const commit = await repository.resolve(ref);
  await repository.createBranch(branch, commit);
  return { branch, commit: commit.id };
}

/** `commit` is where the branch points now, `from` where it did. */
export interface MoveOutcome extends Committed {
  readonly branch: string;
  readonly from: string;
  readonly commit: string;
}

/**
 * Points a branch at another commit, and starts a job if its exams then want something. Commits that no branch leads to
 * any more stay until they are cleaned up.
 *
 * @throws MammoflowError `unknown-reference` for a branch or a reference that is not there, `branch-moved` when somebody
 *   else moved it meanwhile.
 * @example
 * const { from } = await mammoflow.moveBranch({ branch: 'main', ref: 'trial' });
 */
export async function moveBranch(
  session: Session,
  { branch, ref, process, head }: { branch: string; ref: string } & Pick<CommitOptions, 'process' | 'head'>,
): Promise<MoveOutcome> {
  const to = await session.repository.resolve(ref);
  await requireHeadSeen(session.repository, branch, head);
  const from = await session.repository.moveBranch(branch, to);
  const done = `The branch ${branch} is moved from ${from.slice(0, 12)} to ${to.id.slice(0, 12)}`;
  const options = { branch, ...(process === undefined ? {} : { process }) };
  const followUp = from === to.id ? NO_JOB : await startIfWanted(session, to, options, done);
  return { branch, from, commit: to.id, ...followUp };
}

export interface HoldOutcome extends FollowUp {
  readonly branch: string;
  /** The hold that the branch has now, or null. */
  readonly hold: Hold | null;
  /** The hold that it had before, or null. */
  readonly before: Hold | null;
}

/**
 * Puts a branch on hold: what is committed to it starts no job until it is released. A branch on hold keeps its first
 * hold.
 *
 * @throws MammoflowError `unknown-reference` when there is no such branch.
 * @example
 * await mammoflow.holdBranch({ branch: 'main', reason: 'waiting for the new model' });
 */
export async function holdBranch(
  { repository, author, now }: Session,
  { branch, reason }: { branch: string; reason?: string },
): Promise<HoldOutcome> {
  const hold = { since: now().toISOString(), author, ...(reason === undefined ? {} : { reason }) };
  const before = await repository.setHold(branch, hold);
  return { branch, hold: before ?? hold, before: before ?? null, ...NO_JOB };
}

/**
 * Ends the hold of a branch, and starts a job if its exams want something.
 *
 * @throws MammoflowError `unknown-reference` when there is no such branch.
 * @example
 * const { job } = await mammoflow.releaseBranch({ branch: 'main' });
 */
export async function releaseBranch(
  session: Session,
  { branch, process }: { branch: string } & Pick<CommitOptions, 'process'>,
): Promise<HoldOutcome> {
  const { repository } = session;
  const before = (await repository.setHold(branch, undefined)) ?? null;
  const head = await requireHead(repository, branch);
  const options = { branch, ...(process === undefined ? {} : { process }) };
  const followUp = await startIfWanted(session, head, options, `The hold of ${branch} is ended`);
  return { branch, hold: null, before, ...followUp };
}

/**
 * Deletes a branch; its commits stay until they are cleaned up.
 *
 * @returns where it pointed, so that it can be created again.
 * @throws MammoflowError `unknown-reference` when there is no such branch, `invalid-argument` for `main`.
 * @example
 * const { commit } = await mammoflow.deleteBranch({ branch: 'trial' });
 */
export async function deleteBranch(
  { repository }: Session,
  { branch, head }: { branch: string } & Pick<CommitOptions, 'head'>,
): Promise<BranchPoint> {
  await requireHeadSeen(repository, branch, head);
  return { branch, commit: await repository.deleteBranch(branch) };
}

/** @throws MammoflowError `branch-moved` when somebody has committed since the head that was seen. */
async function requireHeadSeen(repository: Repository, branch: string, seen: string | undefined): Promise<void> {
  if (seen !== undefined) await requireSeen(repository, branch, await repository.head(branch), seen);
}
