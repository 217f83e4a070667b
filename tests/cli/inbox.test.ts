import assert from 'node:assert/strict';
import { dismiss } from '../../api/changing/dismiss.js';
import type { ExamResult } from '../../api/reading/list-results.js';
import type { DismissOutcome } from '../../index.js';
import type { InboxReport } from '../../pipeline/take-in.js';
import { findTraces } from '../../repos/forget-exam.js';
import { sha256Hex } from '../../repos/hash.js';
import { openInboxItem, recordRefusal } from '../../repos/inbox.js';
import { openInbox, viewPicture } from '../support/inbox.js';
import { withRepository } from '../support/repository.js';
import { failureOf, jsonOf, offlineSession, putTinyExams, textOf } from '../support/verbs.js';

describe('mammoflow inbox', () => {
  it('lists what waits, for what and since when, and results show it beside what is committed', () =>
    withRepository(async (repository, s3) => {
      await putTinyExams(repository, ['committed']);
      const inbox = openInbox(s3);
      await inbox.uploadViews('incomplete', ['L_CC', 'R_CC']);
      await inbox.uploadViews('committed', ['R_MLO']);
      await inbox.uploadViews('refused', ['L_CC', 'R_CC', 'L_MLO', 'R_MLO']);
      await inbox.uploadViews('two words', ['L_CC']);
      const files = await openInboxItem(repository.store, 'exams', 'refused');
      await recordRefusal(repository.store, { repo: 'exams', name: 'refused', files }, 'It is no mammogram.');
      for (const stray of [
        'readme.txt',
        'exams/loose.png',
        'exams/incomplete/a/b.png',
        'other/x',
        'exams/incomplete/L_CC.dcm',
        'exams/2026-11-27/dated/L-CC.png',
        'exams/scans/IM0001',
      ]) {
        await inbox.upload(stray, 'stray');
      }
      // The refused one is shown as such when it would be taken in otherwise.
      await new Promise((resolve) => setTimeout(resolve, 3_100));
      const report = await jsonOf<InboxReport>(s3, 'inbox');
      const { ready, settling, ...counts } = report.counts;
      assert.deepEqual(counts, { incomplete: 1, refused: 2 });
      assert.equal(ready + settling, 1, 'the correction, whose minute may be over on a busy machine');
      const sentences = new Map(report.items.map(({ name, sentence }) => [name, sentence]));
      assert.match(sentences.get('incomplete') ?? '', /^Waiting for L_MLO, R_MLO since .*\d\d:\d\d\.$/);
      assert.match(sentences.get('committed') ?? '', /^R_MLO of a committed exam arrived; taken in after/);
      assert.equal(sentences.get('refused'), 'It is no mammogram.');
      assert.match(sentences.get('two words') ?? '', /^"two words" is no exam id/);
      assert.equal(report.stray.files, 7);
      assert.deepEqual(
        report.stray.folders?.map(({ folder, exam }) => [folder, exam]),
        [
          ['inbox/exams/2026-11-27/dated/', 'dated'],
          ['inbox/exams/incomplete/', 'incomplete'],
          ['inbox/exams/incomplete/a/', undefined],
          ['inbox/exams/', undefined],
          ['inbox/exams/scans/', 'scans'],
        ],
      );
      const said = await textOf(s3, 'inbox');
      assert.match(said, /inbox\/exams\/incomplete\/ L_CC\.dcm looks like a DICOM file of L_CC\. Export its picture/);

      const results = await jsonOf<ExamResult[]>(s3, 'results');
      assert.deepEqual(
        results.map(({ exam, outcome, inbox: lies }) => [exam, outcome, lies !== undefined]),
        [
          ['committed', 'waiting', true],
          ['dated', 'waiting', true],
          ['incomplete', 'waiting', true],
          ['refused', 'failed', true],
          ['scans', 'waiting', true],
          ['two words', 'failed', true],
        ],
      );
      const text = await textOf(s3, 'results');
      assert.match(text, /^incomplete: waiting for L_MLO, R_MLO since .*\d\d:\d\d\.$/m);
      assert.match(text, /^committed: in the inbox: R_MLO of a committed exam arrived/m);
      assert.match(text, /^scans: .*IM0001 looks like a DICOM file\. Export its picture/im);
      assert.match(text, /^dated: .*lies outside of an exam's folder\. Upload it to inbox\/exams\/dated\/\.$/im);
      assert.match(text, /^refused: failed: It is no mammogram\.$/m);
      inbox.close();
    }));

  it('dismisses an exam by moving its files to where nothing looks for them', () =>
    withRepository(async (repository, s3) => {
      const inbox = openInbox(s3);
      await inbox.uploadViews('exam-1', ['L_CC'], 'replaced');
      await inbox.uploadViews('exam-1', ['L_CC', 'R_CC']);
      await inbox.uploadViews('exam-2', ['L_CC']);
      const failure = await failureOf(s3, 'inbox', 'dismiss', 'exam-1', 'exam-3');
      assert.match(failure, /^error: Nothing of exams\/exam-3 lies in the inbox, so nothing was dismissed\./);
      const { dismissed } = await jsonOf<DismissOutcome>(s3, 'inbox', 'dismiss', 'exam-1');
      assert.equal(dismissed[0]?.keys.length, 2);
      assert.deepEqual(await inbox.keys(), ['inbox/exams/exam-2/L_CC.png']);
      const moved = await repository.store.get(dismissed[0]?.keys[0] as string);
      assert.deepEqual(Buffer.from(moved?.bytes ?? []), viewPicture('exam-1', 'L_CC'));
      const { versions } = await findTraces(repository.store, [], 'exam-1');
      assert.equal(versions.get('dismissed')?.length, 2, '`forget` finds it');
      await assert.rejects(dismiss(offlineSession(repository), { repo: 'models', names: ['exam-2'] }), {
        code: 'not-found',
      });
      inbox.close();
    }));

  it('dismisses an exam of stray files alone, wherever in its folder they lie', () =>
    withRepository(async (repository, s3) => {
      const inbox = openInbox(s3);
      for (const path of ['left-cc.png', 'study/IM0001', 'L_CC.dcm']) {
        const key = `inbox/exams/exam-1/${path}`;
        await repository.store.put(key, Buffer.from(path), { sha256: sha256Hex(path) });
      }
      const { dismissed } = await jsonOf<DismissOutcome>(s3, 'inbox', 'dismiss', 'exam-1');
      assert.deepEqual(dismissed[0]?.keys.map((key) => key.replace(/^dismissed\/exams\/exam-1\/[^/]+\//, '')).sort(), [
        'L_CC.dcm',
        'left-cc.png',
        'study/IM0001',
      ]);
      assert.deepEqual(await inbox.keys(), []);
      inbox.close();
    }));
});
