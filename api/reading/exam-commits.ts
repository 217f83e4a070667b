import { canonicalJson, type Json } from '../../pipeline/canonical-json.js';
import {
  type Commit,
  DEFAULT_BRANCH,
  OUTCOMES,
  type OutcomeItem,
  type StageItem,
  type TreeItem,
} from '../../pipeline/commit.js';
import type { Predictions } from '../../pipeline/predictions.js';
import { openHeadlines } from '../../repos/headlines.js';
import { rootOf } from '../../repos/repository.js';
import { resolveState } from '../resolve-state.js';
import type { Session } from '../session.js';

/** A commit that changed something of an exam. */
export interface ExamCommit {
  readonly commit: Commit;
  readonly changed: readonly ('files' | 'results' | 'outcome')[];
  readonly outcome: OutcomeItem | null;
  readonly predictions: Predictions | null;
}

export interface ExamCommitsOptions {
  readonly exam: string;
  /** Where to begin; `main` unless said. */
  readonly ref?: string;
  /** Go on behind this commit, the last of an earlier page. */
  readonly after?: string | undefined;
  /** Commits looked at before the walk ends. */
  readonly depth?: number;
}

/** Each costs a request, and more where a tree differs. */
const DEPTH = 1_000;

/**
 * The commits that changed an exam's files, results or outcome, newest first, with what the exam's results were after each. A
 * tree is opened only where its root differs from that of the commit before.
 *
 * @throws MammoflowError `unknown-reference` for a state that is not there.
 * @example
 * for await (const { commit, predictions } of mammoflow.examCommits({ exam: 'exam-17' })) console.log(commit.id, predictions);
 */
export async function* examCommits(
  { repository }: Session,
  { exam, ref = DEFAULT_BRANCH, after, depth = DEPTH }: ExamCommitsOptions,
): AsyncGenerator<ExamCommit> {
  const headlines = openHeadlines(repository.store);
  let commit: Commit | undefined = after === undefined ? await resolveState(repository, ref) : undefined;
  if (after !== undefined) commit = await repository.parent(await repository.commit(after));
  let here = commit && (await stateAt(commit, undefined));
  for (let walked = 0; commit !== undefined && here !== undefined && walked < depth; walked += 1) {
    const parent: Commit | undefined = await repository.parent(commit);
    const before: State = parent === undefined ? NOTHING : await stateAt(parent, here);
    const changed = [
      ...(same(here.files, before.files) ? [] : (['files'] as const)),
      ...(same(here.classified, before.classified) ? [] : (['results'] as const)),
      ...(same(here.outcome, before.outcome) ? [] : (['outcome'] as const)),
    ];
    if (changed.length > 0) {
      const found = here.classified && (await headlines.predictions([here.classified])).get(exam);
      yield {
        commit,
        changed,
        outcome: here.outcome ?? null,
        predictions: found !== undefined && 'predictions' in found ? found.predictions : null,
      };
    }
    commit = parent;
    here = before;
  }

  async function stateAt(at: Commit, newer: State | undefined): Promise<State> {
    const roots = {
      files: rootOf(at, 'exams').tree,
      classified: rootOf(at, 'classify').tree,
      outcome: rootOf(at, OUTCOMES).tree,
    };
    const [files, classified, outcome] = await Promise.all([
      newer?.roots.files === roots.files ? newer.files : repository.inputs.get(rootOf(at, 'exams'), exam),
      newer?.roots.classified === roots.classified
        ? newer.classified
        : repository.stages.get(rootOf(at, 'classify'), exam),
      newer?.roots.outcome === roots.outcome ? newer.outcome : repository.outcomes.get(rootOf(at, OUTCOMES), exam),
    ]);
    return { roots, files, classified, outcome };
  }
}

interface State {
  readonly roots: {
    readonly files: string | null;
    readonly classified: string | null;
    readonly outcome: string | null;
  };
  readonly files: TreeItem | undefined;
  readonly classified: StageItem | undefined;
  readonly outcome: OutcomeItem | undefined;
}
const NOTHING: State = {
  roots: { files: null, classified: null, outcome: null },
  files: undefined,
  classified: undefined,
  outcome: undefined,
};

const same = (a: TreeItem | undefined, b: TreeItem | undefined): boolean =>
  a === b ||
  (a !== undefined && b !== undefined && canonicalJson(a as unknown as Json) === canonicalJson(b as unknown as Json));
