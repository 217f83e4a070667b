import type { FileEntry } from '../pipeline/commit.js';
import { MammoflowError } from '../pipeline/errors.js';
import { sha256Hex } from './hash.js';
import { fileKey } from './layout.js';
import type { Body, ObjectStore } from './object-store.js';

/** A file that is to lie at its stable key. */
export interface FileToStore {
  readonly repo: string;
  readonly item: string;
  readonly path: string;
  readonly body: Body;
  readonly sha256: string;
  readonly size: number;
  /** The key is known to hold nothing, so there is no need to look. */
  readonly isNew?: boolean;
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.png': 'image/png',
  '.json': 'application/json',
  '.csv': 'text/csv',
  '.npz': 'application/zip',
};

const contentTypeOf = (path: string): string | undefined => CONTENT_TYPES[/\.[^.]*$/.exec(path)?.[0] ?? ''];

/**
 * Makes sure that the newest version at a file's key has these bytes, and says which version that is. Bytes that are
 * there already are not sent again: that is what makes an upload that died half-way cheap to repeat.
 */
export async function storeFile(
  store: ObjectStore,
  file: FileToStore,
): Promise<{ entry: FileEntry; uploaded: boolean }> {
  const key = fileKey(file.repo, file.item, file.path);
  const head = file.isNew === true ? undefined : await store.head(key);
  const describe = (version: { versionId: string; etag: string }): FileEntry => ({
    path: file.path,
    key,
    versionId: version.versionId,
    sha256: file.sha256,
    size: file.size,
    etag: version.etag,
  });
  if (head !== undefined && head.sha256 === file.sha256 && head.size === file.size) {
    return { entry: describe(head), uploaded: false };
  }
  const contentType = contentTypeOf(file.path);
  const version = await store.put(key, file.body, {
    sha256: file.sha256,
    ...(contentType === undefined ? {} : { contentType }),
  });
  if (version === undefined) throw new Error(`the unconditional write of ${key} was refused as conditional`);
  return { entry: describe(version), uploaded: true };
}

/** A version of an object that is to be committed as a file. Its SHA-256 is known from having read it. */
export interface VersionToCopy extends Omit<FileToStore, 'body'> {
  readonly from: { readonly key: string; readonly versionId: string };
}

/**
 * As `storeFile`, of bytes that the bucket has under another key: they are copied inside the server.
 * @returns the file; undefined when the version to copy is gone.
 */
export async function copyFile(store: ObjectStore, file: VersionToCopy): Promise<FileEntry | undefined> {
  const { path, sha256, size } = file;
  const key = fileKey(file.repo, file.item, path);
  const there = file.isNew === true ? undefined : await store.head(key);
  const same = there !== undefined && there.sha256 === sha256 && there.size === size;
  const contentType = contentTypeOf(path);
  const options = { sha256, ...(contentType === undefined ? {} : { contentType }) };
  const version = same ? there : await store.copy(file.from, key, options);
  return version && { path, key, versionId: version.versionId, sha256, size, etag: version.etag };
}

/**
 * The bytes of a committed file, verified.
 * @throws MammoflowError `missing-object` when the version is gone, `corrupt-data` when it has other bytes.
 */
export async function readFileEntry(store: ObjectStore, entry: FileEntry): Promise<Uint8Array> {
  const object = await store.get(entry.key, entry.versionId);
  if (object === undefined) throw missingVersion(entry);
  if (sha256Hex(object.bytes) !== entry.sha256) throw damagedVersion(entry);
  return object.bytes;
}

export const missingVersion = (entry: FileEntry): MammoflowError =>
  new MammoflowError(
    'missing-object',
    `Version ${entry.versionId} of ${entry.key} is gone from the bucket, although a commit holds it.`,
    'Check the bucket for lifecycle rules or deletions, and restore the version or put the file again.',
  );

export const damagedVersion = (entry: FileEntry): MammoflowError =>
  new MammoflowError(
    'corrupt-data',
    `Version ${entry.versionId} of ${entry.key} does not have the SHA-256 it was committed with.`,
    'Put the file again.',
  );
