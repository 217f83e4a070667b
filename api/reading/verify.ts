import { type Commit, DEFAULT_BRANCH } from '../../pipeline/commit.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { branchNames } from '../../repos/history/branch-pointer.js';
import { commitIds } from '../../repos/history/commits.js';
import type { Repository } from '../../repos/repository.js';
import { rootOf } from '../../repos/repository.js';
import type { Fault } from '../../repos/verify/fault.js';
import { newestWhole, type Verified, verifyState } from '../../repos/verify/verify-state.js';
import type { Session } from '../session.js';

export interface VerifyOptions {
  /** A branch, a commit, `branch~n`, or an exam of `main`; `main` unless said. */
  readonly target?: string;
  /** Read every byte, instead of asking the server for sizes and checksums. */
  readonly deep?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (objects: number, faults: number) => void;
}

/** An object that is not as it should be. */
export interface Finding {
  readonly key: string;
  /** Empty where it is named by its key alone. */
  readonly versionId: string;
  readonly exam?: string;
  readonly what: string;
  /** What a person can do, where a job does not mend it. */
  readonly next?: string;
}

export interface VerifyOutcome {
  /** Objects that were looked at; those that are not listed below are whole. */
  readonly objects: number;
  readonly damaged: readonly Finding[];
  readonly missing: readonly Finding[];
}

/**
 * Looks at every object that a branch, a commit or one exam names: branch, commits, trees, files, datum records, known
 * outcomes and pinned model files. Nothing is changed; `repair` mends what it finds.
 *
 * @throws MammoflowError `unknown-reference` when there is no such branch, commit or exam.
 * @example
 * const { objects, damaged, missing } = await mammoflow.verify({ target: 'main', deep: true });
 */
export async function verify(session: Session, options: VerifyOptions = {}): Promise<VerifyOutcome> {
  const target = await targetOf(session.repository, options.target ?? DEFAULT_BRANCH);
  const verified = await look(session.repository, target, options);
  return outcomeOf(session.repository, target, verified);
}

/** What is looked at. */
export interface Target {
  readonly of: { readonly branch: string } | { readonly commit: Commit };
  readonly exam?: string;
}

export async function targetOf(repository: Repository, name: string): Promise<Target> {
  for await (const branch of branchNames(repository.store)) if (branch === name) return { of: { branch } };
  try {
    return { of: { commit: await repository.resolve(name) } };
  } catch (error) {
    if (!(error instanceof MammoflowError) || error.code !== 'unknown-reference') throw error;
    const head = await repository.head(DEFAULT_BRANCH);
    const exam = head && (await repository.inputs.get(rootOf(head, 'exams'), name));
    if (exam !== undefined) return { of: { branch: DEFAULT_BRANCH }, exam: name };
    const next = `Or name an exam that ${DEFAULT_BRANCH} has: see \`mammoflow ls exams\`.`;
    throw new MammoflowError(error.code, error.message, [error.next, next].filter(Boolean).join(' '));
  }
}

export const look = (
  repository: Repository,
  { of, exam }: Target,
  { deep = false, signal, onProgress }: VerifyOptions,
): Promise<Verified> => verifyState(repository, of, { exam, deep, signal, onProgress });

export async function outcomeOf(
  repository: Repository,
  target: Target,
  { objects, faults }: Pick<Verified, 'objects' | 'faults'>,
): Promise<VerifyOutcome> {
  // Something that nothing can make again is lost: what then is the newest state that still has everything?
  const isLost = faults.some(({ derived, item }) => !derived && item === undefined);
  const whole = isLost ? await newestWhole(repository, commitsOf(repository)) : undefined;
  const findings = faults.map((fault) => [fault.state, findingOf(fault, target, whole)] as const);
  const of = (state: Fault['state']) => findings.filter(([is]) => is === state).map(([, finding]) => finding);
  return { objects, damaged: of('damaged'), missing: of('missing') };
}

function findingOf(fault: Fault, target: Target, whole: Commit | undefined): Finding {
  const { key, versionId, what, repo, item } = fault;
  const isOfExam = item !== undefined && repo !== 'models' && repo !== 'pipeline';
  const next = nextOf(fault, target, whole);
  return { key, versionId, ...(isOfExam ? { exam: item } : {}), what, ...(next === undefined ? {} : { next }) };
}

function nextOf({ derived, item, repo }: Fault, { of }: Target, whole: Commit | undefined): string | undefined {
  if (derived) return undefined;
  if (repo === 'exams') return `Put the same files of ${item} again.`;
  if (repo === 'models') return `Put the bundle ${item} again.`;
  const branch = 'branch' in of ? of.branch : DEFAULT_BRANCH;
  if (whole === undefined) return 'No commit is whole: restore the object from a backup.';
  const { id, sequence, time } = whole;
  const state = `The newest whole commit is ${id.slice(0, 12)} (number ${sequence}, ${time})`;
  return `${state}: restore the object from a backup, or \`mammoflow branch move ${branch} ${id.slice(0, 12)}\`.`;
}

/** All commits that can be read, the newest first. */
async function* commitsOf(repository: Repository): AsyncGenerator<Commit> {
  const commits: Commit[] = [];
  for await (const id of commitIds(repository.store)) {
    try {
      commits.push(await repository.commit(id));
    } catch (error) {
      if (!(error instanceof MammoflowError) || error.code === 'service-unavailable') throw error;
    }
  }
  yield* commits.sort((a, b) => b.sequence - a.sequence || (a.time < b.time ? 1 : -1));
}
