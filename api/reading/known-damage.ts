import { damageAt } from '../../planning/known-damage.js';
import type { Repository } from '../../repos/repository.js';

/** What is known to be damaged or gone of what a branch names now. */
export interface KnownDamage {
  readonly branch: string;
  /** Objects. */
  readonly count: number;
  /** One of them, for people. */
  readonly first: string;
}

/** What somebody has come across, by branch; nothing is looked for here. Branches that cannot be read are among them. */
export async function knownDamage(repository: Repository): Promise<KnownDamage[]> {
  const found: KnownDamage[] = [];
  const heads = repository.branches(undefined, (branch, { message }) =>
    found.push({ branch, count: 1, first: message }),
  );
  for await (const { name: branch, commit } of heads) {
    let count = 0;
    let first = '';
    for await (const { key, what } of damageAt(repository, await repository.commit(commit))) {
      count += 1;
      first ||= `${key} is ${what === 'missing' ? 'gone' : 'damaged'}`;
    }
    if (count > 0) found.push({ branch, count, first });
  }
  return found;
}
