import type { Bundle } from '../../pipeline/bundle.js';
import type { Commit, InputItem } from '../../pipeline/commit.js';
import { eraOf, readBundleCard } from '../../planning/use-bundle.js';
import { readPipeline } from '../../repos/pipeline-repo.js';
import { type Repository, rootOf } from '../../repos/repository.js';

/** A stretch of commits whose new and changed exams use a bundle. */
export interface BundleUse {
  readonly fromSequence: number;
  /** The first commit that uses another one; absent for the bundle that new exams use. */
  readonly untilSequence?: number;
}

/** A bundle of a commit, or one that its pipeline uses although it was removed or replaced since. */
export interface BundleState {
  readonly bundle: string;
  /** `replaced`: in use are files that this name had before. `removed`: in use, and not in `models` any more. */
  readonly state: 'present' | 'replaced' | 'removed';
  /** Empty when no exam uses it. */
  readonly uses: readonly BundleUse[];
  /** The commit in which its files last changed. Absent for one that was removed or replaced. */
  readonly changed?: { readonly commit: string; readonly sequence: number; readonly time: string };
  readonly card?: Bundle;
}

/** The bundles of a commit, by name, with where each is in use. */
export async function listBundles(repository: Repository, commit: Commit): Promise<BundleState[]> {
  const { eras } = await readPipeline(repository, commit);
  const uses = eras.map(({ bundle, digest, fromSequence }, index) => {
    const untilSequence = eras[index + 1]?.fromSequence;
    // The first era also serves exams that are older than it.
    const from = index === 0 ? 0 : fromSequence;
    return { bundle, digest, use: { fromSequence: from, ...(untilSequence === undefined ? {} : { untilSequence }) } };
  });
  const items: InputItem[] = [];
  for await (const item of repository.inputs.items(rootOf(commit, 'models'))) items.push(item);
  const commits = await commitsOf(
    repository,
    commit,
    items.map(({ since }) => since),
  );
  const states: BundleState[] = [];
  const accounted = new Set<(typeof uses)[number]>();
  for (const item of items) {
    const card = await readBundleCard(repository.store, item);
    const { digest } = eraOf(card, item);
    const mine = uses.filter((use) => use.bundle === item.name && use.digest === digest);
    for (const use of mine) accounted.add(use);
    const changed = commits.get(item.since);
    states.push({
      bundle: item.name,
      state: 'present',
      uses: mine.map(({ use }) => use),
      ...(changed === undefined
        ? {}
        : { changed: { commit: changed.id, sequence: changed.sequence, time: changed.time } }),
      card,
    });
  }
  for (const use of uses) {
    if (accounted.has(use)) continue;
    const state = items.some(({ name }) => name === use.bundle) ? 'replaced' : 'removed';
    states.push({ bundle: use.bundle, state, uses: [use.use] });
  }
  return states.sort((a, b) => (a.bundle < b.bundle ? -1 : a.bundle > b.bundle ? 1 : 0));
}

/** The commits of a history that have these sequence numbers. */
async function commitsOf(
  repository: Repository,
  from: Commit,
  sequences: readonly number[],
): Promise<Map<number, Commit>> {
  const wanted = new Set(sequences);
  const found = new Map<number, Commit>();
  if (wanted.size === 0) return found;
  for await (const commit of repository.log(from)) {
    if (wanted.has(commit.sequence)) found.set(commit.sequence, commit);
    if (found.size === wanted.size) break;
  }
  return found;
}
