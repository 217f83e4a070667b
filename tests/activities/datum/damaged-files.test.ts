import assert from 'node:assert/strict';
import { stages } from '../../../activities/stages/index.js';
import { listResults } from '../../../api/reading/list-results.js';
import { OUTCOMES } from '../../../pipeline/commit.js';
import { PREDICTIONS_JSON } from '../../../pipeline/predictions.js';
import { hasWork } from '../../../planning/has-work.js';
import { readFileEntry } from '../../../repos/committed-files.js';
import { readDatumRecord } from '../../../repos/datum-records.js';
import { datumKeyPath, knownOutcomeKey } from '../../../repos/layout.js';
import { openRepository, rootOf } from '../../../repos/repository.js';
import { cutOff, flipByte, overwriteOnDisk } from '../../support/damage.js';
import { storeOf } from '../../support/repository.js';
import { type SmallJobs, smallStage, withSmallJobs } from '../../support/small-jobs.js';

/** Jobs that also tell which datums they computed, after all exams were processed once. */
function withProcessed(use: (jobs: SmallJobs, computed: string[]) => Promise<void>): Promise<void> {
  const computed: string[] = [];
  return withSmallJobs(
    async (jobs) => {
      await jobs.useBundle('first');
      await jobs.putExams({ a: 'one', b: 'two' });
      await jobs.process('job-1');
      computed.length = 0;
      await use(jobs, computed);
    },
    {
      stage(run, everything) {
        computed.push(`${run.stage} ${run.inputs.exam}`);
        return smallStage(run, everything);
      },
    },
  );
}

async function itemOf({ repository }: SmallJobs, stage: string, exam: string) {
  const item = await repository.stages.get(rootOf(await repository.head('main'), stage), exam);
  assert.ok(item);
  return item;
}

const fileOf = async (jobs: SmallJobs, stage: string, exam: string) => {
  const [file] = (await itemOf(jobs, stage, exam)).files;
  assert.ok(file);
  return file;
};

const resultsOf = async ({ repository }: SmallJobs) =>
  listResults(repository, stages, (await repository.head('main')) as never);

describe('a damaged object', () => {
  it('that a stage made is computed again by the job that has to read it, alone, and the record says why', () =>
    withProcessed(async (jobs, computed) => {
      const { repository, s3 } = jobs;
      const damaged = await fileOf(jobs, 'crop', 'a');
      await flipByte(s3.bucket, damaged.key);
      await assert.rejects(readFileEntry(repository.store, damaged), { code: 'corrupt-data' });
      await jobs.forgetLocalCopies();
      // Other parameters make every stage after crop run, and these read what crop made.
      await jobs.setParameters('generate_heatmaps', { seed: 7 });
      await jobs.process('job-2');
      assert.equal(computed.filter((datum) => datum === 'crop a').length, 1);
      assert.ok(!computed.includes('crop b'));
      const mended = await fileOf(jobs, 'crop', 'a');
      assert.equal(mended.sha256, damaged.sha256);
      assert.notEqual(mended.versionId, damaged.versionId);
      assert.ok((await readFileEntry(repository.store, mended)).length > 0);
      const record = await readDatumRecord(repository.store, 'crop', 'a', (await itemOf(jobs, 'crop', 'a')).datum);
      assert.equal(record?.provenance.replaced, `version ${damaged.versionId} of ${damaged.key} was damaged`);
      assert.ok((await resultsOf(jobs)).every(({ outcome }) => outcome === 'processed'));
    }));

  it('that a stage made is computed again when its exam is named, and so is one whose record is cut off', () =>
    withProcessed(async (jobs, computed) => {
      const { s3 } = jobs;
      await flipByte(s3.bucket, (await fileOf(jobs, 'visualize_heatmaps', 'a')).key);
      await cutOff(s3.bucket, datumKeyPath('crop', 'a', (await itemOf(jobs, 'crop', 'a')).datum));
      await jobs.process('job-2', ['a', 'b']);
      assert.deepEqual([...computed].sort(), ['crop a', 'visualize_heatmaps a']);
      await jobs.process('job-3', ['a', 'b']);
      assert.equal(computed.length, 2, 'all of it is whole now');
    }));

  it('that people put fails its exam at once and alone, until the same bytes are put again', () =>
    withProcessed(async (jobs, computed) => {
      const { repository, s3 } = jobs;
      const item = await repository.inputs.get(rootOf(await repository.head('main'), 'exams'), 'a');
      await flipByte(s3.bucket, item?.files[0]?.key ?? '');
      await jobs.forgetLocalCopies();
      await jobs.setParameters('crop', { buffer: 7 });
      await jobs.process('job-2');
      const [a, b] = await resultsOf(jobs);
      assert.deepEqual([a?.outcome, b?.outcome], ['failed', 'processed']);
      assert.match(a?.reason ?? '', /L_CC\.png of exam a in exams is damaged in the bucket.*Put the exam again/);
      computed.length = 0;
      await jobs.putExams({ a: 'one', b: 'two' });
      const after = await repository.inputs.get(rootOf(await repository.head('main'), 'exams'), 'a');
      assert.notEqual(after?.files[0]?.versionId, item?.files[0]?.versionId);
      assert.equal(after?.since, item?.since, 'the same bundle goes on applying');
      await jobs.process('job-3');
      assert.ok((await resultsOf(jobs)).every(({ outcome }) => outcome === 'processed'));
      assert.ok(computed.every((datum) => datum.endsWith(' a')));
    }));

  it('of a prediction is never shown: the numbers come from bytes whose hash the commit names', () =>
    withProcessed(async (jobs, computed) => {
      const { repository, s3 } = jobs;
      const before = await resultsOf(jobs);
      const record = datumKeyPath('classify', 'a', (await itemOf(jobs, 'classify', 'a')).datum);
      const change = (text: string) =>
        text.replace(/"left_benign":0\.(\d)/, (_, digit) => `"left_benign":0.${9 - digit}`);
      await overwriteOnDisk(s3.bucket, record, change);
      const [altered] = await resultsOf(jobs);
      assert.deepEqual([altered?.outcome, altered?.image], ['damaged', undefined]);
      assert.match(altered?.reason ?? '', /record of how it was made is damaged/);
      await jobs.process('job-record');
      assert.deepEqual(computed.splice(0), ['classify a']);

      const file = (await itemOf(jobs, 'classify', 'a')).files.find(({ path }) => path === PREDICTIONS_JSON);
      await overwriteOnDisk(s3.bucket, file?.key ?? '', change);
      const [a, b] = await resultsOf(jobs);
      assert.equal(a?.outcome, 'damaged');
      assert.equal(a?.image, undefined);
      assert.match(a?.reason ?? '', /file of its predictions is damaged\. Run `mammoflow process`/);
      assert.deepEqual(b, before[1]);
      const head = await repository.head('main');
      assert.ok(head && (await hasWork(repository, stages, head)), 'there is something to do');
      await jobs.process('job-2');
      assert.deepEqual(computed, ['classify a']);
      assert.deepEqual(
        (await resultsOf(jobs)).map(({ image }) => image),
        before.map(({ image }) => image),
      );
    }));

  it('of a record that is gone makes its result damaged, which the next job heals', () =>
    withProcessed(async (jobs, computed) => {
      const { repository } = jobs;
      const record = datumKeyPath('classify', 'b', (await itemOf(jobs, 'classify', 'b')).datum);
      const versionId = (await repository.store.head(record))?.versionId ?? '';
      await repository.store.deleteVersions([{ key: record, versionId }]);
      const outcomes = async () => (await resultsOf(jobs)).map(({ outcome }) => outcome);
      assert.deepEqual(await outcomes(), ['processed', 'damaged']);
      await jobs.process('job-2');
      assert.deepEqual(computed, ['classify b']);
      assert.deepEqual(await outcomes(), ['processed', 'processed']);
      const head = await repository.head('main');
      assert.ok(head && !(await hasWork(repository, stages, head)), 'nothing is left to do');
    }));

  it('of what is remembered for later jobs is as good as none', () =>
    withProcessed(async (jobs) => {
      const { repository, s3 } = jobs;
      const outcome = await repository.outcomes.get(rootOf(await repository.head('main'), OUTCOMES), 'a');
      await cutOff(s3.bucket, knownOutcomeKey('a', outcome?.wanted ?? ''));
      await jobs.useBundle('second');
      await jobs.process('job-2');
      await jobs.useBundle('first');
      await jobs.process('job-3');
      assert.ok((await resultsOf(jobs)).every((result) => result.outcome === 'processed'));
    }));

  it('of a tree or a commit is written over by whoever stores the same again', () =>
    withProcessed(async ({ repository, s3 }) => {
      const head = await repository.head('main');
      const { tree } = rootOf(head, 'exams');
      await flipByte(s3.bucket, `.mammoflow/trees/${tree}.json`);
      const elsewhere = openRepository(storeOf(s3));
      await assert.rejects(elsewhere.inputs.get(rootOf(head, 'exams'), 'a'), { code: 'corrupt-data' });
      const items = [];
      for await (const item of repository.inputs.items(rootOf(head, 'exams'))) items.push([item.name, item] as const);
      await elsewhere.inputs.edit({ tree: null, items: 0, files: 0, bytes: 0 }, new Map(items));
      assert.ok(await openRepository(storeOf(s3)).inputs.get(rootOf(head, 'exams'), 'a'));
    }));
});
