import {
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { S3Service } from '../../infra/dev/services.js';
import { VIEWS, type View, viewFile } from '../../pipeline/exam.js';
import { sha256Hex } from '../../repos/hash.js';
import { makePng } from '../imaging/png-fixtures.js';
import { s3ClientOf } from './services.js';

/** A bucket's inbox as a modality sees it: any S3 client, and nothing of mammoflow's. */
export interface TestInbox {
  /** Uploads any file below `inbox/`. @returns its version. */
  upload(path: string, body: string | Uint8Array): Promise<string>;
  /** Uploads views of an exam, tiny pictures that depend on exam, view and `content`. */
  uploadViews(exam: string, views?: readonly View[], content?: string): Promise<void>;
  /** Keys of all versions and delete markers below a prefix (`inbox/` unless given), a key once for each. */
  keys(prefix?: string): Promise<string[]>;
  /** Whether the bucket keeps versions of what is uploaded from now on. */
  keepVersions(keep: boolean): Promise<void>;
  close(): void;
}

/** A 16-bit greyscale PNG of 8 × 6 pixels that no other exam, view or content has. */
export function viewPicture(exam: string, view: View, content = ''): Buffer {
  const hash = sha256Hex(`${exam} ${view} ${content}`);
  return makePng({ rows: 8, columns: 6, lines: Buffer.from(hash.repeat(3), 'hex') });
}

export function openInbox(s3: S3Service): TestInbox {
  const client: S3Client = s3ClientOf(s3);
  const inbox: TestInbox = {
    async upload(path, body) {
      const key = `inbox/${path}`;
      const { VersionId } = await client.send(new PutObjectCommand({ Bucket: s3.bucket, Key: key, Body: body }));
      return VersionId as string;
    },
    async uploadViews(exam, views = VIEWS, content = '') {
      await Promise.all(
        views.map((view) => inbox.upload(`exams/${exam}/${viewFile(view)}`, viewPicture(exam, view, content))),
      );
    },
    async keys(prefix = 'inbox/') {
      const keys: string[] = [];
      let markers = {};
      for (;;) {
        const page = await client.send(
          new ListObjectVersionsCommand({ Bucket: s3.bucket, Prefix: prefix, ...markers }),
        );
        for (const { Key = '' } of [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])]) keys.push(Key);
        if (page.IsTruncated !== true) return keys.sort();
        markers = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
      }
    },
    async keepVersions(keep) {
      const VersioningConfiguration = { Status: keep ? 'Enabled' : 'Suspended' } as const;
      await client.send(new PutBucketVersioningCommand({ Bucket: s3.bucket, VersioningConfiguration }));
    },
    close: () => client.destroy(),
  };
  return inbox;
}
