import { DeleteObjectCommand, DeleteObjectsCommand } from '@aws-sdk/client-s3';
import { MammoflowError } from '../../pipeline/errors.js';
import type { Bucket } from './bucket.js';
import { listVersions } from './list.js';

/** As many as one request may name. */
const DELETE_BATCH = 1_000;

/** `ObjectStore.delete`. */
export async function remove(bucket: Bucket, key: string): Promise<void> {
  await bucket.client.send(new DeleteObjectCommand({ Bucket: bucket.name, Key: key }));
}

/** `ObjectStore.deleteVersions`. */
export async function deleteVersions(
  bucket: Bucket,
  versions: readonly { readonly key: string; readonly versionId: string }[],
): Promise<void> {
  for (let start = 0; start < versions.length; start += DELETE_BATCH) {
    const Objects = versions
      .slice(start, start + DELETE_BATCH)
      .map(({ key, versionId }) => ({ Key: key, VersionId: versionId }));
    const { Errors = [] } = await bucket.client.send(
      new DeleteObjectsCommand({ Bucket: bucket.name, Delete: { Objects, Quiet: true } }),
    );
    // Servers differ in what they say of a version that is gone already, so only one that is still there counts.
    for (const { Key = '', VersionId, Code, Message } of Errors) {
      for await (const { key, versionId } of listVersions(bucket, Key)) {
        if (key !== Key || versionId !== VersionId) continue;
        throw new MammoflowError(
          'service-unavailable',
          `The S3 service did not delete a version of ${Key}: ${Message ?? Code}.`,
          'Check that s3:DeleteObjectVersion is allowed and that no object lock holds it, and run it again.',
        );
      }
    }
  }
}
