import assert from 'node:assert/strict';
import { waitForJob } from '../../api/jobs/jobs-client.js';
import { startJob } from '../../api/jobs/start-job.js';
import { type Commit, OUTCOMES } from '../../pipeline/commit.js';
import type { JobSummary } from '../../pipeline/job.js';
import { readFileEntry } from '../../repos/committed-files.js';
import { rootOf } from '../../repos/repository.js';
import { openSmallSystem, type SmallSystem } from '../support/small-system.js';
import { until } from '../support/until.js';

const REPLAYED = Array.from({ length: 30 }, (_, index) => `old-${index}`);

describe('jobs that overlap', () => {
  let system: SmallSystem;
  const head = async () => (await system.session.repository.head('main')) as Commit;
  const start = async () => startJob(await system.session.client(), await head(), { branch: 'main' });
  const ended = async (job: string): Promise<JobSummary> =>
    waitForJob(await system.session.client(), system.session.repository, job, () => undefined);
  const weightOf = async (exam: string): Promise<string | undefined> => {
    const item = await system.session.repository.stages.get(rootOf(await head(), 'weigh'), exam);
    return (
      item?.files[0] && Buffer.from(await readFileEntry(system.session.repository.store, item.files[0])).toString()
    );
  };

  beforeEach(async () => {
    system = await openSmallSystem();
    await system.useModel('red', 'all');
    await system.putScan(REPLAYED, '1001');
    await system.startSmallWorkers();
    await system.process();
    await system.stopSmallWorkers();
  });
  afterEach(() => system.close());

  it('let a new scan pass a large replay', async () => {
    await system.useModel('blue', 'all');
    await system.startSmallWorkers({ roles: ['workflow'] });
    const replay = await start();
    await until('the replay to be under way', async () => (await runningExams(system, replay)) === REPLAYED.length);
    await system.putScan(['new-1'], '17');
    const upload = await start();
    await until('the new exam to be under way', async () => (await runningExams(system, upload)) > 0);
    const before = system.ran.length;
    await system.startSmallWorkers({ roles: ['cpu', 'gpu'], atOnce: 1 });
    await ended(upload);
    await ended(replay);
    const weighed = system.ran.slice(before).filter((datum) => datum.endsWith(' weigh'));
    const place = weighed.indexOf('new-1 weigh');
    assert.ok(place >= 0 && place < REPLAYED.length / 3, `the new exam was weighed as number ${place + 1}`);
  });

  it('land a result only if it is still wanted', async () => {
    await system.startSmallWorkers({ roles: ['workflow', 'cpu'] });
    await system.putScan(['old-0'], '17');
    const first = await start();
    await until('the measurement', async () => system.ran.at(-1) === 'old-0 measure');
    // Its own scan changes again before the first job comes to the end.
    await system.putScan(['old-0'], '2001');
    await system.startSmallWorkers({ roles: ['gpu'] });
    const summary = await ended(first);
    assert.equal(summary.dropped, 1);
    assert.equal(await system.session.repository.outcomes.get(rootOf(await head(), OUTCOMES), 'old-0'), undefined);
    assert.equal(await weightOf('old-0'), undefined);
    await ended(await start());
    assert.equal(await weightOf('old-0'), JSON.stringify({ weight: 2001, model: 'red' }));
  });

  it('compute nothing twice, although both want the same at the same time', async () => {
    await system.useModel('blue', 'all');
    const before = system.begun.length;
    await system.startSmallWorkers({ roles: ['workflow'] });
    const client = await system.session.client();
    const jobs = [await start(), await startJob(client, await head(), { branch: 'main', only: 'all' })];
    for (const job of jobs)
      await until(`${job} to be under way`, async () => (await runningExams(system, job)) === REPLAYED.length);
    await system.startSmallWorkers({ roles: ['cpu', 'gpu'] });
    for (const job of jobs) assert.equal((await ended(job)).exams.failed, 0);
    const begun = system.begun.slice(before).sort();
    assert.deepEqual(begun, [...new Set(begun)]);
    assert.equal(begun.filter((datum) => datum.endsWith(' weigh')).length, REPLAYED.length);
  });

  it('each bring about what is wanted in the end, whichever finishes last', async () => {
    await system.startSmallWorkers();
    const jobs: string[] = [];
    for (const model of ['blue', 'red', 'green', 'blue']) {
      await system.useModel(model, 'all');
      jobs.push(await start());
    }
    for (const job of jobs) await ended(job);
    await ended(await start());
    for (const exam of REPLAYED)
      assert.equal(await weightOf(exam), JSON.stringify({ weight: 1001, model: 'blue' }), exam);
  });
});

async function runningExams(system: SmallSystem, job: string): Promise<number> {
  const client = await system.session.client();
  const { count } = await client.workflow.count(
    `MammoflowJob = '${job}' AND WorkflowType = 'processExam' AND ExecutionStatus = 'Running'`,
  );
  return count;
}
