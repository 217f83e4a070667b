import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateBucketCommand, PutBucketVersioningCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import type { S3Service } from '../../infra/dev/services.js';
import { type ErrorCode, MammoflowError } from '../../pipeline/errors.js';
import { concurrently } from '../../repos/concurrently.js';
import { sha256Hex } from '../../repos/hash.js';
import type { ListedVersion, ObjectStore } from '../../repos/object-store.js';
import { openObjectStore } from '../../repos/s3/open-object-store.js';
import { clockOffsetOf } from '../../repos/s3/server-clock.js';
import { storeOf } from '../support/repository.js';
import { freshBucket, s3ClientOf } from '../support/services.js';
import { withTemporaryFolder } from '../support/temporary-folder.js';

const fails = (promise: Promise<unknown>, code: ErrorCode, message: RegExp) =>
  assert.rejects(promise, (error) => {
    assert.ok(error instanceof MammoflowError, String(error));
    assert.equal(error.code, code);
    assert.match(error.sentence, message);
    return true;
  });

describe('the object store', () => {
  let s3: S3Service;
  let store: ObjectStore;
  before(async () => {
    s3 = await freshBucket();
    store = storeOf(s3);
  });
  after(() => store.close());
  const put = (key: string, text: string, options: { ifAbsent?: boolean; ifMatch?: string } = {}) =>
    store.put(key, Buffer.from(text), { sha256: sha256Hex(text), ...options });
  const read = async (key: string, versionId?: string) => {
    const object = await store.get(key, versionId);
    return object && Buffer.from(object.bytes).toString();
  };

  it('reads any version by its id, and the newest without', async () => {
    const first = await put('versions', 'one');
    const second = await put('versions', 'two');
    assert.ok(first && second);
    assert.notEqual(first.versionId, second.versionId);
    assert.equal(await read('versions', first.versionId), 'one');
    assert.equal(await read('versions', second.versionId), 'two');
    assert.equal(await read('versions'), 'two');
    assert.deepEqual(await store.head('versions', first.versionId), { ...first, size: 3, sha256: sha256Hex('one') });
    const stream = await store.getStream('versions', first.versionId);
    assert.equal(Buffer.concat((await stream?.toArray()) ?? []).toString(), 'one');
  });

  it('has nothing to say of what is not there', async () => {
    assert.equal(await store.get('nothing'), undefined);
    assert.equal(await store.head('nothing'), undefined);
    assert.equal(await store.getStream('nothing', '01K00000000000000000000000'), undefined);
    for await (const { key } of store.list('nothing/')) assert.fail(key);
  });

  it('lists keys in order', async () => {
    for (const name of ['b', 'a', 'c/d']) await put(`list/${name}`, name);
    const keys: string[] = [];
    for await (const { key, size } of store.list('list/')) keys.push(`${key} ${size}`);
    assert.deepEqual(keys, ['list/a 1', 'list/b 1', 'list/c/d 3']);
    for (const after of ['list/a', 'list/aa']) {
      const rest: string[] = [];
      for await (const { key } of store.list('list/', after)) rest.push(key);
      assert.deepEqual(rest, ['list/b', 'list/c/d'], after);
    }
  });

  it('lists every version and delete marker, and folders of which only these are left, and removes them for ever', async () => {
    const first = await put('forever/a/x', 'one');
    const second = await put('forever/a/x', 'two');
    const other = await put('forever/b/y', 'three');
    assert.ok(first && second && other);
    await store.delete('forever/b/y');
    const listed = async () => {
      const found: ListedVersion[] = [];
      for await (const version of store.listVersions('forever/')) found.push(version);
      return found;
    };
    const found = await listed();
    const told = (id: string) => found.find(({ versionId }) => versionId === id);
    assert.equal(found.length, 4);
    assert.deepEqual([told(first.versionId)?.latest, told(second.versionId)?.latest], [false, true]);
    assert.deepEqual([told(other.versionId)?.latest, told(other.versionId)?.size], [false, 5]);
    assert.equal(found.filter(({ deleteMarker, latest }) => deleteMarker && latest).length, 1);
    assert.deepEqual(await store.listFolders('forever/'), ['forever/a/', 'forever/b/']);

    await store.deleteVersions([second]);
    assert.equal(await read('forever/a/x'), 'one', 'the version before it is the newest now');
    await store.deleteVersions(found);
    await store.deleteVersions(found);
    assert.deepEqual(await listed(), []);
    assert.deepEqual(await store.listFolders('forever/'), []);
    assert.equal(await read('forever/a/x', first.versionId), undefined);
  });

  it('writes under a condition, or says that it did not hold', async () => {
    const first = await put('condition', 'one', { ifAbsent: true });
    assert.ok(first);
    assert.equal(await put('condition', 'two', { ifAbsent: true }), undefined);
    const second = await put('condition', 'two', { ifMatch: first.etag });
    assert.ok(second);
    assert.equal(await put('condition', 'three', { ifMatch: first.etag }), undefined);
    assert.equal(await read('condition'), 'two');
  });

  it('says that a condition did not hold, too, where there is nothing any more', async () => {
    assert.equal(await put('absent', 'one', { ifMatch: '"0cc175b9c0f1b6a831c399e269772661"' }), undefined);
    assert.equal(await store.head('absent'), undefined);
  });

  it('names every version once, whatever the server says at the end of a page', async () => {
    const count = 1_050;
    await concurrently(Array.from({ length: count }).keys(), 32, (index) => put(`paged/${index}`, 'x'));
    const ids: string[] = [];
    for await (const { key, versionId } of store.listVersions('paged/')) ids.push(`${versionId} ${key}`);
    assert.equal(ids.length, count);
    assert.equal(new Set(ids).size, count);
  });

  it('takes the deletion of a version that is gone for done while others of the key remain', async () => {
    const first = await put('gone', 'one');
    const second = await put('gone', 'two');
    assert.ok(first && second);
    await store.deleteVersions([first]);
    await store.deleteVersions([first]);
    assert.equal(await read('gone'), 'two');
  });

  it('looks at, copies and removes what was stored before the bucket kept versions', async () => {
    const client = s3ClientOf(s3);
    const bucket = `${s3.bucket}-late`;
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    for (const Key of ['old', 'replaced'])
      await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'old' }));
    const Status = { Status: 'Enabled' } as const;
    await client.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: Status }));
    client.destroy();
    const late = storeOf({ ...s3, bucket });
    await late.put('replaced', Buffer.from('new'), { sha256: sha256Hex('new') });
    for (const key of ['old', 'replaced']) {
      const from = { key, versionId: 'null' };
      assert.equal((await late.head(key, 'null'))?.size, 3);
      const copy = await late.copy(from, `copy/${key}`, { sha256: sha256Hex('old') });
      assert.ok(copy && copy.versionId !== 'null');
      assert.equal(Buffer.from((await late.get(copy.key, copy.versionId))?.bytes ?? []).toString(), 'old');
      await late.deleteVersions([from]);
      assert.equal(await late.head(key, 'null'), undefined);
    }
    assert.equal(Buffer.from((await late.get('replaced'))?.bytes ?? []).toString(), 'new');
    late.close();
  });

  it('lets exactly one of sixteen writers at once be first', async () => {
    const versions = await Promise.all(
      Array.from({ length: 16 }, (_, index) => put('race', `writer ${index}`, { ifAbsent: true })),
    );
    assert.equal(versions.filter((version) => version !== undefined).length, 1);
  });

  it('refuses bytes and files that do not have the SHA-256 they were announced with', async () => {
    const wrong = { sha256: sha256Hex('something else') };
    const message = /bytes sent for damaged do not have the SHA-256.*try again/;
    await fails(store.put('damaged', Buffer.from('bytes'), wrong), 'corrupt-data', message);
    await withTemporaryFolder(async (folder) => {
      const path = join(folder, 'file');
      await writeFile(path, 'bytes');
      await fails(store.put('damaged', { path, size: 5 }, wrong), 'corrupt-data', message);
    });
    assert.equal(await store.head('damaged'), undefined);
  });

  it('uploads a file as it was when it was measured, even if it has grown since', () =>
    withTemporaryFolder(async (folder) => {
      const path = join(folder, 'file');
      await writeFile(path, 'bytes and more');
      assert.ok(await store.put('grown', { path, size: 5 }, { sha256: sha256Hex('bytes') }));
      assert.equal(await read('grown'), 'bytes');
      await writeFile(path, '');
      assert.ok(await store.put('empty', { path, size: 0 }, { sha256: sha256Hex('') }));
      assert.equal(await read('empty'), '');
    }));

  it('refuses a bucket that keeps no versions', async () => {
    const client = s3ClientOf(s3);
    const bucket = `${s3.bucket}-plain`;
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    client.destroy();
    const plain = storeOf({ ...s3, bucket });
    await fails(
      plain.put('key', Buffer.from('x'), { sha256: sha256Hex('x') }),
      'invalid-configuration',
      new RegExp(`bucket ${bucket} does not keep versions.*Enable versioning`),
    );
    plain.close();
  });

  it('says that a bucket does not exist, access is refused, or nobody answers', async () => {
    const check = async (other: ObjectStore, message: RegExp) => {
      await fails(other.get('key'), 'service-unavailable', message);
      await fails(other.put('key', Buffer.from('x'), { sha256: sha256Hex('x') }), 'service-unavailable', message);
      other.close();
    };
    await check(storeOf({ ...s3, bucket: 'no-such-bucket' }), /no bucket no-such-bucket\. Make it with versioning/);
    await check(storeOf({ ...s3, secretAccessKey: 'wrong' }), /refuses access.*Check the AWS credentials/);
    const nobody = openObjectStore(s3.bucket, {
      endpoint: 'http://127.0.0.1:9',
      region: s3.region,
      credentials: s3,
      maxAttempts: 1,
    });
    await check(nobody, /does not answer \(ECONNREFUSED\)/);
  });
});

describe("the S3 server's clock", () => {
  it('is taken for ours unless what it tells cannot be the same time', () => {
    const sent = 1_000_000_950;
    for (const told of [999_999_000, 1_000_000_000]) {
      assert.equal(clockOffsetOf(told, sent, sent + 20), 0, 'a header may be cut to the second, and a second old');
    }
    assert.equal(clockOffsetOf(sent, sent + 500, sent + 4_500), 0, 'an answer that was looked at late tells nothing');
    assert.equal(clockOffsetOf(999_995_000, sent, sent + 20), -3_951, 'behind');
    assert.equal(clockOffsetOf(1_000_004_000, sent, sent + 20), 3_030, 'ahead');
  });
});
