import { DEFAULT_BRANCH, type InputRepo } from '../../pipeline/commit.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { readPipeline } from '../../repos/pipeline-repo.js';
import { removeItems } from '../../repos/remove-items.js';
import { requireHead, type Session } from '../session.js';
import type { CommitOptions, Committed } from './follow-up.js';

export interface RemoveOptions extends Pick<CommitOptions, 'branch' | 'message'> {
  readonly repo: string;
  /** Exams or bundles. */
  readonly names: readonly string[];
}

/** There is never a job: nothing is to be computed for what is gone. */
export interface RemoveOutcome extends Committed {
  readonly repo: InputRepo;
  readonly commit: string;
  readonly removed: readonly string[];
  /** Removed bundles that exams are processed with all the same. */
  readonly stillUsed: readonly string[];
}

/**
 * Commits a repo without some exams or bundles; the results of an exam go with it. Earlier commits keep them.
 *
 * @param options.repo `exams` or `models`.
 * @throws MammoflowError `not-found` when one of the names is not there, and then none is removed; `invalid-argument`
 *   for another repo.
 * @example
 * await mammoflow.remove({ repo: 'exams', names: ['exam-17'], message: 'not for this study' });
 */
export async function remove(session: Session, options: RemoveOptions): Promise<RemoveOutcome> {
  const { repository, author } = session;
  const { repo, branch = DEFAULT_BRANCH, message } = options;
  if (repo !== 'exams' && repo !== 'models') {
    throw new MammoflowError(
      'invalid-argument',
      `Nothing is removed from ${repo} by hand.`,
      'Remove from `exams` or `models`.',
    );
  }
  await requireHead(repository, branch);
  const removed = [...new Set(options.names)];
  const commit = await removeItems(repository, {
    branch,
    repo,
    names: removed,
    details: {
      author,
      message: message ?? `Remove ${removed.length === 1 ? removed[0] : `${removed.length} ${repo}`}`,
      by: { kind: 'remove' },
    },
  });
  const { eras } = await readPipeline(repository, commit);
  const stillUsed = repo === 'models' ? removed.filter((name) => eras.some(({ bundle }) => bundle === name)) : [];
  return { repo, commit: commit.id, job: null, removed, stillUsed };
}
