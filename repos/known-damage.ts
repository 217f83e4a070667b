import { z } from 'zod';
import type { Json } from '../pipeline/canonical-json.js';
import { sha256Hex } from './hash.js';
import { readDerivedJson, writeJson } from './json-objects.js';
import { damageKey, damageOfItemPrefix, damagePrefix } from './layout.js';
import type { ListedVersion, ObjectStore } from './object-store.js';

/**
 * `damaged/<repo>/<item>/<id>.json`: that an object which a commit names was found damaged or gone. Nobody looks at every
 * byte all the time; whoever comes across damage leaves word, and it is mended where that can be done: a job computes
 * again what is derived, and `put` of the same files uploads what it would otherwise believe to be there. It holds for one
 * version, so it means nothing for a commit that names another.
 */
export const damageSchema = z.object({
  schemaVersion: z.literal(1),
  /** The repo whose item it belongs to; a datum record belongs to its stage. */
  repo: z.string(),
  item: z.string(),
  key: z.string(),
  /** Empty for an object that is not there at all, such as a datum record. */
  versionId: z.string(),
  what: z.enum(['missing', 'damaged']),
  found: z.iso.datetime(),
});
export type Damage = z.infer<typeof damageSchema>;

const idOf = ({ key, versionId }: Pick<Damage, 'key' | 'versionId'>): string => sha256Hex(`${versionId} ${key}`);

/** Leaves word of an object that was found damaged or gone. Safe to repeat. */
export async function recordDamage(store: ObjectStore, damage: Omit<Damage, 'schemaVersion' | 'found'>): Promise<void> {
  const document: Damage = { schemaVersion: 1, ...damage, found: new Date().toISOString() };
  await writeJson(store, damageKey(damage.repo, damage.item, idOf(damage)), document as unknown as Json, {
    ifAbsent: true,
  });
}

/** What is known to be damaged, in the order of repo and item. One listing, and a request for each. */
export async function* listDamage(store: ObjectStore, repo?: string, item?: string): AsyncGenerator<Damage> {
  const prefix =
    repo === undefined ? damagePrefix : item === undefined ? `${damagePrefix}${repo}/` : damageOfItemPrefix(repo, item);
  for await (const { key } of store.list(prefix)) {
    const damage = await readDerivedJson(store, key, damageSchema);
    if (damage !== undefined) yield damage;
  }
}

/** Takes back what was said of an item: it was found whole, or is gone for good. */
export async function forgetDamage(store: ObjectStore, repo: string, item: string): Promise<void> {
  const versions: ListedVersion[] = [];
  for await (const version of store.listVersions(damageOfItemPrefix(repo, item))) versions.push(version);
  await store.deleteVersions(versions);
}
