import { DEFAULT_BRANCH, INPUT_REPOS, type InputRepo } from '../../pipeline/commit.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { resolveGraph } from '../../planning/resolve-graph.js';
import { readPipeline } from '../../repos/pipeline-repo.js';
import { revertRepo } from '../../repos/revert.js';
import { requireHead, type Session } from '../session.js';
import { type CommitOptions, type Committed, NO_JOB, sinceHead, startIfWanted } from './follow-up.js';

export interface RevertOptions extends CommitOptions {
  readonly repo: string;
  /** A commit of the branch, or `<branch>~<n>`: before the last n commits that changed the repo. */
  readonly ref: string;
}

export interface RevertOutcome extends Committed {
  readonly repo: InputRepo;
  /** The commit whose content the repo has now. */
  readonly revertedTo: string;
  /** Exams or bundles whose files are others than before. */
  readonly changed: readonly string[];
}

/**
 * Brings exams, models or the pipeline back as they were, in a new commit, and starts the job that follows. What was
 * computed before for the same is found again.
 *
 * @param options.repo `exams`, `models` or `pipeline`.
 * @throws MammoflowError `invalid-argument` for another repo, `unknown-reference` for a state that is not there,
 *   `invalid-pipeline` for one that this build cannot run; nothing is committed then.
 * @example
 * await mammoflow.revert({ repo: 'exams', ref: 'main~1' });
 */
export async function revert(session: Session, options: RevertOptions): Promise<RevertOutcome> {
  const { author } = session;
  const repository = sinceHead(session.repository, options.head);
  const { branch = DEFAULT_BRANCH, ref } = options;
  const repo = INPUT_REPOS.find((candidate) => candidate === options.repo);
  if (repo === undefined) {
    throw new MammoflowError(
      'invalid-argument',
      `${options.repo} cannot be reverted by itself.`,
      `Revert ${INPUT_REPOS.join(', ')}; the results of the stages follow from them.`,
    );
  }
  await requireHead(repository, branch);
  const to = await repository.resolve(ref, repo);
  // A pipeline that this build cannot run would stop every job.
  if (repo === 'pipeline') resolveGraph(await session.stages(), await readPipeline(repository, to));
  const { commit, changed } = await revertRepo(repository, {
    branch,
    repo,
    to,
    details: { author, message: options.message ?? `Revert ${repo} to ${to.id.slice(0, 12)}`, by: { kind: 'revert' } },
  });
  const followUp = commit === undefined ? NO_JOB : await startIfWanted(session, commit, options);
  return { repo, commit: commit?.id ?? null, ...followUp, revertedTo: to.id, changed };
}
