import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CancelledFailure, WorkflowFailedError } from '@temporalio/client';
import { HANDED_BACK } from '../../activities/failures.js';
import { stages } from '../../activities/stages/index.js';
import { readJob, waitForJob } from '../../api/jobs/jobs-client.js';
import { listJobs } from '../../api/jobs/list-jobs.js';
import { runningStages } from '../../api/jobs/running-stages.js';
import { startJob } from '../../api/jobs/start-job.js';
import { listResults } from '../../api/reading/list-results.js';
import type { Commit } from '../../pipeline/commit.js';
import type { JobSummary } from '../../pipeline/job.js';
import { rootOf } from '../../repos/repository.js';
import { blackExam, drawExams } from '../support/exams.js';
import { recordHistory } from '../support/histories.js';
import { openTestSystem, PLACEHOLDER, type TestSystem } from '../support/system.js';
import { until } from '../support/until.js';
import { startWorkerProcess } from '../support/worker-process.js';

describe('a job', () => {
  let system: TestSystem;
  const repository = () => system.session.repository;
  const head = async () => (await repository().head('main')) as Commit;
  const start = async (only?: string[]): Promise<string> =>
    startJob(await system.session.client(), await head(), { branch: 'main', ...(only === undefined ? {} : { only }) });
  const summaryOf = async (job: string): Promise<JobSummary> =>
    readJob(await system.session.client(), repository(), job);
  const ended = async (job: string): Promise<JobSummary> =>
    waitForJob(await system.session.client(), repository(), job, () => undefined);

  beforeEach(async () => {
    system = await openTestSystem();
    await system.put('models', PLACEHOLDER);
  });
  afterEach(() => system.close());

  it('waits for workers, survives one that is killed in the middle of a stage, and loses nothing', async () => {
    await drawExams(join(system.folder, 'exams'), ['exam-1', 'exam-2']);
    await system.put('exams', join(system.folder, 'exams'));
    const job = await start();
    assert.equal((await summaryOf(job)).status, 'running');
    await system.startWorkers(['workflow', 'cpu']);
    const first = startWorkerProcess(system, 'gpu');
    // Its inference process exists while it computes.
    const [inference] = await until('the inference process', async () => {
      const children = await first.children();
      return children.length > 0 && children;
    });
    await first.kill();
    await until('the inference process to follow its worker', async () => !(await isAlive(inference as number)));
    await system.startWorkers(['gpu']);
    const summary = await ended(job);
    assert.deepEqual(summary.exams, { processed: 2, skipped: 0, failed: 0 });
    assert.equal(rootOf(await head(), 'classify').items, 2);
  });

  it('goes on at once with another worker when one is told to end in the middle of a stage', async () => {
    await drawExams(join(system.folder, 'exams'), ['exam-1']);
    await system.put('exams', join(system.folder, 'exams'));
    await system.startWorkers(['workflow', 'cpu']);
    const job = await start();
    const client = await system.session.client();
    // Nothing is done in no time.
    const first = startWorkerProcess(system, 'gpu', '--grace', '0');
    try {
      // Its inference process exists while it computes.
      await until('the inference process', async () => (await first.children()).length > 0);
      await system.startWorkers(['gpu']);
      assert.equal(await first.end(), 0);
    } finally {
      await first.kill();
    }
    const summary = await ended(job);
    assert.deepEqual(summary.exams, { processed: 1, skipped: 0, failed: 0 });
    assert.deepEqual(summary.stages.generate_heatmaps, { computed: 1, skipped: 0, failed: 0, blocked: 0 });
    const { events } = await client.workflow.getHandle(`${job}/exam-1`).fetchHistory();
    const again = (events ?? []).flatMap(({ activityTaskStartedEventAttributes: started }) =>
      started?.lastFailure ? [started] : [],
    );
    assert.deepEqual(
      again.map(({ attempt, lastFailure }) => [attempt, lastFailure?.applicationFailureInfo?.type]),
      [[2, HANDED_BACK]],
      'it was handed back, and not missed',
    );
    const claims = await system.session.repository.store.list('.mammoflow/claims/').next();
    assert.equal(claims.done, true, 'and nobody has a claim on it any more');
  });

  it('runs what a worker died over in a process of its own, and holds nothing against the exam', async () => {
    await drawExams(join(system.folder, 'exams'), ['exam-1', 'exam-2', 'exam-3', 'exam-4']);
    await system.put('exams', join(system.folder, 'exams'));
    await system.startWorkers(['workflow', 'gpu']);
    const job = await start();
    const client = await system.session.client();
    const first = startWorkerProcess(system, 'cpu');
    await until('a stage to be under way', async () => (await runningStages(client, job)).some(({ stage }) => stage));
    await first.kill();
    const second = startWorkerProcess(system, 'cpu');
    try {
      await until('a process for a single stage', async () => (await second.children()).length > 0);
      assert.deepEqual((await ended(job)).exams, { processed: 4, skipped: 0, failed: 0 });
    } finally {
      await second.kill();
    }
  });

  it('fails an exam that crashes its process again and again, and not for those that were killed', async () => {
    await drawExams(join(system.folder, 'exams'), ['exam-1']);
    await system.put('exams', join(system.folder, 'exams'));
    await system.startWorkers(['workflow', 'cpu']);
    const worker = startWorkerProcess(system, 'gpu');
    try {
      const job = await start();
      const killed = new Set<number>();
      const summary = await until('the job to give up', async () => {
        for (const pid of await worker.children()) {
          if (killed.has(pid)) continue;
          // The machine's doing first, as when its memory is used up, and then what a broken network does.
          process.kill(pid, killed.size === 0 ? 'SIGKILL' : 'SIGSEGV');
          killed.add(pid);
        }
        const latest = await summaryOf(job);
        return latest.status !== 'running' && latest;
      });
      assert.equal(killed.size, 4, 'a datum gets three chances, and the one that was killed is none of them');
      assert.deepEqual(summary.exams, { processed: 0, skipped: 0, failed: 1 });
      const [result] = await listResults(repository(), stages, await head());
      assert.equal(result?.outcome, 'failed');
      assert.match(result?.reason ?? '', /generate_heatmaps crashed 3 times on exam exam-1/);
      const commit = await head();
      assert.equal(rootOf(commit, 'crop').items, 1, 'what was computed before is kept');
      assert.equal(rootOf(commit, 'classify').items, 0);
    } finally {
      await worker.kill();
    }
  });

  it('is cancelled with its exams, and keeps what they had finished', async () => {
    await blackExam(join(system.folder, 'exams'), 'exam-black');
    await drawExams(join(system.folder, 'exams'), ['exam-1']);
    await system.put('exams', join(system.folder, 'exams'));
    // Without a gpu worker exam-1 cannot finish; exam-black fails in its first stage.
    await system.startWorkers(['workflow', 'cpu']);
    const job = await start();
    await until('the failing exam to finish', async () => (await summaryOf(job)).exams.failed === 1);
    const client = await system.session.client();
    await client.workflow.getHandle(job).cancel();
    await assert.rejects(
      client.workflow.getHandle(job).result(),
      (error) => error instanceof WorkflowFailedError && error.cause instanceof CancelledFailure,
    );
    const summary = await summaryOf(job);
    assert.equal(summary.status, 'cancelled');
    assert.equal(summary.exams.failed, 1);
    await until('the child to be cancelled', async () => {
      const { status } = await client.workflow.getHandle(`${job}/exam-1`).describe();
      return status.name === 'CANCELLED';
    });
    const outcomes = new Map(
      (await listResults(repository(), stages, await head())).map((result) => [result.exam, result.outcome]),
    );
    assert.equal(outcomes.get('exam-black'), 'failed');
    assert.equal(outcomes.get('exam-1'), 'waiting');

    await system.startWorkers(['gpu']);
    const again = await ended(await start());
    assert.deepEqual(again.exams, { processed: 1, skipped: 0, failed: 1 });
    assert.equal(again.stages.crop?.skipped, 1, 'the crop of the cancelled job is used');
  });

  it('notices a child that was terminated behind its back', async () => {
    await drawExams(join(system.folder, 'exams'), ['exam-1']);
    await system.put('exams', join(system.folder, 'exams'));
    await system.startWorkers(['workflow', 'cpu']);
    const job = await start();
    const client = await system.session.client();
    await until('the child', async () => (await summaryOf(job)).total === 1 && (await childIsRunning(`${job}/exam-1`)));
    await client.workflow.getHandle(`${job}/exam-1`).terminate('a test');
    const summary = await ended(job);
    assert.equal(summary.status, 'completed');
    assert.deepEqual(summary.exams, { processed: 0, skipped: 0, failed: 1 });

    async function childIsRunning(id: string): Promise<boolean> {
      return client.workflow
        .getHandle(id)
        .describe()
        .then(({ status }) => status.name === 'RUNNING')
        .catch(() => false);
    }
  });

  it('goes through more exams than one history holds, each exactly once', async () => {
    const names = Array.from({ length: 230 }, (_, index) => `exam-${index}`);
    for (const name of names) await blackExam(join(system.folder, 'exams'), name);
    await system.put('exams', join(system.folder, 'exams'));
    await system.startWorkers(['workflow', 'cpu']);
    const job = await start();
    const landedEarly = await until('the first results', async () => {
      const commit = await head();
      return commit.by.kind === 'job' && (await summaryOf(job)).status === 'running';
    });
    assert.ok(landedEarly, 'results land while the job runs');
    const summary = await ended(job);
    assert.deepEqual(summary.exams, { processed: 0, skipped: 0, failed: 230 });
    assert.deepEqual(summary.stages.crop, { computed: 0, skipped: 0, failed: 230, blocked: 0 });
    const results = await listResults(repository(), stages, await head());
    assert.equal(results.filter(({ outcome }) => outcome === 'failed').length, 230);
    const client = await system.session.client();
    let runs = 0;
    for await (const run of client.workflow.list({ query: `WorkflowId = '${job}'` }))
      runs += run.historyLength > 0 ? 1 : 0;
    assert.ok(runs >= 2, `the job ran in ${runs} piece(s)`);
    const { value: row } = await listJobs(client, repository(), { limit: 1 }).next();
    assert.deepEqual(
      [row?.job, row?.total, row?.started],
      [job, 230, summary.startedAt],
      'its start is that of the first',
    );
    await recordHistory(system, job, 'process-commit-last-run-of-230');
  });
});

/** A process that ended and that nobody has waited for yet (a zombie) is not alive. */
async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return stat !== undefined && !/\) Z /.test(stat);
}
