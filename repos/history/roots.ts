import { EMPTY_ROOT, INPUT_REPOS, OUTCOMES, type TreeRoot } from '../../pipeline/commit.js';
import { MammoflowError } from '../../pipeline/errors.js';

/** The trees of a commit, by repo. */
export type Roots = Readonly<Record<string, TreeRoot>>;

/** The root of a repo in a commit; empty when the repo has nothing yet. */
export const rootOf = (holder: { roots: Roots } | undefined, repo: string): TreeRoot =>
  holder?.roots[repo] ?? EMPTY_ROOT;

/** The stage repos of a commit: everything that is neither an input nor bookkeeping. */
export const stageReposOf = (roots: Roots): string[] =>
  Object.keys(roots).filter((repo) => repo !== OUTCOMES && !(INPUT_REPOS as readonly string[]).includes(repo));

/** @throws MammoflowError `not-found` when a commit has no such repo. */
export function requireRepo({ roots }: { roots: Roots }, repo: string): void {
  const known = [...INPUT_REPOS, ...stageReposOf(roots)];
  if (known.includes(repo)) return;
  throw new MammoflowError(
    'not-found',
    `There is no repo ${repo} at this commit.`,
    `There are ${known.join(', ')}; the repo of a stage appears with its first results.`,
  );
}
