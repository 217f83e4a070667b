import { type Commit, EMPTY_ROOT, type InputItem, OUTCOMES, type OutcomeItem } from '../pipeline/commit.js';
import { MammoflowError } from '../pipeline/errors.js';
import { type Memo, readMemo } from '../repos/memo.js';
import { type Repository, rootOf } from '../repos/repository.js';
import { inBatches } from './batches.js';
import { examsToMend } from './known-damage.js';
import type { CommitWants } from './wants.js';

/** Exams that may need something, and how many certainly do not. */
export interface Candidates {
  /** Items of `exams` at the commit. */
  exams(): AsyncIterable<InputItem>;
  /** Exams left out of `exams()`, because nothing changed since they had what is wanted. */
  readonly settled: { readonly processed: number; readonly failed: number };
  /** Exams of whose results something is known to be damaged or gone; never left out. */
  readonly toMend: ReadonlySet<string>;
  /** `exams()` goes through the whole tree. */
  readonly walks: boolean;
}

/** What is wanted of an exam, and what became of it. */
export interface ExamState {
  readonly item: InputItem;
  readonly wanted: string;
  readonly outcome: OutcomeItem | undefined;
  /** The outcome belongs to what is wanted, whether it is results or a failure, and nothing of it is known to be damaged. */
  readonly isSettled: boolean;
}

/** Outcomes read in one go; equal paths of the tree are then read once. */
const STATES_AT_ONCE = 50;

/** Holds exams of a commit against their outcomes, in the order given. */
export async function* examStates(
  repository: Repository,
  commit: Commit,
  wants: CommitWants,
  { exams, toMend, walks }: Pick<Candidates, 'exams' | 'toMend' | 'walks'>,
): AsyncGenerator<ExamState> {
  for await (const batch of inBatches(exams(), STATES_AT_ONCE)) {
    const names = batch.map(({ name }) => name);
    const outcomes = await repository.outcomes.getMany(rootOf(commit, OUTCOMES), names, walks);
    for (const item of batch) {
      const wanted = wants.wantedOf(item);
      const outcome = outcomes.get(item.name);
      yield { item, wanted, outcome, isSettled: outcome?.wanted === wanted && !toMend.has(item.name) };
    }
  }
}

/** If more than this share of the exams differs from a state, going through all of them costs less than comparing. */
const MOST_THAT_DIFFER = 1 / 4;
/** So many may differ in any repo. */
const FEW = 1_000;

/**
 * Compares a commit with the newest state known to be complete for the same wants. Equal subtrees are not opened, so
 * this costs what changed since, and not what exists. Without such a state, or with one that is of another time or branch
 * and has little in common with the commit, every exam is a candidate.
 */
export async function findCandidates(repository: Repository, commit: Commit, wants: CommitWants): Promise<Candidates> {
  const [memo, toMend] = await Promise.all([findMemo(repository, wants), examsToMend(repository, commit)]);
  const root = rootOf(commit, 'exams');
  const since = memo && (await unlessUnreadable(() => changesSince(repository, commit, wants, memo, toMend)));
  return (
    since ?? { exams: () => repository.inputs.walk(root), settled: { processed: 0, failed: 0 }, toMend, walks: true }
  );
}

/** A state to compare with is of no use when one of its trees is damaged or gone. */
async function unlessUnreadable<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof MammoflowError && (error.code === 'corrupt-data' || error.code === 'missing-object')) return;
    throw error;
  }
}

async function changesSince(
  repository: Repository,
  commit: Commit,
  wants: CommitWants,
  memo: Memo,
  toMend: ReadonlySet<string>,
): Promise<Candidates | undefined> {
  const root = rootOf(commit, 'exams');
  const most = Math.max(FEW, root.items * MOST_THAT_DIFFER);
  if (Math.abs(root.items - memo.exams.items) > most) return undefined;
  // What is accepted of an exam is no part of a memo's context, so that accepting costs what it affects.
  const names = new Set<string>([...toMend, ...(memo.accepted ?? []), ...Object.keys(wants.document.accepted ?? {})]);
  for await (const { name } of repository.inputs.diff(memo.exams, root)) {
    names.add(name);
    if (names.size > most) return undefined;
  }
  const settledOutcomes = memo.results[OUTCOMES] ?? EMPTY_ROOT;
  for await (const { name } of repository.outcomes.diff(settledOutcomes, rootOf(commit, OUTCOMES))) {
    names.add(name);
    if (names.size > most) return undefined;
  }
  let { processed, failed } = memo;
  for (const { outcome } of (await repository.outcomes.getMany(settledOutcomes, names)).values()) {
    if (outcome === 'failed') failed -= 1;
    else processed -= 1;
  }
  const found = await repository.inputs.getMany(root, names);
  return {
    exams: async function* () {
      yield* found.values();
    },
    settled: { processed, failed },
    toMend,
    walks: false,
  };
}

/**
 * The newest complete state that is still one for these wants. An era that began after that state does not touch the
 * exams in it, so a state from before a model was taken for new exams serves on.
 */
async function findMemo(repository: Repository, wants: CommitWants): Promise<Memo | undefined> {
  const { eras } = wants.document;
  for (let count = eras.length; count > 0; count -= 1) {
    const memo =
      (await readMemo(repository.store, wants.context(count))) ??
      (await readMemo(repository.store, wants.contextOfPictures(count)));
    const next = eras[count];
    if (memo !== undefined && (next === undefined || next.fromSequence > memo.sequence)) return memo;
  }
  return undefined;
}
