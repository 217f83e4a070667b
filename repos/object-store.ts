import type { Readable } from 'node:stream';

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

/** An object as read. */
export interface StoredObject {
  readonly bytes: Uint8Array;
  readonly etag: string;
  readonly versionId: string;
  /** What it was written with, lower-case hex; absent for what was not written by mammoflow. Not held against the bytes. */
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
  get(key: string, versionId?: string): Promise<StoredObject | undefined>;
  /** The same as a stream, for files too large to hold. */
  getStream(key: string, versionId: string): Promise<Readable | undefined>;
  head(key: string, versionId?: string): Promise<ObjectHead | undefined>;
  /** Marks a key as deleted: it is no longer found or listed, and its versions stay. A key that is not there is fine. */
  delete(key: string): Promise<void>;
  /** Keys under a prefix in ascending order, those after `after` when given. */
  list(prefix: string, after?: string): AsyncGenerator<ListedObject>;
  /** Every version and delete marker under a prefix, those of a key together. */
  listVersions(prefix: string): AsyncGenerator<ListedVersion>;
  /** The folders directly under a prefix (`a/` for `a/b/c`), also those of which only earlier versions are left. */
  listFolders(prefix: string): Promise<string[]>;
  /** Removes versions and delete markers for ever; those that are gone already are no error. */
  deleteVersions(versions: readonly { readonly key: string; readonly versionId: string }[]): Promise<void>;
  /** Whether the bucket keeps versions, without which nothing may be written. */
  isVersioned(): Promise<boolean>;
  /**
   * The server's time now in milliseconds, as it was last told with an answer; this machine's where the two agree as
   * far as can be seen. The age of an object is known only by the clock that gave it its time.
   */
  serverTime(): number;
  /** Requests sent so far, for benchmarks and tests that count them. */
  requests(): number;
  close(): void;
}
