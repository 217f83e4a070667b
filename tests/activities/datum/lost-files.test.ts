import assert from 'node:assert/strict';
import { stages } from '../../../activities/stages/index.js';
import { listResults } from '../../../api/reading/list-results.js';
import type { FileEntry } from '../../../pipeline/commit.js';
import { readFileEntry } from '../../../repos/committed-files.js';
import { readDatumRecord } from '../../../repos/datum-records.js';
import { recordErasure } from '../../../repos/erasures.js';
import { leaveOutOfBranches } from '../../../repos/forget-exam.js';
import { rootOf } from '../../../repos/repository.js';
import { revertRepo } from '../../../repos/revert.js';
import { details } from '../../support/repository.js';
import { type SmallJobs, smallStage, withSmallJobs } from '../../support/small-jobs.js';

/** Jobs that also tell which datums they computed. */
function withCounting(use: (jobs: SmallJobs, computed: string[]) => Promise<void>): Promise<void> {
  const computed: string[] = [];
  return withSmallJobs((jobs) => use(jobs, computed), {
    stage(run, everything) {
      computed.push(`${run.stage} ${run.inputs.exam}`);
      return smallStage(run, everything);
    },
  });
}

const lose = ({ repository }: SmallJobs, file: FileEntry) => repository.store.deleteVersions([file]);

async function cropFile({ repository }: SmallJobs, exam: string): Promise<FileEntry> {
  const head = await repository.head('main');
  const item = await repository.stages.get(rootOf(head, 'crop'), exam);
  return item?.files[0] as FileEntry;
}

describe('a file that somebody removed from the bucket', () => {
  it('is computed again when its exam is named, alone, and the record says why', () =>
    withCounting(async (jobs, computed) => {
      const { repository } = jobs;
      await jobs.useBundle('first');
      await jobs.putExams({ a: 'one', b: 'two' });
      await jobs.process('job-1');
      const lost = await cropFile(jobs, 'a');
      const kept = await cropFile(jobs, 'b');
      await lose(jobs, lost);
      await assert.rejects(readFileEntry(repository.store, lost), /is gone from the bucket/);

      computed.length = 0;
      const head = await jobs.process('job-2', ['a', 'b']);
      assert.deepEqual(computed, ['crop a']);
      const mended = await cropFile(jobs, 'a');
      assert.equal(mended.sha256, lost.sha256);
      assert.notEqual(mended.versionId, lost.versionId);
      assert.ok((await readFileEntry(repository.store, mended)).length > 0);
      assert.deepEqual(await cropFile(jobs, 'b'), kept);
      const item = await repository.stages.get(rootOf(head, 'crop'), 'a');
      const record = await readDatumRecord(repository.store, 'crop', 'a', item?.datum ?? '');
      assert.equal(record?.provenance.replaced, `version ${lost.versionId} of ${lost.key} was gone from the bucket`);
    }));

  it('does not come back with results that were known before', () =>
    withCounting(async (jobs, computed) => {
      await jobs.useBundle('first');
      await jobs.putExam('a', 'one');
      await jobs.process('job-1');
      await lose(jobs, await cropFile(jobs, 'a'));
      await jobs.process('job-2', ['a']);
      const mended = await cropFile(jobs, 'a');
      await jobs.useBundle('second');
      await jobs.process('job-3');
      computed.length = 0;
      await jobs.useBundle('first');
      await jobs.process('job-4');
      assert.deepEqual(computed, [], 'the results were known');
      assert.deepEqual(await cropFile(jobs, 'a'), mended);
    }));

  it('fails its exam when it was put by hand, until the same bytes are put again', () =>
    withCounting(async (jobs, computed) => {
      const { repository } = jobs;
      await jobs.useBundle('first');
      const put = await jobs.putExams({ a: 'one', b: 'two' });
      const item = await repository.inputs.get(rootOf(put, 'exams'), 'a');
      await lose(jobs, item?.files[0] as FileEntry);
      const failed = await listResults(repository, stages, await jobs.process('job-1'));
      assert.deepEqual(
        failed.map(({ outcome }) => outcome),
        ['failed', 'processed'],
      );
      assert.match(failed[0]?.reason ?? '', /L_CC\.png of exam a in exams is gone from the bucket.*Put the exam again/);

      const again = await jobs.putExams({ a: 'one', b: 'two' });
      assert.notEqual(again.id, put.id);
      const after = await repository.inputs.get(rootOf(again, 'exams'), 'a');
      assert.equal(after?.since, item?.since, 'the same bundle goes on applying');
      computed.length = 0;
      const results = await listResults(repository, stages, await jobs.process('job-2'));
      assert.deepEqual(
        results.map(({ outcome }) => outcome),
        ['processed', 'processed'],
      );
      assert.ok(computed.every((datum) => datum.endsWith(' a')));
      assert.equal((await jobs.putExams({ a: 'one', b: 'two' })).id, (await repository.head('main'))?.id);
    }));
});

describe('an exam that is erased while a job has it', () => {
  it('leaves nothing behind: what a stage computed is not stored, and nothing lands', () =>
    withCounting(async (jobs, computed) => {
      const { repository } = jobs;
      await jobs.useBundle('first');
      const put = await jobs.putExams({ a: 'one', b: 'two' });
      const files = (await repository.inputs.get(rootOf(put, 'exams'), 'a'))?.files ?? [];
      await recordErasure(repository.store, 'a', {
        author: 'tester',
        versions: files.map(({ versionId }) => versionId),
        sha256: files.map(({ sha256 }) => sha256),
      });
      const head = await jobs.process('job-1');
      assert.ok(computed.includes('crop a'), 'its stage was running');
      const keys: string[] = [];
      for await (const { key } of repository.store.listVersions('')) keys.push(key);
      assert.deepEqual(
        keys.filter((key) => key.split('/').includes('a') || key.endsWith('/a.json')),
        ['.mammoflow/erased/a.json', 'exams/a/L_CC.png'],
      );
      assert.equal(rootOf(head, 'classify').items, 1);
    }));

  it('stays away when the exams of an earlier commit are brought back', () =>
    withCounting(async ({ repository, putExams, putExam }) => {
      const then = await putExams({ a: 'one', b: 'two' });
      const files = (await repository.inputs.get(rootOf(then, 'exams'), 'a'))?.files ?? [];
      await leaveOutOfBranches(repository, ['a'], details);
      await recordErasure(repository.store, 'a', {
        author: 'tester',
        versions: files.map(({ versionId }) => versionId),
        sha256: files.map(({ sha256 }) => sha256),
      });
      await putExam('b', 'three');
      const { commit, changed } = await revertRepo(repository, { branch: 'main', repo: 'exams', to: then, details });
      assert.deepEqual(changed, ['b']);
      assert.equal(rootOf(commit, 'exams').items, 1);
      assert.equal(await repository.inputs.get(rootOf(commit, 'exams'), 'a'), undefined);
    }));
});
