import assert from 'node:assert/strict';
import { CreateBucketCommand, PutBucketVersioningCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import {
  dismissInboxItem,
  fingerprintOf,
  listRefusals,
  openInboxItem,
  placeOf,
  readRefusal,
  recordRefusal,
  walkInbox,
} from '../../repos/inbox.js';
import { openInbox } from '../support/inbox.js';
import { storeOf, withRepository } from '../support/repository.js';
import { s3ClientOf, testServices } from '../support/services.js';

describe('the inbox', () => {
  it('is walked folder by folder, page by page, with everything else counted as stray', () =>
    withRepository(async ({ store }, s3) => {
      const inbox = openInbox(s3);
      // More than a page of a listing, so that folders lie on both sides of its end.
      for (let start = 0; start < 1_050; start += 50) {
        await Promise.all(
          Array.from({ length: 50 }, (_, index) => inbox.upload(`exams/exam-1/f${start + index}.txt`, 'x')),
        );
      }
      await inbox.uploadViews('exam-0');
      await inbox.uploadViews('exam-1');
      // Sorts between `exam-1` and what is in it.
      await inbox.uploadViews('exam-1-b', ['L_CC']);
      await inbox.upload('models/bundle/model.json', '{}');
      let stray = 0;
      const found: string[] = [];
      for await (const { repo, name, files } of walkInbox(store, () => {
        stray += 1;
      })) {
        found.push(`${repo}/${name} ${files.length}`);
      }
      assert.deepEqual(found.sort(), ['exams/exam-0 4', 'exams/exam-1 4', 'exams/exam-1-b 1', 'models/bundle 1']);
      assert.equal(stray, 1_050);
      inbox.close();
    }));

  it('takes only files of exams and bundles for such', () => {
    const places = [
      ['inbox/exams/exam-1/L_CC.png', 'exams exam-1 L_CC.png'],
      ['inbox/exams/exam-1/l_cc.PNG', 'exams exam-1 l_cc.PNG'],
      ['inbox/exams/exam-1/gen_exam_list.pkl', 'exams exam-1 gen_exam_list.pkl'],
      // Never left lying as stray: without its list, an exam would be turned.
      ['inbox/exams/exam-1/GEN_EXAM_LIST.PKL', 'exams exam-1 GEN_EXAM_LIST.PKL'],
      ['inbox/exams/exam-1/gen_exam_list_before_cropping.pkl', 'exams exam-1 gen_exam_list_before_cropping.pkl'],
      ['inbox/exams/exam-1/other.pkl', 'exams exam-1 other.pkl'],
      ['inbox/exams/exam-1/L-CC.png', 'exams exam-1 L-CC.png'],
      ['inbox/exams/exam-1/0_L_CC.png', 'exams exam-1 0_L_CC.png'],
      ['inbox/exams/exam-1/L_CC_2.png', undefined],
      ['inbox/models/b/model.json', 'models b model.json'],
      ['inbox/exams/exam-1/L_CC.dcm', undefined],
      ['inbox/exams/L_CC.png', undefined],
      ['inbox/exams//L_CC.png', undefined],
      ['inbox/exams/exam-1/a/L_CC.png', undefined],
      ['inbox/models/b/..', undefined],
      ['inbox/models/../model.json', undefined],
      ['inbox/L_CC.png', undefined],
    ] as const;
    for (const [key, expected] of places) {
      const place = placeOf(key);
      assert.equal(place && `${place.repo} ${place.name} ${place.path}`, expected, key);
    }
  });

  it('opens an upload with what lies beneath it, and not one that was deleted', () =>
    withRepository(async ({ store }, s3) => {
      const inbox = openInbox(s3);
      const first = await inbox.upload('exams/exam-1/L_CC.png', 'one');
      const second = await inbox.upload('exams/exam-1/L_CC.png', 'two');
      await inbox.upload('exams/exam-1/R_CC.png', 'three');
      await store.delete('inbox/exams/exam-1/R_CC.png');
      const files = await openInboxItem(store, 'exams', 'exam-1');
      assert.equal(files.length, 1);
      assert.equal(files[0]?.versionId, second);
      assert.deepEqual(files[0]?.beneath, [{ key: 'inbox/exams/exam-1/L_CC.png', versionId: first }]);
      inbox.close();
    }));

  it('remembers a refusal for exactly the files that were refused', () =>
    withRepository(async ({ store }, s3) => {
      const inbox = openInbox(s3);
      await inbox.upload('exams/exam-1/L_CC.png', 'one');
      const files = await openInboxItem(store, 'exams', 'exam-1');
      const item = { repo: 'exams', name: 'exam-1', files } as const;
      await recordRefusal(store, item, 'It is no picture.');
      await recordRefusal(store, item, 'It is no picture at all.');
      assert.deepEqual(await listRefusals(store), new Map([['exams/exam-1', fingerprintOf(files)]]));
      assert.equal((await readRefusal(store, item))?.reason, 'It is no picture at all.');
      const again = files.map((file) => ({ ...file, modified: file.modified + 1_000 }));
      assert.equal(await readRefusal(store, { ...item, files: again }), undefined);
      inbox.close();
    }));

  it('moves out what was uploaded before the bucket kept versions', async () => {
    const { s3 } = await testServices();
    const bucket = `test-late-${Date.now()}`;
    const client = s3ClientOf(s3);
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    const Key = 'inbox/exams/late/L_CC.png';
    await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'old' }));
    const Status = { Status: 'Enabled' } as const;
    await client.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: Status }));
    client.destroy();
    const store = storeOf({ ...s3, bucket });
    assert.deepEqual(await dismissInboxItem(store, 'exams', 'late', 'now'), ['dismissed/exams/late/now/L_CC.png']);
    assert.deepEqual(await openInboxItem(store, 'exams', 'late'), []);
    store.close();
  });
});
