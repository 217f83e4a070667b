import type { FileEntry } from '../pipeline/commit.js';
import { MammoflowError } from '../pipeline/errors.js';
import { sha256Hex, sha256Stream } from './hash.js';
import { fileKey } from './layout.js';
import type { Body, ObjectHead, ObjectStore } from './object-store.js';
import { UNVERSIONED } from './s3/read.js';

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
  /**
   * What lies at the key is read before it is taken for these bytes. Without, the checksum that the server keeps of it is
   * believed, which says what was written and not what the disk has now.
   */
  readonly reread?: boolean;
}

/** What can be wrong with a committed file: its version is gone, or has other bytes. */
export type FileFault = 'missing' | 'damaged';

/**
 * How a committed file stands in the bucket; undefined when nothing is wrong with it.
 * @param deep its bytes are read and hashed. Without, one small request tells whether it is there and has the size and, as
 *   the server keeps it, the checksum that it was committed with.
 */
export async function faultOf(store: ObjectStore, entry: FileEntry, deep: boolean): Promise<FileFault | undefined> {
  const { key, versionId, size, sha256 } = entry;
  if (deep) {
    const stream = await store.getStream(key, versionId);
    if (stream === undefined) return 'missing';
    return (await sha256Stream(stream)) === sha256 ? undefined : 'damaged';
  }
  const head = await store.head(key, versionId);
  if (head === undefined) return 'missing';
  return head.size !== size || (head.sha256 ?? sha256) !== sha256 ? 'damaged' : undefined;
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
  const there = await sameBytesAt(store, key, file);
  if (there !== undefined) return { entry: entryOf(file, there), uploaded: false };
  const contentType = contentTypeOf(file.path);
  const version = await store.put(key, file.body, {
    sha256: file.sha256,
    ...(contentType === undefined ? {} : { contentType }),
  });
  if (version === undefined) throw new Error(`the unconditional write of ${key} was refused as conditional`);
  return { entry: entryOf(file, version), uploaded: true };
}

const entryOf = (
  { repo, item, path, sha256, size }: Omit<FileToStore, 'body'>,
  { versionId, etag }: { readonly versionId: string; readonly etag: string },
): FileEntry => ({ path, key: fileKey(repo, item, path), versionId, sha256, size, etag });

/** The newest version at a file's key, if it has the file's bytes and can be named for ever. */
async function sameBytesAt(
  store: ObjectStore,
  key: string,
  file: Omit<FileToStore, 'body'>,
): Promise<ObjectHead | undefined> {
  const head = file.isNew === true ? undefined : await store.head(key);
  if (head === undefined || head.sha256 !== file.sha256 || head.size !== file.size) return undefined;
  // From before the bucket kept versions: the next write takes its place.
  if (head.versionId === '' || head.versionId === UNVERSIONED) return undefined;
  return file.reread === true && (await faultOf(store, entryOf(file, head), true)) !== undefined ? undefined : head;
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
  const key = fileKey(file.repo, file.item, file.path);
  const contentType = contentTypeOf(file.path);
  const options = { sha256: file.sha256, ...(contentType === undefined ? {} : { contentType }) };
  const version = (await sameBytesAt(store, key, file)) ?? (await store.copy(file.from, key, options));
  return version && entryOf(file, version);
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
