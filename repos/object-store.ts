import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  NoSuchKey,
  NotFound,
  type ObjectVersion as ObjectVersionEntry,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
  type S3ClientConfig,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { MammoflowError } from '../pipeline/errors.js';

/** One immutable version of an object. */
export interface ObjectVersion {
  readonly key: string;
  readonly versionId: string;
  readonly etag: string;
}

export interface ObjectHead extends ObjectVersion {
  readonly size: number;
  /** Lower-case hex; absent where the server keeps no SHA-256 and the object was not written by mammoflow. */
  readonly sha256?: string;
}

/** One version of an object as listed, or a delete marker, which hides the versions before it. */
export interface ListedVersion {
  readonly key: string;
  readonly versionId: string;
  readonly size: number;
  /** Empty for a delete marker. */
  readonly etag: string;
  readonly modified: Date;
  /** Whether a read without a version id finds this one. */
  readonly latest: boolean;
  readonly deleteMarker: boolean;
}

/** An object as a plain listing shows it. */
export interface ListedObject {
  readonly key: string;
  readonly size: number;
  readonly etag: string;
  readonly modified: Date;
}

/** A body that can be opened again for a retry. */
export type Body = Uint8Array | { readonly path: string; readonly size: number };

export interface PutOptions {
  /** Lower-case hex; sent along, so that the server refuses damaged bytes. */
  readonly sha256: string;
  readonly contentType?: string;
  /** Write only if the key does not exist. */
  readonly ifAbsent?: boolean;
  /** Write only if the newest version still has this ETag. */
  readonly ifMatch?: string;
}

/**
 * A versioned S3 bucket, reduced to what mammoflow needs of it. Every read of committed data names a version id.
 * Failures of the service are retried by the SDK and then thrown, with codes that make Temporal retry them too.
 */
export interface ObjectStore {
  readonly bucket: string;
  /** @returns the version written, or undefined when a condition did not hold. */
  put(key: string, body: Body, options: PutOptions): Promise<ObjectVersion | undefined>;
  /**
   * Copies a version to another key, inside the server where it can.
   * @returns the version written, or undefined when there is no such version to copy.
   * @throws MammoflowError `corrupt-data` when the server says that the copy has another SHA-256.
   */
  copy(
    from: { readonly key: string; readonly versionId: string },
    to: string,
    options: Pick<PutOptions, 'sha256' | 'contentType'>,
  ): Promise<ObjectVersion | undefined>;
  /** The bytes, the newest version unless named. Undefined when there is none. */
  get(key: string, versionId?: string): Promise<{ bytes: Uint8Array; etag: string; versionId: string } | undefined>;
  /** The same as a stream, for files too large to hold. */
  getStream(key: string, versionId: string): Promise<Readable | undefined>;
  head(key: string, versionId?: string): Promise<ObjectHead | undefined>;
  /** Marks a key as deleted: it is no longer found or listed, and its versions stay. A key that is not there is fine. */
  delete(key: string): Promise<void>;
  /** Keys under a prefix in ascending order. */
  list(prefix: string): AsyncGenerator<ListedObject>;
  /** Every version and delete marker under a prefix, those of a key together. */
  listVersions(prefix: string): AsyncGenerator<ListedVersion>;
  /** The folders directly under a prefix (`a/` for `a/b/c`), also those of which only earlier versions are left. */
  listFolders(prefix: string): Promise<string[]>;
  /** Removes versions and delete markers for ever; those that are gone already are no error. */
  deleteVersions(versions: readonly { readonly key: string; readonly versionId: string }[]): Promise<void>;
  /**
   * The server's time now in milliseconds, as it was last told with an answer; this machine's where the two agree as
   * far as can be seen. The age of an object is known only by the clock that gave it its time.
   */
  serverTime(): number;
  /** Requests sent so far, for benchmarks and tests that count them. */
  requests(): number;
  close(): void;
}

const hexToBase64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64');
const base64ToHex = (base64: string): string => Buffer.from(base64, 'base64').toString('hex');

function isMissing(error: unknown): boolean {
  if (error instanceof NoSuchKey || error instanceof NotFound) return true;
  return (
    error instanceof S3ServiceException && (error.$metadata.httpStatusCode === 404 || error.name === 'NoSuchVersion')
  );
}

/** 412: a condition does not hold. 409: S3 saw two conditional writes at once, and this one lost. */
function isConditionFailed(error: unknown): boolean {
  if (!(error instanceof S3ServiceException)) return false;
  const status = error.$metadata.httpStatusCode;
  return status === 412 || error.name === 'PreconditionFailed' || error.name === 'ConditionalRequestConflict';
}

/** What S3 servers call it when the body does not have the checksum that was sent with it. */
const BAD_CHECKSUM: ReadonlySet<string> = new Set([
  'BadDigest',
  'XAmzContentChecksumMismatch',
  'XAmzContentSHA256Mismatch',
]);
const REFUSED_ACCESS: ReadonlySet<string> = new Set([
  'AccessDenied',
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'ExpiredToken',
  'CredentialsProviderError',
]);
const UNREACHABLE: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ETIMEDOUT',
  'EAI_AGAIN',
]);

/** The errors that a person can do something about, in their words; any other is passed on. */
function explained(error: unknown, bucket: string, key: string | undefined): unknown {
  if (!(error instanceof Error)) return error;
  if (error.name === 'NoSuchBucket') {
    const next = 'Make it with versioning enabled, or correct MAMMOFLOW_BUCKET.';
    return new MammoflowError('service-unavailable', `There is no bucket ${bucket}.`, next, { cause: error });
  }
  if (REFUSED_ACCESS.has(error.name)) {
    return new MammoflowError(
      'service-unavailable',
      `The S3 service refuses access to the bucket ${bucket} (${error.name}).`,
      'Check the AWS credentials and what they are allowed to do.',
      { cause: error },
    );
  }
  if (BAD_CHECKSUM.has(error.name)) {
    return new MammoflowError(
      'corrupt-data',
      `The bytes sent for ${key} do not have the SHA-256 that was computed before.`,
      'The file changed meanwhile, or was damaged on the way; try again.',
      { cause: error },
    );
  }
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (UNREACHABLE.has(code)) {
    return new MammoflowError(
      'service-unavailable',
      `The S3 service of the bucket ${bucket} does not answer (${code}).`,
      'See `mammoflow status`, or correct AWS_ENDPOINT_URL_S3.',
      { cause: error },
    );
  }
  return error;
}

/** What goes wrong is thrown; without a logger the SDK would also print some of it. */
const SILENT = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

/** Sockets that stay open: a stage reads and writes about a dozen files, and a worker runs a few stages at a time. */
const MAX_SOCKETS = 64;

/**
 * Opens a bucket. Nothing is sent yet. Every method throws MammoflowError `service-unavailable` when the service cannot
 * be reached, the bucket does not exist or access is refused; `put` also `invalid-configuration` when the bucket keeps
 * no versions, and `corrupt-data` when the bytes that arrived do not have the SHA-256 that was given.
 */
export function openObjectStore(bucket: string, config: S3ClientConfig): ObjectStore {
  const client = new S3Client({
    // A server at an address of its own seldom resolves bucket names as host names.
    forcePathStyle: config.endpoint !== undefined,
    maxAttempts: 5,
    logger: SILENT,
    // Checksums are sent where we know them; the SDK's default CRC32 would be computed beside them.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      httpAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
      httpsAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
      connectionTimeout: 5_000,
    },
    ...config,
  });
  let requests = 0;
  client.middlewareStack.add(
    (next) => (args) => {
      requests += 1;
      return next(args);
    },
    { step: 'finalizeRequest', name: 'countRequests' },
  );
  let clockOffset = 0;
  client.middlewareStack.add(
    (next) => async (args) => {
      const sent = Date.now();
      const result = await next(args);
      const told = Date.parse((result.response as { headers?: Record<string, string> }).headers?.date ?? '');
      if (Number.isFinite(told)) clockOffset = clockOffsetOf(told, sent, Date.now());
      return result;
    },
    { step: 'deserialize', name: 'readServerClock', priority: 'low' },
  );
  // Outermost, so that only what is left after the SDK's retries is seen.
  client.middlewareStack.add(
    (next) => async (args) => {
      try {
        return await next(args);
      } catch (error) {
        throw explained(error, bucket, (args.input as { Key?: string }).Key);
      }
    },
    { step: 'initialize', name: 'explainErrors', priority: 'high' },
  );

  return {
    bucket,

    async put(key, body, options) {
      const input: PutObjectCommandInput = {
        Bucket: bucket,
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
          ? client.send(new PutObjectCommand({ ...input, Body: body, ContentLength: body.byteLength }))
          : putFile(client, input, body));
        if (result.VersionId === undefined || result.VersionId === 'null') throw unversioned(bucket);
        return { key, versionId: result.VersionId, etag: result.ETag ?? '' };
      } catch (error) {
        if (isConditionFailed(error)) return undefined;
        throw error;
      }
    },

    async copy(from, to, options) {
      try {
        const result = await client.send(
          new CopyObjectCommand({
            Bucket: bucket,
            Key: to,
            CopySource: `${bucket}/${encodeURIComponent(from.key)}?versionId=${encodeURIComponent(from.versionId)}`,
            ChecksumAlgorithm: 'SHA256',
            MetadataDirective: 'REPLACE',
            Metadata: { sha256: options.sha256 },
            ContentType: options.contentType ?? 'application/octet-stream',
          }),
        );
        if (result.VersionId === undefined || result.VersionId === 'null') throw unversioned(bucket);
        const checksum = result.CopyObjectResult?.ChecksumSHA256;
        if (checksum !== undefined && !checksum.includes('-') && base64ToHex(checksum) !== options.sha256) {
          throw new MammoflowError(
            'corrupt-data',
            `The copy of ${from.key} at ${to} does not have the SHA-256 of the original.`,
            'Try again; if that keeps happening, look into the S3 server and its disks.',
          );
        }
        return { key: to, versionId: result.VersionId, etag: result.CopyObjectResult?.ETag ?? '' };
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },

    async get(key, versionId) {
      try {
        const result = await client.send(
          new GetObjectCommand({
            Bucket: bucket,
            Key: key,
            ...(versionId === undefined ? {} : { VersionId: versionId }),
          }),
        );
        const bytes = await result.Body?.transformToByteArray();
        return { bytes: bytes ?? new Uint8Array(), etag: result.ETag ?? '', versionId: result.VersionId ?? '' };
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },

    async getStream(key, versionId) {
      try {
        const result = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId }));
        return result.Body instanceof Readable ? result.Body : Readable.from([]);
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },

    async head(key, versionId) {
      try {
        const result = await client.send(
          new HeadObjectCommand({
            Bucket: bucket,
            Key: key,
            ChecksumMode: 'ENABLED',
            ...(versionId === undefined ? {} : { VersionId: versionId }),
          }),
        );
        // Checksums of multipart uploads ("…-3") are of the parts and not of the file.
        const checksum = result.ChecksumSHA256;
        const whole = checksum !== undefined && !checksum.includes('-') ? base64ToHex(checksum) : undefined;
        const sha256 = whole ?? result.Metadata?.sha256;
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
    },

    async delete(key) {
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
    },

    async *list(prefix) {
      let token: string | undefined;
      do {
        const page = await client.send(
          new ListObjectsV2Command({
            Bucket: bucket,
            Prefix: prefix,
            ...(token === undefined ? {} : { ContinuationToken: token }),
          }),
        );
        for (const object of page.Contents ?? []) {
          yield {
            key: object.Key ?? '',
            size: object.Size ?? 0,
            etag: object.ETag ?? '',
            modified: object.LastModified ?? new Date(0),
          };
        }
        token = page.NextContinuationToken;
      } while (token !== undefined);
    },

    async *listVersions(prefix) {
      let markers: { KeyMarker?: string; VersionIdMarker?: string } = {};
      for (;;) {
        const page = await client.send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix: prefix, ...markers }));
        for (const version of page.Versions ?? []) yield listed(version, version.Size ?? 0, false);
        for (const marker of page.DeleteMarkers ?? []) yield listed(marker, 0, true);
        if (page.IsTruncated !== true) return;
        markers = {
          ...(page.NextKeyMarker === undefined ? {} : { KeyMarker: page.NextKeyMarker }),
          ...(page.NextVersionIdMarker === undefined ? {} : { VersionIdMarker: page.NextVersionIdMarker }),
        };
      }
    },

    async listFolders(prefix) {
      const folders = new Set<string>();
      let markers: { KeyMarker?: string; VersionIdMarker?: string } = {};
      for (;;) {
        const page = await client.send(
          new ListObjectVersionsCommand({ Bucket: bucket, Prefix: prefix, Delimiter: '/', ...markers }),
        );
        for (const { Prefix } of page.CommonPrefixes ?? []) if (Prefix !== undefined) folders.add(Prefix);
        if (page.IsTruncated !== true) return [...folders].sort();
        markers = {
          ...(page.NextKeyMarker === undefined ? {} : { KeyMarker: page.NextKeyMarker }),
          ...(page.NextVersionIdMarker === undefined ? {} : { VersionIdMarker: page.NextVersionIdMarker }),
        };
      }
    },

    async deleteVersions(versions) {
      for (let start = 0; start < versions.length; start += DELETE_BATCH) {
        const Objects = versions
          .slice(start, start + DELETE_BATCH)
          .map(({ key, versionId }) => ({ Key: key, VersionId: versionId }));
        const { Errors = [] } = await client.send(
          new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }),
        );
        // Servers differ in what they say of a version that is gone already, so only one that is still there counts.
        for (const { Key = '', VersionId, Code, Message } of Errors) {
          for await (const { key, versionId } of this.listVersions(Key)) {
            if (key !== Key || versionId !== VersionId) continue;
            throw new MammoflowError(
              'service-unavailable',
              `The S3 service did not delete a version of ${Key}: ${Message ?? Code}.`,
              'Check that s3:DeleteObjectVersion is allowed and that no object lock holds it, and run it again.',
            );
          }
        }
      }
    },

    serverTime: () => Date.now() + clockOffset,
    requests: () => requests,
    close: () => client.destroy(),
  };
}

/**
 * A server tells whole seconds, and many write the header once a second and use it until the next (Go's fasthttp, on
 * which versitygw is built): what it tells can be so much older than the answer.
 */
const DATE_AGE_MS = 999 + 1_000;

/**
 * How far the server's clock is ahead at least, in milliseconds, by what it tells at some moment between the request and
 * the answer; what can be the same time is taken for the same.
 *
 * @param told the server's `Date` header, in milliseconds.
 * @param sent this machine's time when the request went.
 * @param received this machine's time when the answer came.
 */
export function clockOffsetOf(told: number, sent: number, received: number): number {
  if (told > received) return told - received;
  return told + DATE_AGE_MS < sent ? told + DATE_AGE_MS - sent : 0;
}

/** As many as one request may name. */
const DELETE_BATCH = 1_000;

const listed = (
  version: Pick<ObjectVersionEntry, 'Key' | 'VersionId' | 'LastModified' | 'IsLatest' | 'ETag'>,
  size: number,
  deleteMarker: boolean,
): ListedVersion => ({
  key: version.Key ?? '',
  versionId: version.VersionId ?? '',
  size,
  etag: version.ETag ?? '',
  modified: version.LastModified ?? new Date(0),
  latest: version.IsLatest ?? false,
  deleteMarker,
});

function unversioned(bucket: string): MammoflowError {
  return new MammoflowError(
    'invalid-configuration',
    `The bucket ${bucket} does not keep versions, so nothing written there could be traced or brought back.`,
    'Enable versioning on the bucket and try again.',
  );
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
