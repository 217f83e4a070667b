import { DEFAULT_BRANCH, type InputItem } from '../pipeline/commit.js';
import { MammoflowError } from '../pipeline/errors.js';
import { type Repository, rootOf } from '../repos/repository.js';

/** What `<bundle>[@REF]` names. */
export interface BundleReference {
  readonly name: string;
  readonly ref: string;
}

/** @throws MammoflowError `invalid-argument` when the text is not of that form. */
export function parseBundleReference(text: string, otherwise = DEFAULT_BRANCH): BundleReference {
  const [, name = '', ref = otherwise] = /^([^@]+)(?:@(.+))?$/.exec(text) ?? [];
  if (name !== '') return { name, ref };
  throw new MammoflowError(
    'invalid-argument',
    `${JSON.stringify(text)} does not name a bundle.`,
    'Write <bundle> or <bundle>@<REF>.',
  );
}

/** A committed bundle. @throws MammoflowError `not-found` naming those that there are. */
export async function requireBundle(repository: Repository, { name, ref }: BundleReference): Promise<InputItem> {
  const commit = await repository.resolve(ref, 'models');
  const item = await repository.inputs.get(rootOf(commit, 'models'), name);
  if (item !== undefined) return item;
  const known: string[] = [];
  for await (const other of repository.inputs.items(rootOf(commit, 'models'))) known.push(other.name);
  throw new MammoflowError(
    'not-found',
    `There is no bundle ${name} at ${ref}.`,
    known.length === 0
      ? 'Put it with `mammoflow put models <folder>`.'
      : `There are ${known.sort().join(', ')}; put others with \`mammoflow put models <folder>\`.`,
  );
}
