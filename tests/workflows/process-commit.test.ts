import assert from 'node:assert/strict';
import { join } from 'node:path';
import { WorkflowFailedError } from '@temporalio/client';
import { stages } from '../../activities/stages/index.js';
import { type ExamResult, listResults, streamJobResults } from '../../api/reading/list-results.js';
import type { Commit } from '../../pipeline/commit.js';
import { TASK_QUEUES } from '../../pipeline/graph.js';
import { LABELS } from '../../pipeline/predictions.js';
import { readDatumRecord } from '../../repos/datum-records.js';
import { rootOf } from '../../repos/repository.js';
import { blackExam, drawExams } from '../support/exams.js';
import { recordHistory } from '../support/histories.js';
import { pictureStages } from '../support/picture-stages.js';
import { openTestSystem, PLACEHOLDER, type TestSystem } from '../support/system.js';

const STAGES = pictureStages.map((stage) => stage.name);

describe('processing a commit', () => {
  let system: TestSystem;
  let firstJob: string;
  let head: () => Promise<Commit>;

  before(async () => {
    system = await openTestSystem();
    head = async () => (await system.session.repository.head('main')) as Commit;
    await system.startWorkers();
    await system.put('models', PLACEHOLDER);
  });
  after(() => system.close());

  it('computes every stage of every exam and commits each exam whole', async () => {
    await drawExams(join(system.folder, 'first'), ['exam-1', 'exam-2']);
    await system.put('exams', join(system.folder, 'first'));
    const summary = await system.process();
    firstJob = summary.job;
    assert.equal(summary.status, 'completed');
    assert.deepEqual(summary.exams, { processed: 2, skipped: 0, failed: 0 });
    for (const stage of STAGES) {
      assert.deepEqual(summary.stages[stage], { computed: 2, skipped: 0, failed: 0, blocked: 0 }, stage);
    }
    const commit = await head();
    assert.deepEqual(commit.by, { kind: 'job', job: summary.job });
    assert.equal(summary.commit, commit.id);
    for (const stage of STAGES) assert.equal(rootOf(commit, stage).items, 2, stage);
    const results = await listResults(system.session.repository, stages, commit);
    assert.deepEqual(
      results.map(({ exam, outcome, bundle, job }) => ({ exam, outcome, bundle, job })),
      ['exam-1', 'exam-2'].map((exam) => ({ exam, outcome: 'processed', bundle: 'placeholder', job: summary.job })),
    );
    for (const result of results) {
      for (const label of LABELS) {
        assert.ok((result.image?.[label] ?? -1) > 0 && (result.imageheatmaps?.[label] ?? 2) < 1, label);
      }
    }
    assert.notDeepEqual(results[0]?.image, results[1]?.image, 'two different exams have the same predictions');
    await recordHistory(system, summary.job, 'process-commit-two-exams');
    await recordHistory(system, `${summary.job}/exam-1`, 'process-exam-processed');
  });

  it('leads from an output back to its inputs, model, parameters and worker', async () => {
    const { repository } = system.session;
    const item = await repository.stages.get(rootOf(await head(), 'classify'), 'exam-1');
    assert.ok(item !== undefined);
    const record = await readDatumRecord(repository.store, 'classify', 'exam-1', item.datum);
    assert.ok(record !== undefined);
    assert.deepEqual(Object.keys(record.document.models).sort(), ['image', 'imageheatmaps']);
    assert.equal((record.document.parameters as { passes: number }).passes, 10);
    const crop = await repository.stages.get(rootOf(await head(), 'crop'), 'exam-1');
    const view = crop?.files.find((file) => file.path === 'L_CC.png');
    assert.equal(record.document.inputs['crop/L_CC.png'], view?.sha256);
    assert.equal(record.provenance.executionProvider, 'cpu');
    assert.equal(typeof record.provenance.build, 'string');
  });

  it('computes nothing when run again, writes nothing, and names the earlier job', async () => {
    const before = await head();
    const versions = await countObjects(system);
    const earlier = before.by.kind === 'job' ? before.by.job : '';
    const summary = await system.process();
    assert.deepEqual(summary.exams, { processed: 0, skipped: 2, failed: 0 });
    assert.equal(summary.job, earlier);
    assert.equal((await head()).id, before.id);
    assert.equal(await countObjects(system), versions);
  });

  it('finds every datum recorded when all exams are looked at again', async () => {
    const before = await head();
    const summary = await system.process({ only: 'all' });
    assert.deepEqual(summary.exams, { processed: 0, skipped: 2, failed: 0 });
    for (const stage of STAGES) assert.equal(summary.stages[stage]?.skipped, 2, stage);
    assert.equal((await head()).id, before.id, 'nothing changed, so nothing is committed');
    const results: ExamResult[] = [];
    for await (const one of streamJobResults(system.session.repository, stages, summary.job)) results.push(one);
    assert.deepEqual(
      results.map(({ outcome }) => outcome),
      ['skipped', 'skipped'],
    );
  });

  it('computes only what a new exam needs, and one bad exam fails alone', async () => {
    await drawExams(join(system.folder, 'second'), ['exam-3'], 3);
    await blackExam(join(system.folder, 'second'), 'exam-black');
    await system.put('exams', join(system.folder, 'second'));
    const waiting = await listResults(system.session.repository, stages, await head());
    assert.deepEqual(
      waiting.map(({ outcome }) => outcome),
      ['processed', 'processed', 'waiting', 'waiting'],
    );
    const summary = await system.process();
    assert.equal(summary.status, 'completed');
    assert.deepEqual(summary.exams, { processed: 1, skipped: 2, failed: 1 });
    assert.deepEqual(summary.stages.crop, { computed: 1, skipped: 2, failed: 1, blocked: 0 });
    assert.deepEqual(summary.stages.classify, { computed: 1, skipped: 2, failed: 0, blocked: 1 });
    const results = await listResults(system.session.repository, stages, await head());
    const black = results.find(({ exam }) => exam === 'exam-black');
    assert.equal(black?.outcome, 'failed');
    assert.match(black?.reason ?? '', /exam-black/);
    assert.match(black?.reason ?? '', /L_CC/);
    assert.equal(black?.image, undefined);
    await recordHistory(system, `${summary.job}/exam-black`, 'process-exam-failed');

    const again = await system.process();
    assert.deepEqual(again.exams, { processed: 0, skipped: 3, failed: 1 }, 'a known failure is not tried again');
    const retried = await system.process({ only: 'failed' });
    assert.deepEqual(retried.exams, { processed: 0, skipped: 0, failed: 1 });
    assert.equal(retried.total, 1);
  });

  it('takes results away from an exam whose files change, and makes new ones', async () => {
    const before = await listResults(system.session.repository, stages, await head());
    await drawExams(join(system.folder, 'third'), ['exam-1'], 77);
    await system.put('exams', join(system.folder, 'third'));
    const commit = await head();
    assert.equal(await system.session.repository.stages.get(rootOf(commit, 'classify'), 'exam-1'), undefined);
    const waiting = (await listResults(system.session.repository, stages, commit)).find(
      ({ exam }) => exam === 'exam-1',
    );
    assert.equal(waiting?.outcome, 'waiting');
    const summary = await system.process();
    assert.deepEqual(summary.exams, { processed: 1, skipped: 2, failed: 1 });
    const after = await listResults(system.session.repository, stages, await head());
    assert.notDeepEqual(after[0]?.image, before[0]?.image);
    assert.deepEqual(after[1], before[1]);
  });

  it('is started by hand with plain JSON', async () => {
    const client = await system.session.client();
    const workflowId = `by-hand-${Date.now()}`;
    const summary = await client.workflow.execute('processCommit', {
      workflowId,
      taskQueue: TASK_QUEUES.workflow,
      args: [{ branch: 'main', only: ['exam-2'] }],
    });
    assert.deepEqual(summary.exams, { processed: 0, skipped: 1, failed: 0 });
    assert.equal(summary.total, 1);
  });

  it('refuses a wrong argument at once, saying what to correct', async () => {
    const client = await system.session.client();
    const run = (args: unknown) =>
      client.workflow.execute('processCommit', {
        workflowId: `wrong-${Date.now()}`,
        taskQueue: TASK_QUEUES.workflow,
        args: [args],
      });
    await assert.rejects(run({ branch: 'no spaces please' }), failsWith(/branch: a branch name is/));
    await assert.rejects(run({ brunch: 'main' }), failsWith(/brunch/));
    await assert.rejects(run({ branch: 'nowhere' }), failsWith(/There is no branch nowhere/));
    await assert.rejects(run({ only: ['no-such-exam'] }), failsWith(/no exam no-such-exam/));
  });

  it('is found in Temporal by exam, job, bundle and outcome', async () => {
    const client = await system.session.client();
    const find = async (query: string): Promise<string[]> => {
      const found: string[] = [];
      for await (const run of client.workflow.list({ query })) found.push(run.workflowId);
      return found;
    };
    // Other suites use the same server, so the job is always named.
    const inJob = `MammoflowJob = '${firstJob}'`;
    assert.deepEqual(await find(`${inJob} AND MammoflowExam = 'exam-2'`), [`${firstJob}/exam-2`]);
    const processed = await find(`${inJob} AND MammoflowBundle = 'placeholder' AND MammoflowOutcome = 'processed'`);
    assert.deepEqual(processed.sort(), [firstJob, `${firstJob}/exam-1`, `${firstJob}/exam-2`].sort());
    assert.deepEqual(await find(`${inJob} AND MammoflowOutcome = 'failed'`), []);
  });
});

const failsWith = (message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof WorkflowFailedError);
  assert.match(error.cause?.message ?? '', message);
  return true;
};

async function countObjects(system: TestSystem): Promise<number> {
  let count = 0;
  for await (const _ of system.session.repository.store.list('')) count += 1;
  return count;
}
