import { Readable } from 'node:stream';
import { GetObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import type { ObjectHead, StoredObject } from '../object-store.js';
import type { Bucket } from './bucket.js';
import { wholeSha256 } from './checksums.js';
import { isMissing } from './errors.js';

/** `ObjectStore.get`. */
export async function get(bucket: Bucket, key: string, versionId?: string): Promise<StoredObject | undefined> {
  try {
    const result = await bucket.client.send(
      new GetObjectCommand({
        Bucket: bucket.name,
        Key: key,
        ...(versionId === undefined ? {} : { VersionId: versionId }),
      }),
    );
    const bytes = await result.Body?.transformToByteArray();
    const sha256 = result.Metadata?.sha256;
    return {
      bytes: bytes ?? new Uint8Array(),
      etag: result.ETag ?? '',
      versionId: result.VersionId ?? '',
      ...(sha256 === undefined ? {} : { sha256 }),
    };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** `ObjectStore.getStream`. */
export async function getStream(bucket: Bucket, key: string, versionId: string): Promise<Readable | undefined> {
  try {
    const result = await bucket.client.send(
      new GetObjectCommand({ Bucket: bucket.name, Key: key, VersionId: versionId }),
    );
    return result.Body instanceof Readable ? result.Body : Readable.from([]);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** The version id of an object that was stored before its bucket kept versions, or put into its folder by hand. */
export const UNVERSIONED = 'null';

/**
 * `ObjectStore.head`. versitygw finds an unversioned object by its id only with GET; where it is the newest of its key, it
 * is the one that is found without an id.
 */
export async function head(bucket: Bucket, key: string, versionId?: string): Promise<ObjectHead | undefined> {
  const found = await headOf(bucket, key, versionId);
  if (found !== undefined || versionId !== UNVERSIONED) return found;
  const newest = await headOf(bucket, key, undefined);
  const isIt = newest?.versionId === '' || newest?.versionId === UNVERSIONED;
  return isIt ? { ...newest, versionId } : undefined;
}

async function headOf(bucket: Bucket, key: string, versionId: string | undefined): Promise<ObjectHead | undefined> {
  try {
    const result = await bucket.client.send(
      new HeadObjectCommand({
        Bucket: bucket.name,
        Key: key,
        ChecksumMode: 'ENABLED',
        ...(versionId === undefined ? {} : { VersionId: versionId }),
      }),
    );
    const sha256 = wholeSha256(result.ChecksumSHA256) ?? result.Metadata?.sha256;
    return {
      key,
      versionId: result.VersionId ?? '',
      etag: result.ETag ?? '',
      size: result.ContentLength ?? 0,
      ...(sha256 === undefined ? {} : { sha256 }),
    };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
