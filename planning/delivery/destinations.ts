import type { Commit } from '../../pipeline/commit.js';
import type { Destination, Destinations } from '../../pipeline/destination.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { readPipeline } from '../../repos/pipeline-repo.js';
import type { Repository } from '../../repos/repository.js';

/** The destinations of a commit, by name. */
export const destinationsOf = async (repository: Repository, commit: Commit): Promise<Destinations> =>
  (await readPipeline(repository, commit)).destinations ?? {};

/** @throws MammoflowError `not-found` for a destination that the commit does not have, naming those that it has. */
export async function requireDestination(repository: Repository, commit: Commit, name: string): Promise<Destination> {
  const destinations = await destinationsOf(repository, commit);
  const found = destinations[name];
  if (found !== undefined) return found;
  const names = Object.keys(destinations).sort();
  throw new MammoflowError(
    'not-found',
    `There is no destination ${name}.`,
    names.length === 0
      ? 'Set one with `mammoflow destination set`.'
      : `There is ${names.join(', ')}; see \`mammoflow destination list\`.`,
  );
}
