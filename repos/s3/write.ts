import { createReadStream } from 'node:fs';
import {
  CopyObjectCommand,
  type CopyObjectCommandInput,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { MammoflowError } from '../../pipeline/errors.js';
import type { Body, ObjectVersion, PutOptions } from '../object-store.js';
import type { Bucket } from './bucket.js';
import { hexToBase64, wholeSha256 } from './checksums.js';
import { isConditionFailed, isMissing, unversioned } from './errors.js';
import { head, UNVERSIONED } from './read.js';

/** `ObjectStore.put`. The bytes go with their SHA-256, so that a server that was sent others refuses them. */
export async function put(
  bucket: Bucket,
  key: string,
  body: Body,
  options: PutOptions,
): Promise<ObjectVersion | undefined> {
  const input: PutObjectCommandInput = {
    Bucket: bucket.name,
    Key: key,
    ChecksumSHA256: hexToBase64(options.sha256),
    // Kept twice: not every S3 server stores checksums.
    Metadata: { sha256: options.sha256 },
    ContentType: options.contentType ?? 'application/octet-stream',
    ...(options.ifAbsent === true ? { IfNoneMatch: '*' } : {}),
    ...(options.ifMatch === undefined ? {} : { IfMatch: options.ifMatch }),
  };
  try {
    const result = await (body instanceof Uint8Array
      ? bucket.client.send(new PutObjectCommand({ ...input, Body: body, ContentLength: body.byteLength }))
      : putFile(bucket.client, input, body));
    if (result.VersionId === undefined || result.VersionId === UNVERSIONED) throw unversioned(bucket.name);
    return { key, versionId: result.VersionId, etag: result.ETag ?? '' };
  } catch (error) {
    if (isConditionFailed(error)) return undefined;
    // Nothing there has no ETag that could be the one.
    if (options.ifMatch !== undefined && isMissing(error)) return undefined;
    throw error;
  }
}

/** `ObjectStore.copy`. */
export async function copy(
  bucket: Bucket,
  from: { readonly key: string; readonly versionId: string },
  to: string,
  options: Pick<PutOptions, 'sha256' | 'contentType'>,
): Promise<ObjectVersion | undefined> {
  const source = `${bucket.name}/${encodeURIComponent(from.key)}`;
  const copied = await copyFrom(
    bucket,
    { CopySource: `${source}?versionId=${encodeURIComponent(from.versionId)}` },
    to,
    options,
  );
  if (copied !== undefined || from.versionId !== UNVERSIONED) return copied;
  const newest = await head(bucket, from.key, UNVERSIONED);
  return newest && copyFrom(bucket, { CopySource: source, CopySourceIfMatch: newest.etag }, to, options);
}

async function copyFrom(
  bucket: Bucket,
  from: Pick<CopyObjectCommandInput, 'CopySource' | 'CopySourceIfMatch'>,
  to: string,
  options: Pick<PutOptions, 'sha256' | 'contentType'>,
): Promise<ObjectVersion | undefined> {
  try {
    const result = await bucket.client.send(
      new CopyObjectCommand({
        Bucket: bucket.name,
        Key: to,
        CopySource: from.CopySource,
        ...(from.CopySourceIfMatch === undefined ? {} : { CopySourceIfMatch: from.CopySourceIfMatch }),
        ChecksumAlgorithm: 'SHA256',
        MetadataDirective: 'REPLACE',
        Metadata: { sha256: options.sha256 },
        ContentType: options.contentType ?? 'application/octet-stream',
      }),
    );
    if (result.VersionId === undefined || result.VersionId === UNVERSIONED) throw unversioned(bucket.name);
    const sha256 = wholeSha256(result.CopyObjectResult?.ChecksumSHA256);
    if (sha256 !== undefined && sha256 !== options.sha256) {
      throw new MammoflowError(
        'corrupt-data',
        `The copy of ${from.CopySource?.slice(bucket.name.length + 1)} at ${to} does not have the SHA-256 of the original.`,
        'Try again; if that keeps happening, look into the S3 server and its disks.',
      );
    }
    return { key: to, versionId: result.VersionId, etag: result.CopyObjectResult?.ETag ?? '' };
  } catch (error) {
    if (isMissing(error) || (from.CopySourceIfMatch !== undefined && isConditionFailed(error))) return undefined;
    throw error;
  }
}

/** A consumed stream cannot be sent again, so retrying a file upload opens it anew instead of leaving it to the SDK. */
async function putFile(client: S3Client, input: PutObjectCommandInput, file: { path: string; size: number }) {
  const attempts = 3;
  for (let attempt = 1; ; attempt += 1) {
    // Not beyond the size that was hashed, should the file have grown since.
    const stream = createReadStream(file.path, { end: Math.max(0, file.size - 1) });
    try {
      return await client.send(new PutObjectCommand({ ...input, Body: stream, ContentLength: file.size }));
    } catch (error) {
      const refused = error instanceof S3ServiceException && (error.$metadata.httpStatusCode ?? 500) < 500;
      const transient = !refused && !(error instanceof MammoflowError);
      if (!transient || attempt === attempts) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200 * 2 ** attempt));
    } finally {
      stream.destroy();
    }
  }
}
