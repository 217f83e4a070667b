import {
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  type ObjectVersion as ObjectVersionEntry,
} from '@aws-sdk/client-s3';
import type { ListedObject, ListedVersion } from '../object-store.js';
import type { Bucket } from './bucket.js';

/** `ObjectStore.list`. */
export async function* list(bucket: Bucket, prefix: string, after?: string): AsyncGenerator<ListedObject> {
  let token: string | undefined;
  do {
    const page = await bucket.client.send(
      new ListObjectsV2Command({
        Bucket: bucket.name,
        Prefix: prefix,
        ...(token !== undefined ? { ContinuationToken: token } : after !== undefined ? { StartAfter: after } : {}),
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
}

/**
 * `ObjectStore.listVersions`. What the page before had already is left out: versitygw names the last entry of a page again
 * as the first of the next.
 */
export async function* listVersions(bucket: Bucket, prefix: string): AsyncGenerator<ListedVersion> {
  let markers: { KeyMarker?: string; VersionIdMarker?: string } = {};
  let before: ReadonlySet<string> = new Set();
  for (;;) {
    const page = await bucket.client.send(
      new ListObjectVersionsCommand({ Bucket: bucket.name, Prefix: prefix, ...markers }),
    );
    const here = new Set<string>();
    const entries = [
      ...(page.Versions ?? []).map((version) => listed(version, version.Size ?? 0, false)),
      ...(page.DeleteMarkers ?? []).map((marker) => listed(marker, 0, true)),
    ];
    for (const entry of entries) {
      const id = `${entry.versionId} ${entry.key}`;
      here.add(id);
      if (!before.has(id)) yield entry;
    }
    if (page.IsTruncated !== true) return;
    before = here;
    markers = {
      ...(page.NextKeyMarker === undefined ? {} : { KeyMarker: page.NextKeyMarker }),
      ...(page.NextVersionIdMarker === undefined ? {} : { VersionIdMarker: page.NextVersionIdMarker }),
    };
  }
}

/** `ObjectStore.listFolders`. */
export async function listFolders(bucket: Bucket, prefix: string): Promise<string[]> {
  const folders = new Set<string>();
  let markers: { KeyMarker?: string; VersionIdMarker?: string } = {};
  for (;;) {
    const page = await bucket.client.send(
      new ListObjectVersionsCommand({ Bucket: bucket.name, Prefix: prefix, Delimiter: '/', ...markers }),
    );
    for (const { Prefix } of page.CommonPrefixes ?? []) if (Prefix !== undefined) folders.add(Prefix);
    if (page.IsTruncated !== true) return [...folders].sort();
    markers = {
      ...(page.NextKeyMarker === undefined ? {} : { KeyMarker: page.NextKeyMarker }),
      ...(page.NextVersionIdMarker === undefined ? {} : { VersionIdMarker: page.NextVersionIdMarker }),
    };
  }
}

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
