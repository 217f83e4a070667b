import { z } from 'zod';
import { sha256Schema } from '../../pipeline/bundle.js';
import type { Json } from '../../pipeline/canonical-json.js';
import { branchNameSchema, type Hold, holdSchema } from '../../pipeline/commit.js';
import { MammoflowError } from '../../pipeline/errors.js';
import { parseObject, writeJson } from '../json-objects.js';
import { branchesPrefix, branchKey } from '../layout.js';
import type { ListedVersion, ObjectStore, ObjectVersion } from '../object-store.js';

/** A branch as stored: one small object, so that all repos move together. A hold stays when it moves. */
const branchSchema = z.strictObject({ commit: sha256Schema, hold: holdSchema.optional() });

/** A branch as read, with what a conditional write needs. */
export type Pointer = z.infer<typeof branchSchema> & { readonly etag: string };

/** Where a branch points, or pointed by an earlier version of its object; undefined when there is no such branch. */
export async function readPointer(store: ObjectStore, name: string, versionId?: string): Promise<Pointer | undefined> {
  const checked = branchNameSchema.safeParse(name);
  if (!checked.success) {
    throw new MammoflowError(
      'invalid-argument',
      `${JSON.stringify(name)} cannot name a branch: ${checked.error.issues[0]?.message}.`,
    );
  }
  const key = branchKey(checked.data);
  const object = await store.get(key, versionId);
  return object && { ...parseObject(key, object, branchSchema), etag: object.etag };
}

/** As `readPointer`. @throws MammoflowError `unknown-reference` when there is no such branch. */
export async function requirePointer(store: ObjectStore, branch: string): Promise<Pointer> {
  const pointer = await readPointer(store, branch);
  if (pointer !== undefined) return pointer;
  throw new MammoflowError(
    'unknown-reference',
    `There is no branch ${branch}.`,
    'See `mammoflow branch list`, or make it with `mammoflow branch create`.',
  );
}

/**
 * Points a branch at a commit, from where it was read to point; from nowhere, only if there is no such branch.
 * @returns the version written, or undefined when it points elsewhere meanwhile.
 */
export function writePointer(
  store: ObjectStore,
  branch: string,
  { commit, hold }: { readonly commit: string; readonly hold: Hold | undefined },
  before: Pointer | undefined,
): Promise<ObjectVersion | undefined> {
  const document: Json = { commit, ...(hold === undefined ? {} : { hold: hold as unknown as Json }) };
  const condition = before === undefined ? { ifAbsent: true } : { ifMatch: before.etag };
  return writeJson(store, branchKey(branch), document, condition);
}

/** Names of branches in ascending order, those after `after` when given. */
export async function* branchNames(store: ObjectStore, after?: string): AsyncGenerator<string> {
  for await (const { key } of store.list(branchesPrefix, after === undefined ? undefined : branchKey(after))) {
    yield key.slice(branchesPrefix.length, -'.json'.length);
  }
}

/**
 * Removes what a deleted branch left: its earlier pointers, then the delete marker that hides them. Not every S3
 * server takes a key with a delete marker for absent, so nobody could begin a branch of that name again.
 */
export async function forgetPointers(store: ObjectStore, name: string): Promise<void> {
  const key = branchKey(name);
  const versions: ListedVersion[] = [];
  for await (const version of store.listVersions(key)) if (version.key === key) versions.push(version);
  // Begun again meanwhile.
  if (versions.some(({ latest, deleteMarker }) => latest && !deleteMarker)) return;
  await store.deleteVersions(versions.filter(({ deleteMarker }) => !deleteMarker));
  await store.deleteVersions(versions.filter(({ deleteMarker }) => deleteMarker));
}
