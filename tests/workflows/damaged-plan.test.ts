import assert from 'node:assert/strict';
import { openJobFiles } from '../../activities/job/job-files.js';
import { waitForJob } from '../../api/jobs/jobs-client.js';
import { startJob } from '../../api/jobs/start-job.js';
import { listResults } from '../../api/reading/list-results.js';
import type { Commit } from '../../pipeline/commit.js';
import { jobPageKey } from '../../repos/layout.js';
import { flipByte } from '../support/damage.js';
import { openSmallSystem, SMALL_STAGES, type SmallSystem } from '../support/small-system.js';
import { until } from '../support/until.js';

describe('a job whose plan is damaged', () => {
  let system: SmallSystem;
  before(async () => {
    system = await openSmallSystem();
    await system.startSmallWorkers({ roles: ['workflow'] });
    await system.useModel('red', 'all');
    await system.putScan(['exam-1'], '7');
  });
  after(() => system.close());

  it('ends with the reason instead of trying without end, and the next one computes what it could not', async () => {
    const { repository } = system.session;
    const client = await system.session.client();
    const head = async () => (await repository.head('main')) as Commit;
    const job = await startJob(client, await head(), { branch: 'main' });
    const exam = client.workflow.getHandle(`${job}/exam-1`);
    await until('the exam to wait for a stage', async () =>
      exam.describe().then(
        ({ status }) => status.name === 'RUNNING',
        () => false,
      ),
    );
    await flipByte(repository.store.bucket, jobPageKey(job, 0));
    await assert.rejects(openJobFiles(repository.store).page(job, 0), { code: 'damaged-plan' });

    await system.startSmallWorkers({ roles: ['cpu', 'gpu'] });
    const summary = await waitForJob(client, repository, job, () => undefined);
    assert.deepEqual(summary.exams, { processed: 0, skipped: 0, failed: 1 });
    const [failed] = await listResults(repository, SMALL_STAGES, await head());
    assert.match(
      failed?.reason ?? '',
      /^The job's plan \.mammoflow\/jobs\/.* is damaged in the bucket\. Start a new job /,
    );

    const again = await startJob(client, await head(), { branch: 'main', only: 'failed' });
    const { exams } = await waitForJob(client, repository, again, () => undefined);
    assert.deepEqual(exams, { processed: 1, skipped: 0, failed: 0 });
  });
});
