import assert from 'node:assert/strict';
import { findLostExams } from '../../activities/job/find-lost-exams.js';
import { openJobFiles } from '../../activities/job/job-files.js';
import { runningJobs } from '../../api/changing/collect-garbage.js';
import { readJob, waitForJob } from '../../api/jobs/jobs-client.js';
import { startJob } from '../../api/jobs/start-job.js';
import type { Commit } from '../../pipeline/commit.js';
import { openSmallSystem, type SmallSystem } from '../support/small-system.js';
import { until } from '../support/until.js';

describe('a job or an exam that somebody paused in Temporal', () => {
  let system: SmallSystem;
  before(async () => {
    system = await openSmallSystem();
    await system.startSmallWorkers({ roles: ['workflow'] });
    await system.useModel('red', 'all');
    await system.putScan(['exam-1'], '7');
  });
  after(() => system.close());

  it('is neither lost nor over, keeps what it needs from gc, is joined by the same request, and goes on', async () => {
    const { session } = system;
    const client = await session.client();
    const { repository } = session;
    const head = (await repository.head('main')) as Commit;
    const job = await startJob(client, head, { branch: 'main' });
    const exam = `${job}/exam-1`;
    const statusOf = (id: string) =>
      client.workflow
        .getHandle(id)
        .describe()
        .then(
          ({ status }) => status.name,
          () => '',
        );
    await until('the exam to wait for a stage', async () => (await statusOf(exam)) === 'RUNNING');
    const request = (workflowId: string) => ({
      namespace: system.settings.temporal.namespace,
      workflowId,
      identity: 'test',
      reason: 'to look at it',
    });
    for (const id of [job, exam]) await client.workflowService.pauseWorkflowExecution(request(id));
    assert.deepEqual([await statusOf(job), await statusOf(exam)], ['PAUSED', 'PAUSED']);
    const files = openJobFiles(repository.store);
    assert.deepEqual(await findLostExams(repository, client, files, job, ['exam-1']), []);
    await until(
      'visibility to know the pause',
      async () => (await client.workflow.count(`WorkflowId = '${job}' AND ExecutionStatus = 'Paused'`)).count === 1,
    );
    assert.deepEqual(await runningJobs(client), [job]);
    assert.equal(await startJob(client, head, { branch: 'main' }), job);
    const { status, reason } = await readJob(client, repository, job);
    assert.equal(status, 'running');
    assert.match(reason ?? '', /^It is paused in Temporal\..* unpause --workflow-id /);

    for (const id of [job, exam]) await client.workflowService.unpauseWorkflowExecution(request(id));
    await system.startSmallWorkers({ roles: ['cpu', 'gpu'] });
    const summary = await waitForJob(client, repository, job, () => undefined);
    assert.deepEqual(summary.exams, { processed: 1, skipped: 0, failed: 0 });
  });
});
