import { canonicalJson, type Json } from '../pipeline/canonical-json.js';
import type { Commit, InputRepo, TreeRoot } from '../pipeline/commit.js';
import { MammoflowError } from '../pipeline/errors.js';
import { openErasures } from './erasures.js';
import { readPipeline, writePipeline } from './pipeline-repo.js';
import { dropResults, sameContent } from './put-items.js';
import { type CommitDetails, type Repository, type Roots, rootOf } from './repository.js';

export interface RevertRequest {
  readonly branch: string;
  readonly repo: InputRepo;
  /** An earlier commit of the same branch. */
  readonly to: Commit;
  readonly details: CommitDetails;
}

export interface RevertResult {
  /** Undefined when the repo was as it had been then, so that nothing was committed. */
  readonly commit: Commit | undefined;
  /** Names of the items whose files are others than before. */
  readonly changed: readonly string[];
}

/**
 * Commits a repo as it was at an earlier commit; the other repos stay as they are. Costs what differs between the two.
 *
 * - `exams`: results of exams whose files differ are taken away in the same commit. Exams erased since are left out.
 * - `models`: which bundles apply to which exams is brought back too, for bringing back files that no exam uses would
 *   change nothing. Parameters of stages stay.
 * - `pipeline`: which bundles apply, and the parameters, queues and versions of stages.
 *
 * @throws MammoflowError `invalid-argument` when the commit is not in the history of the branch: the sequence numbers in
 *   it, which decide which bundle applies to an exam, are those of another history.
 */
export async function revertRepo(
  repository: Repository,
  { branch, repo, to, details }: RevertRequest,
): Promise<RevertResult> {
  let changed: string[] = [];
  const commit = await repository.commitOnto(branch, details, async (roots, sequence, head) => {
    await requireInHistory(repository, branch, head, to);
    const then = await withoutErased(repository, rootOf({ roots }, repo), rootOf(to, repo));
    changed = [];
    for await (const { name, before, after } of repository.inputs.diff(rootOf({ roots }, repo), then)) {
      if (!sameContent(before?.files ?? [], after?.files ?? [])) changed.push(name);
    }
    let edited: Roots = { ...roots, [repo]: then };
    if (repo === 'exams') edited = await dropResults(repository, edited, changed);
    if (repo === 'models') edited = await withEras(repository, edited, to, sequence);
    const same = Object.keys(edited).every((name) => edited[name]?.tree === rootOf({ roots }, name).tree);
    return same ? undefined : { roots: edited };
  });
  return { commit, changed };
}

/** What was erased since then cannot come back: its files are gone. */
async function withoutErased(repository: Repository, now: TreeRoot, then: TreeRoot): Promise<TreeRoot> {
  const erasureOf = await openErasures(repository.store);
  const erased = new Map<string, null>();
  for await (const { name, after } of repository.inputs.diff(now, then)) {
    if (after !== undefined && (await erasureOf(after)) !== undefined) erased.set(name, null);
  }
  return repository.inputs.edit(then, erased);
}

/** Brings back which bundles apply, and leaves the rest of the pipeline as it is. */
async function withEras(repository: Repository, roots: Roots, to: Commit, sequence: number): Promise<Roots> {
  const [now, then] = await Promise.all([readPipeline(repository, { roots }), readPipeline(repository, to)]);
  if (canonicalJson(now.eras as unknown as Json) === canonicalJson(then.eras as unknown as Json)) return roots;
  const root = rootOf({ roots }, 'pipeline');
  return { ...roots, pipeline: await writePipeline(repository, root, { ...now, eras: then.eras }, sequence) };
}

async function requireInHistory(
  repository: Repository,
  branch: string,
  head: Commit | undefined,
  to: Commit,
): Promise<void> {
  let commit = head;
  while (commit !== undefined && commit.sequence > to.sequence) commit = await repository.parent(commit);
  if (commit?.id === to.id) return;
  throw new MammoflowError(
    'invalid-argument',
    `Commit ${to.id.slice(0, 12)} is not in the history of the branch ${branch}.`,
    `Name one that \`mammoflow log\` lists, or move the whole branch with \`mammoflow branch move ${branch} <REF>\`.`,
  );
}
