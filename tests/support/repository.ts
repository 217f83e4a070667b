import { ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import type { S3Service } from '../../infra/dev/services.js';
import type { FileEntry } from '../../pipeline/commit.js';
import { storeFile } from '../../repos/committed-files.js';
import { sha256Hex } from '../../repos/hash.js';
import type { ObjectStore } from '../../repos/object-store.js';
import { openRepository, type Repository } from '../../repos/repository.js';
import { openObjectStore } from '../../repos/s3/open-object-store.js';
import { freshBucket, s3ClientOf } from './services.js';

/** A store on a bucket, as a process of its own would open it: nothing is cached from others. */
export const storeOf = ({ endpoint, region, bucket, accessKeyId, secretAccessKey }: S3Service): ObjectStore =>
  openObjectStore(bucket, { endpoint, region, credentials: { accessKeyId, secretAccessKey } });

/** Runs `use` with a repository on a new, empty bucket. */
export async function withRepository<T>(use: (repository: Repository, s3: S3Service) => Promise<T>): Promise<T> {
  const s3 = await freshBucket();
  const store = storeOf(s3);
  try {
    return await use(openRepository(store), s3);
  } finally {
    store.close();
  }
}

/** Keys of all object versions under a prefix, a key once for every version that it has. */
export async function versionsUnder(s3: S3Service, prefix: string): Promise<string[]> {
  const client = s3ClientOf(s3);
  try {
    const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket: s3.bucket, Prefix: prefix }));
    return Versions.map(({ Key = '' }) => Key).sort();
  } finally {
    client.destroy();
  }
}

/** Stores a small text as a file of an item. */
export async function storeText(
  store: ObjectStore,
  repo: string,
  item: string,
  path: string,
  text: string,
): Promise<FileEntry> {
  const body = Buffer.from(text);
  const file = { repo, item, path, body, sha256: sha256Hex(body), size: body.byteLength };
  return (await storeFile(store, file)).entry;
}

export const details = { author: 'tester', message: 'test', by: { kind: 'put' } } as const;
