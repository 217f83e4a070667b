import { GetBucketVersioningCommand } from '@aws-sdk/client-s3';
import type { Bucket } from './bucket.js';

/** `ObjectStore.isVersioned`. */
export async function isVersioned({ client, name }: Bucket): Promise<boolean> {
  return (await client.send(new GetBucketVersioningCommand({ Bucket: name }))).Status === 'Enabled';
}
