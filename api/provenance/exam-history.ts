import { canonicalJson, type Json } from '../../pipeline/canonical-json.js';
import { type Commit, OUTCOMES, type OutcomeItem, type StageItem, type TreeRoot } from '../../pipeline/commit.js';
import { type Repository, rootOf, stageReposOf } from '../../repos/repository.js';

/** How an exam came to the results it has at a commit. */
export interface ExamHistory {
  /** What the stages made of it, by stage, at the commit. */
  readonly items: ReadonlyMap<string, StageItem>;
  readonly outcome?: OutcomeItem;
  /** The commit that brought this outcome; absent when the walk ended before it was found. */
  readonly landing?: Commit;
  /** By stage, the newest result from before that commit. */
  readonly previous: ReadonlyMap<string, StageItem>;
  /** Whether the exam had any outcome before. */
  readonly hadOutcome: boolean;
  /** False when the walk ended at its limit, so that there may be earlier results. */
  readonly complete: boolean;
  /** Commits read. */
  readonly commits: number;
}

/**
 * Walks back from a commit to the one that brought an exam's present results, and on to the results that each stage had
 * before. It ends as soon as every stage has an earlier one, where the exam was not there yet, or after `limit` commits.
 * A tree is opened only where its root differs from the one looked at before.
 */
export async function examHistory(
  repository: Repository,
  commit: Commit,
  exam: string,
  limit: number,
): Promise<ExamHistory> {
  const outcomeAt = unlessEqual((root) => repository.outcomes.get(root, exam));
  const examAt = unlessEqual((root) => repository.inputs.get(root, exam));
  const itemAt = new Map(
    stageReposOf(commit.roots).map((stage) => [stage, unlessEqual((root) => repository.stages.get(root, exam))]),
  );
  const outcome = await outcomeAt(rootOf(commit, OUTCOMES));
  const items = new Map<string, StageItem>();
  for (const [stage, get] of itemAt) {
    const item = await get(rootOf(commit, stage));
    if (item !== undefined) items.set(stage, item);
  }
  const previous = new Map<string, StageItem>();
  let landing: Commit | undefined;
  let hadOutcome = false;
  let newer = commit;
  for (let commits = 1; ; commits += 1) {
    const end = (complete: boolean): ExamHistory => ({
      items,
      ...(outcome === undefined ? {} : { outcome }),
      ...(landing === undefined ? {} : { landing }),
      previous,
      hadOutcome,
      complete,
      commits,
    });
    if (outcome === undefined) return end(true);
    if (commits >= limit) return end(newer.parent === null);
    const older = await repository.parent(newer);
    const earlier = await outcomeAt(rootOf(older, OUTCOMES));
    if (landing === undefined && !sameOutcome(earlier, outcome)) landing = newer;
    if (landing !== undefined) {
      hadOutcome ||= earlier !== undefined;
      for (const stage of items.keys()) {
        if (previous.has(stage)) continue;
        const item = await itemAt.get(stage)?.(rootOf(older, stage));
        if (item !== undefined) previous.set(stage, item);
      }
      if (previous.size === items.size) return end(true);
    }
    if (older === undefined || (await examAt(rootOf(older, 'exams'))) === undefined) return end(true);
    newer = older;
  }
}

/** Remembers the last answer, and asks again only for another root. */
function unlessEqual<T>(get: (root: TreeRoot) => Promise<T>): (root: TreeRoot) => Promise<T> {
  let last: { tree: string | null; answer: T } | undefined;
  return async (root) => {
    if (last?.tree !== root.tree) last = { tree: root.tree, answer: await get(root) };
    return (last as { answer: T }).answer;
  };
}

const sameOutcome = (a: OutcomeItem | undefined, b: OutcomeItem): boolean =>
  a !== undefined && canonicalJson(a as unknown as Json) === canonicalJson(b as unknown as Json);
