import { type Bundle, MODEL_ROLES, type ModelRole } from '../../pipeline/bundle.js';
import { DEFAULT_BRANCH } from '../../pipeline/commit.js';
import { readBundleCard } from '../../planning/use-bundle.js';
import { parseBundleReference, requireBundle } from '../bundle-reference.js';
import type { Session } from '../session.js';
import { type BundleState, type BundleUse, listBundles } from './list-bundles.js';

export type { BundleUse } from './list-bundles.js';

/** A bundle of a state, or one that its pipeline uses although it was removed or replaced since. */
export interface BundleRow {
  readonly bundle: string;
  readonly state: BundleState['state'];
  /** New and changed exams use it. */
  readonly current: boolean;
  readonly uses: readonly BundleUse[];
  /** The commit in which its files last changed; null where that is not known. */
  readonly commit: string | null;
  readonly sequence: number | null;
  readonly time: string | null;
  readonly metrics: Readonly<Record<string, number>>;
  readonly notice?: string;
}

/**
 * The bundles of a state, by name, with where each is in use.
 *
 * @throws MammoflowError `unknown-reference` for a state that is not there.
 * @example
 * for (const { bundle, current } of await mammoflow.models()) console.log(bundle, current);
 */
export async function models(
  { repository }: Session,
  { ref = DEFAULT_BRANCH }: { ref?: string } = {},
): Promise<BundleRow[]> {
  return (await listBundles(repository, await repository.resolve(ref, 'models'))).map(asRow);
}

/** A bundle with what it says of itself. */
export interface BundleDetails extends BundleRow {
  readonly card: Bundle;
  readonly roles: readonly ModelRole[];
}

/**
 * One bundle, with its card.
 *
 * @param options.bundle its name, with `@REF` for an earlier state.
 * @throws MammoflowError `not-found` naming the bundles that there are.
 * @example
 * const { card, uses } = await mammoflow.model({ bundle: 'nyu@main~1' });
 */
export async function model({ repository }: Session, { bundle }: { bundle: string }): Promise<BundleDetails> {
  const reference = parseBundleReference(bundle);
  const { name, ref } = reference;
  const item = await requireBundle(repository, reference);
  const states = await listBundles(repository, await repository.resolve(ref, 'models'));
  const state = states.find((one) => one.bundle === name && one.state === 'present');
  const card = state?.card ?? (await readBundleCard(repository.store, item));
  return { ...asRow(state ?? { bundle: name, state: 'present', uses: [], card }), card, roles: MODEL_ROLES };
}

const asRow = ({ bundle, state, uses, changed, card }: BundleState): BundleRow => ({
  bundle,
  state,
  current: uses.some(({ untilSequence }) => untilSequence === undefined),
  uses,
  commit: changed?.commit ?? null,
  sequence: changed?.sequence ?? null,
  time: changed?.time ?? null,
  metrics: card?.metrics ?? {},
  ...(card?.notice === undefined ? {} : { notice: card.notice }),
});
