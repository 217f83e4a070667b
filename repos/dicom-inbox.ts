import { LRUCache } from 'lru-cache';
import type { Json } from '../pipeline/canonical-json.js';
import {
  type InboxObject,
  type ObjectsHold,
  objectsHoldSchema,
  type SortedObject,
  sortedObjectSchema,
  strangerNameOf,
  UNSORTED,
} from '../pipeline/dicom-inbox.js';
import type { InboxFile } from '../pipeline/inbox.js';
import { concurrently } from './concurrently.js';
import { fingerprintOf, type InboxVersion, OBJECTS_FOLDER, removeFromInbox, versionsBelow } from './inbox.js';
import { readDerivedJson, writeJson } from './json-objects.js';
import { objectsHoldKey, sortedKey, sortedPrefix } from './layout.js';
import type { ListedVersion, ObjectStore } from './object-store.js';

/** What lies there: objects by the exam that they are of, those that are of none, and those that nobody has opened. */
export interface ObjectsInInbox {
  readonly studies: ReadonlyMap<string, readonly InboxObject[]>;
  readonly strangers: readonly InboxObject[];
  readonly unsorted: readonly InboxFile[];
  /** Fingerprints that are remembered of uploads which lie there no more. */
  readonly outdated: readonly string[];
}

/** Requests under way at once. */
const CONCURRENCY = 16;
/** What is known of an upload never changes but by who takes it in, so that a look reads what is new. */
const KNOWN = 20_000;
const known = new WeakMap<ObjectStore, LRUCache<string, SortedObject>>();

const knownOf = (store: ObjectStore): LRUCache<string, SortedObject> => {
  const found = known.get(store) ?? new LRUCache({ max: KNOWN });
  known.set(store, found);
  return found;
};

export const fingerprintOfObject = (file: InboxFile): string => fingerprintOf([file]);

/** Lists the objects of the inbox, and reads what is remembered of each. */
export async function listObjects(store: ObjectStore): Promise<ObjectsInInbox> {
  const files: InboxFile[] = [];
  for await (const { key, size, etag, modified } of store.list(OBJECTS_FOLDER)) {
    if (!key.endsWith('/')) files.push({ path: key, size, etag, modified: modified.getTime() });
  }
  return sortOut(store, files);
}

/** Reads what is remembered of objects that lie in the inbox. */
export async function sortOut(store: ObjectStore, files: readonly InboxFile[]): Promise<ObjectsInInbox> {
  const remembered = new Map<string, string>();
  for await (const { key, etag } of store.list(sortedPrefix)) {
    remembered.set(key.slice(sortedPrefix.length, -'.json'.length), etag);
  }
  const studies = new Map<string, InboxObject[]>();
  const strangers: InboxObject[] = [];
  const unsorted: InboxFile[] = [];
  const found = new Map<InboxFile, SortedObject>();
  const cache = knownOf(store);
  await concurrently(files, CONCURRENCY, async (file) => {
    const fingerprint = fingerprintOfObject(file);
    const etag = remembered.get(fingerprint);
    remembered.delete(fingerprint);
    if (etag === undefined) return;
    const name = `${fingerprint} ${etag}`;
    const sorted = cache.get(name) ?? (await readDerivedJson(store, sortedKey(fingerprint), sortedObjectSchema));
    if (sorted === undefined) return;
    cache.set(name, sorted);
    found.set(file, sorted);
  });
  for (const file of files) {
    const sorted = found.get(file);
    if (sorted === undefined) unsorted.push(file);
    else if (sorted.exam === undefined) strangers.push({ file, sorted });
    else studies.set(sorted.exam, [...(studies.get(sorted.exam) ?? []), { file, sorted }]);
  }
  return { studies, strangers, unsorted, outdated: [...remembered.keys()] };
}

/** Remembers what an upload is. */
export async function recordSorted(store: ObjectStore, file: InboxFile, sorted: SortedObject): Promise<void> {
  await writeJson(store, sortedKey(fingerprintOfObject(file)), sorted as unknown as Json);
}

/** Forgets what uploads were that lie there no more. */
export async function forgetSorted(store: ObjectStore, fingerprints: readonly string[]): Promise<void> {
  const versions: ListedVersion[] = [];
  for (const fingerprint of fingerprints) {
    for await (const version of store.listVersions(sortedKey(fingerprint))) versions.push(version);
  }
  await store.deleteVersions(versions);
}

/** Objects with their versions, as far as they are still the uploads that are meant. */
export async function openObjects(store: ObjectStore, files: readonly InboxFile[]): Promise<InboxVersion[]> {
  const found: InboxVersion[] = [];
  await concurrently(files, CONCURRENCY, async (file) => {
    const versions = await versionsBelow(store, file.path, (key) => (key === file.path ? key : undefined));
    found.push(...versions.filter((version) => fingerprintOfObject(version) === fingerprintOfObject(file)));
  });
  return found.sort((a, b) => (a.key < b.key ? -1 : 1));
}

/**
 * Takes objects out of the inbox for good, with whatever lay beneath them and what was remembered of them: they say whose
 * they are, so nothing of them stays in the bucket.
 */
export async function removeObjects(store: ObjectStore, files: readonly InboxVersion[]): Promise<void> {
  await removeFromInbox(store, files);
  await forgetSorted(store, files.map(fingerprintOfObject));
}

export const strangerName = (file: InboxFile): string => strangerNameOf(fingerprintOfObject(file));

/** The objects that are told under a name: of a study, one that is of none, or all that nobody has opened. */
export async function objectsNamed(store: ObjectStore, name: string): Promise<InboxVersion[]> {
  const { studies, strangers, unsorted } = await listObjects(store);
  const named = [...(studies.get(name) ?? []), ...strangers.filter(({ file }) => strangerName(file) === name)];
  return openObjects(store, name === UNSORTED ? unsorted : named.map(({ file }) => file));
}

export const readObjectsHold = (store: ObjectStore): Promise<ObjectsHold | undefined> =>
  readDerivedJson(store, objectsHoldKey, objectsHoldSchema);

/** @param reason undefined where objects can be looked at again. @returns whether that is new. */
export async function setObjectsHold(store: ObjectStore, reason: string | undefined): Promise<boolean> {
  const before = await readObjectsHold(store);
  if (before?.reason === reason) return false;
  if (reason === undefined) await store.delete(objectsHoldKey);
  else {
    const hold: ObjectsHold = { schemaVersion: 1, reason, time: new Date(store.serverTime()).toISOString() };
    await writeJson(store, objectsHoldKey, hold as unknown as Json);
  }
  return true;
}
