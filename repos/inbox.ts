import { z } from 'zod';
import type { Json } from '../pipeline/canonical-json.js';
import { MammoflowError } from '../pipeline/errors.js';
import { isExamId } from '../pipeline/exam.js';
import { type FolderRepo, INBOX, INBOX_REPOS, type InboxFile, type InboxRepo, isExamFile } from '../pipeline/inbox.js';
import { sha256Hex, sha256Stream } from './hash.js';
import { readJson, writeJson } from './json-objects.js';
import { dismissedKey, inboxKey, refusalKey, refusalPrefix, refusalsPrefix } from './layout.js';
import type { ListedVersion, ObjectStore } from './object-store.js';

/** DICOM objects lie below it under any name. */
export const OBJECTS_FOLDER = `${INBOX}/dicom/`;

/** A folder of the inbox with the files that matter: an exam, or a bundle; or the objects of a study, wherever they lie. */
export interface InboxItem {
  readonly repo: InboxRepo;
  readonly name: string;
  readonly files: readonly InboxFile[];
}

/** Files of one bundle that are kept in mind; a bundle has four, and the rest is counted as stray. */
const FILES_A_BUNDLE = 100;

/**
 * Goes through the inbox once, in the order of its keys, folder by folder. Memory is bounded by one folder's views,
 * however many files lie there; the cost is that of listing them.
 *
 * @param onStray told every key that belongs to no exam and no bundle.
 * @param onObject told every file that should be a DICOM object, by its whole key.
 */
export async function* walkInbox(
  store: ObjectStore,
  onStray: (key: string) => void,
  onObject: (file: InboxFile) => void = () => undefined,
): AsyncGenerator<InboxItem & { readonly repo: FolderRepo }> {
  let open: { repo: FolderRepo; name: string; files: InboxFile[] } | undefined;
  for await (const { key, size, etag, modified } of store.list(`${INBOX}/`)) {
    // Folders as some S3 clients make them.
    if (key.endsWith('/')) continue;
    if (key.startsWith(OBJECTS_FOLDER)) {
      onObject({ path: key, size, etag, modified: modified.getTime() });
      continue;
    }
    const place = placeOf(key);
    if (place === undefined) {
      onStray(key);
      continue;
    }
    const { repo, name, path } = place;
    if (open !== undefined && (open.repo !== repo || open.name !== name)) {
      yield open;
      open = undefined;
    }
    open ??= { repo, name, files: [] };
    if (repo === 'models' && open.files.length >= FILES_A_BUNDLE) onStray(key);
    else open.files.push({ path, size, etag, modified: modified.getTime() });
  }
  if (open !== undefined) yield open;
}

/** Where a key of the inbox belongs; undefined for a stray file. */
export function placeOf(key: string): { repo: FolderRepo; name: string; path: string } | undefined {
  const [, repo = '', name = '', path = '', ...deeper] = key.split('/');
  if (deeper.length > 0 || name === '' || path === '') return undefined;
  const known = INBOX_REPOS.find((candidate) => candidate === repo);
  if (known === undefined || known === 'dicom') return undefined;
  const belongs = known === 'models' ? isExamId(name) && isExamId(path) : isExamFile(path);
  return belongs ? { repo: known, name, path } : undefined;
}

/** A file of the inbox as it is taken: one version, and whatever lies beneath it under the same key. */
export interface InboxVersion extends InboxFile {
  readonly key: string;
  readonly versionId: string;
  /**
   * Earlier versions and delete markers of the key. They go before the version itself goes, or an upload that was
   * replaced would be found again and taken for a correction.
   */
  readonly beneath: readonly { readonly key: string; readonly versionId: string }[];
}

/** The files of one folder of the inbox that matter, with their versions, as they are now. */
export async function openInboxItem(store: ObjectStore, repo: FolderRepo, name: string): Promise<InboxVersion[]> {
  const files = await versionsBelow(store, inboxKey(repo, name, ''), (key) => placeOf(key)?.path);
  return repo === 'models' ? files.slice(0, FILES_A_BUNDLE) : files;
}

/** All files of one folder of the inbox, stray ones too. */
export function openInboxFolder(store: ObjectStore, repo: FolderRepo, name: string): Promise<InboxVersion[]> {
  const folder = inboxKey(repo, name, '');
  return versionsBelow(store, folder, (key) => (key.endsWith('/') ? undefined : key.slice(folder.length)));
}

/** Files below a prefix with their versions, as they are now, those that `pathOf` names. */
export async function versionsBelow(
  store: ObjectStore,
  folder: string,
  pathOf: (key: string) => string | undefined,
): Promise<InboxVersion[]> {
  const byKey = new Map<string, ListedVersion[]>();
  for await (const version of store.listVersions(folder)) {
    const list = byKey.get(version.key) ?? [];
    list.push(version);
    byKey.set(version.key, list);
  }
  // By id, because some servers name the last version of a page again on the next.
  return [...byKey].flatMap(([key, versions]): InboxVersion[] => {
    const path = pathOf(key);
    const newest = versions.find(({ latest }) => latest);
    if (path === undefined || newest === undefined || newest.deleteMarker) return [];
    const { versionId, size, etag, modified } = newest;
    const beneath = versions
      .filter((version) => version.versionId !== newest.versionId)
      .map((version) => ({ key, ...idOf(version) }));
    return [{ path, key, versionId, size, etag, modified: modified.getTime(), beneath }];
  });
}

const idOf = ({ versionId }: ListedVersion): { versionId: string } => ({ versionId });

/**
 * Empties the inbox of exactly these versions and of what lay beneath them. A file that was replaced meanwhile stays
 * with its newer version. Safe to repeat.
 */
export async function removeFromInbox(store: ObjectStore, files: readonly InboxVersion[]): Promise<void> {
  await store.deleteVersions(files.flatMap(({ beneath }) => beneath));
  await store.deleteVersions(files.map(({ key, versionId }) => ({ key, versionId })));
}

/** Tells uploads apart: the same bytes uploaded again are another upload, and are looked at again. */
export const fingerprintOf = (files: readonly InboxFile[]): string =>
  sha256Hex(
    files
      .map(({ path, size, etag, modified }) => `${path} ${size} ${etag} ${modified}\n`)
      .sort()
      .join(''),
  );

/** Why the files of a folder cannot be taken in. It holds for these files and no others. */
const refusalSchema = z.object({ schemaVersion: z.literal(1), reason: z.string(), time: z.iso.datetime() });

/** Refusals by `<repo>/<item>`: the fingerprint of the files that were refused. One listing. */
export async function listRefusals(store: ObjectStore): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const { key } of store.list(refusalsPrefix)) {
    const end = key.lastIndexOf('/');
    found.set(key.slice(refusalsPrefix.length, end), key.slice(end + 1, -'.json'.length));
  }
  return found;
}

/** The reason for which files were refused. Undefined when they were not. */
export async function readRefusal(
  store: ObjectStore,
  { repo, name, files }: InboxItem,
): Promise<{ reason: string; time: string } | undefined> {
  return readJson(store, refusalKey(repo, name, fingerprintOf(files)), refusalSchema);
}

/** Remembers why files cannot be taken in, in place of what was said of earlier ones. */
export async function recordRefusal(store: ObjectStore, item: InboxItem, reason: string): Promise<void> {
  await forgetRefusals(store, item.repo, item.name);
  const refusal = { schemaVersion: 1, reason, time: new Date(store.serverTime()).toISOString() };
  await writeJson(store, refusalKey(item.repo, item.name, fingerprintOf(item.files)), refusal as unknown as Json);
}

/** Once the files have gone or changed, what was said of them is of no use. */
export async function forgetRefusals(store: ObjectStore, repo: InboxRepo, name: string): Promise<void> {
  const versions: ListedVersion[] = [];
  for await (const version of store.listVersions(refusalPrefix(repo, name))) versions.push(version);
  await store.deleteVersions(versions);
}

/**
 * Takes a folder out of the inbox without committing it: its files, stray ones too, are moved to `dismissed/`, where nothing looks for
 * them and from where any S3 client can bring them back. A file that arrives meanwhile stays.
 *
 * @returns the keys that the files have now; none when there was nothing.
 * @throws MammoflowError `service-unavailable` when a file is listed and cannot be moved.
 */
export async function dismissInboxItem(
  store: ObjectStore,
  repo: FolderRepo,
  name: string,
  time: string,
): Promise<string[]> {
  const moved: string[] = [];
  const files = await openInboxFolder(store, repo, name);
  for (const file of files) {
    const stream = await store.getStream(file.key, file.versionId);
    if (stream === undefined) continue;
    const hash = await sha256Stream(stream);
    const key = dismissedKey(repo, name, time, file.path);
    const copy = await store.copy(file, key, { sha256: hash });
    // Taken in by somebody else meanwhile.
    if (copy === undefined) continue;
    moved.push(key);
    await removeFromInbox(store, [file]);
  }
  const stuck = (await openInboxFolder(store, repo, name)).find((file) =>
    files.some(({ key, versionId }) => key === file.key && versionId === file.versionId),
  );
  if (stuck !== undefined) {
    throw new MammoflowError(
      'service-unavailable',
      `The S3 service lists version ${stuck.versionId} of ${stuck.key}, and does not let it be moved.`,
      'Move or delete it with any S3 client, and upload it again if it is wanted.',
    );
  }
  await forgetRefusals(store, repo, name);
  return moved;
}
