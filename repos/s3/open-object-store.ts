import type { S3ClientConfig } from '@aws-sdk/client-s3';
import type { ObjectStore } from '../object-store.js';
import { openBucket } from './bucket.js';
import { deleteVersions, remove } from './delete.js';
import { list, listFolders, listVersions } from './list.js';
import { get, getStream, head } from './read.js';
import { isVersioned } from './versioning.js';
import { copy, put } from './write.js';

/**
 * Opens a bucket. Nothing is sent yet. Every method throws MammoflowError `service-unavailable` when the service cannot
 * be reached, the bucket does not exist or access is refused; `put` also `invalid-configuration` when the bucket keeps
 * no versions, and `corrupt-data` when the bytes that arrived do not have the SHA-256 that was given.
 */
export function openObjectStore(name: string, config: S3ClientConfig): ObjectStore {
  const bucket = openBucket(name, config);
  return {
    bucket: name,
    put: (key, body, options) => put(bucket, key, body, options),
    copy: (from, to, options) => copy(bucket, from, to, options),
    get: (key, versionId) => get(bucket, key, versionId),
    getStream: (key, versionId) => getStream(bucket, key, versionId),
    head: (key, versionId) => head(bucket, key, versionId),
    delete: (key) => remove(bucket, key),
    list: (prefix, after) => list(bucket, prefix, after),
    listVersions: (prefix) => listVersions(bucket, prefix),
    listFolders: (prefix) => listFolders(bucket, prefix),
    deleteVersions: (versions) => deleteVersions(bucket, versions),
    isVersioned: () => isVersioned(bucket),
    serverTime: bucket.serverTime,
    requests: bucket.requests,
    close: () => bucket.client.destroy(),
  };
}
