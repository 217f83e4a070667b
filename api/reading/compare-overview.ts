import { type Commit, DEFAULT_BRANCH } from '../../pipeline/commit.js';
import { MammoflowError } from '../../pipeline/errors.js';
import type { Label, Variant } from '../../pipeline/predictions.js';
import { readPipeline } from '../../repos/pipeline-repo.js';
import type { Repository } from '../../repos/repository.js';
import { rootOf } from '../../repos/repository.js';
import { compareHeatmaps, type HeatmapDifference } from '../comparison/compare-heatmaps.js';
import { type Comparison, compareResults } from '../comparison/compare-results.js';
import type { Movement } from '../comparison/movements.js';
import { resolveState } from '../resolve-state.js';
import { requireHead, type Session } from '../session.js';

const BUNDLE = 'bundle:';
/** Bins of the change with its sign, from -1 to 1. */
export const SIGNED_BINS = 40;

export interface CompareOverviewOptions {
  /** A commit, a branch, `branch~n`, a job that has ended, or `bundle:<name>` for the last state in which it was in use. */
  readonly before: string;
  readonly after: string;
  readonly label: Label;
  readonly variant: Variant;
  readonly threshold: number;
}

/** A comparison with what a page draws of one label and classifier. */
export interface CompareOverview {
  readonly comparison: Comparison;
  /** Of that label and classifier, greatest change first. */
  readonly moves: readonly Movement[];
  /** By variant and label: how many changes lie in each of {@link SIGNED_BINS} bins. */
  readonly signed: ReadonlyMap<string, readonly number[]>;
}

/**
 * How predictions moved between two states, for a page that draws all exams. Heatmaps are not read.
 *
 * @throws MammoflowError `unknown-reference` or `not-found` for a state that is not there.
 * @example
 * const { moves } = await mammoflow.compareOverview({ before: 'main~1', after: 'main', label, variant, threshold: 0.5 });
 */
export async function compareOverview(
  { repository }: Session,
  { before, after, label, variant, threshold }: CompareOverviewOptions,
): Promise<CompareOverview> {
  const [left, right] = await Promise.all([sideOf(repository, before), sideOf(repository, after)]);
  const comparison = await compareResults(repository, left, right, { threshold, heatmaps: 0 });
  const signed = new Map<string, number[]>();
  for (const movement of comparison.movements) {
    const key = `${movement.variant}/${movement.label}`;
    const bins = signed.get(key) ?? new Array<number>(SIGNED_BINS).fill(0);
    const bin = Math.min(SIGNED_BINS - 1, Math.floor(((movement.change + 1) / 2) * SIGNED_BINS));
    bins[bin] = (bins[bin] ?? 0) + 1;
    signed.set(key, bins);
  }
  const moves = comparison.movements.filter((movement) => movement.label === label && movement.variant === variant);
  return { comparison, moves, signed };
}

/**
 * The commits of two states as `compareOverview` takes them, and how one exam's heatmaps differ between them.
 *
 * @throws MammoflowError `unknown-reference` or `not-found` for a state that is not there.
 * @example
 * const { heatmaps } = await mammoflow.compareExam({ exam: 'exam-17', before: 'main~1', after: 'main' });
 */
export async function compareExam(
  { repository }: Session,
  { exam, before, after }: { exam: string; before: string; after: string },
): Promise<{ before: string; after: string; heatmaps: readonly HeatmapDifference[]; unreadable?: string }> {
  const [left, right] = await Promise.all([sideOf(repository, before), sideOf(repository, after)]);
  const [a, b] = await Promise.all(
    [left, right].map((commit) => repository.stages.get(rootOf(commit, 'generate_heatmaps'), exam)),
  );
  const base = { before: left.id, after: right.id };
  if (a === undefined || b === undefined || a.datum === b.datum) return { ...base, heatmaps: [] };
  try {
    return { ...base, heatmaps: await compareHeatmaps(repository.store, a, b) };
  } catch (error) {
    // Erased or damaged: the pictures that there are can be looked at all the same.
    if (error instanceof MammoflowError) return { ...base, heatmaps: [], unreadable: error.message };
    throw error;
  }
}

/** A state by any of its names. */
async function sideOf(repository: Repository, reference: string): Promise<Commit> {
  if (!reference.startsWith(BUNDLE)) return resolveState(repository, reference);
  return lastStateWith(repository, reference.slice(BUNDLE.length));
}

/** The newest state of `main` before another bundle took its place; its head while the bundle is in use. */
async function lastStateWith(repository: Repository, bundle: string): Promise<Commit> {
  const head = await requireHead(repository, DEFAULT_BRANCH);
  let last = head;
  for await (const commit of repository.log(head, 'pipeline')) {
    if ((await readPipeline(repository, commit)).eras.at(-1)?.bundle === bundle) return last;
    const parent = await repository.parent(commit);
    if (parent === undefined) break;
    last = parent;
  }
  throw new MammoflowError(
    'not-found',
    `No state of ${DEFAULT_BRANCH} used bundle ${bundle}.`,
    'See `mammoflow models list`.',
  );
}
