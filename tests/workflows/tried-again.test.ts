import assert from 'node:assert/strict';
import { waitForJob } from '../../api/jobs/jobs-client.js';
import { type RunningStage, runningStages } from '../../api/jobs/running-stages.js';
import { startJob } from '../../api/jobs/start-job.js';
import { status } from '../../api/reading/status.js';
import { runningText } from '../../cli/job-output.js';
import type { Commit } from '../../pipeline/commit.js';
import { followingJobId } from '../../planning/start-job.js';
import { claimDatum } from '../../repos/claims.js';
import { sha256Hex } from '../../repos/hash.js';
import { claimsPrefix, datumKeyPath, jobSettingsKey } from '../../repos/layout.js';
import { rootOf } from '../../repos/repository.js';
import { openSmallSystem, type SmallSystem } from '../support/small-system.js';
import { until } from '../support/until.js';

describe('a job that waits', () => {
  let system: SmallSystem;
  const store = () => system.session.repository.store;
  const head = async () => (await system.session.repository.head('main')) as Commit;
  const ended = async (job: string) =>
    waitForJob(await system.session.client(), system.session.repository, job, () => undefined);
  const told = async (job: string, what: (stage: RunningStage) => boolean): Promise<RunningStage> =>
    until('it to be told', async () => (await runningStages(await system.session.client(), job)).find(what));

  before(async () => {
    system = await openSmallSystem();
    await system.useModel('red', 'all');
    await system.putScan(['exam-1'], '7');
    await system.startSmallWorkers();
  });
  after(() => system.close());

  it('for its own planning says why, how often and since when, and so does the status', async () => {
    const commit = await head();
    const key = jobSettingsKey(followingJobId('main', commit));
    const damaged = await store().put(key, Buffer.from('{'), { sha256: sha256Hex('{') });
    assert.ok(damaged);
    const asked = Date.now();
    const job = await startJob(await system.session.client(), commit, { branch: 'main' });
    const planning = await told(job, ({ attempt = 0 }) => attempt >= 3);
    assert.equal(planning.exam, undefined);
    assert.equal(planning.stage, 'planning');
    assert.match(planning.retrying ?? '', /settings\.json is damaged .*Look at its earlier versions/);
    assert.ok(Math.abs(Date.parse(planning.since ?? '') - asked) < 60_000, planning.since);
    assert.match(runningText(planning), /^planning is tried again \(attempt \d+, since \d\d:\d\d:\d\d\): The object /);
    const { troubles } = await status(system.session);
    assert.equal(troubles[0]?.workflow, job);
    assert.match(troubles[0]?.reason ?? '', /settings\.json is damaged/);
    await store().deleteVersions([damaged]);
    assert.deepEqual((await ended(job)).exams, { processed: 1, skipped: 0, failed: 0 });
    assert.deepEqual((await status(system.session)).troubles, []);
  });

  it('for what another job computes says for which one, computes nothing meanwhile, and goes on when that died', async () => {
    const datum = (await system.session.repository.stages.get(rootOf(await head(), 'measure'), 'exam-1'))?.datum;
    assert.ok(datum);
    const key = datumKeyPath('measure', 'exam-1', datum);
    const record = await store().get(key);
    assert.ok(record);
    await store().deleteVersions([{ key, versionId: record.versionId }]);
    const claimant = { owner: 'another', job: 'another-job', worker: 'another-host' };
    const claim = await claimDatum(store(), { stage: 'measure', exam: 'exam-1', key: datum }, claimant);
    assert.ok('held' in claim);
    const before = system.begun.length;
    const job = await startJob(await system.session.client(), await head(), { branch: 'main', only: ['exam-1'] });
    const { waiting } = await told(job, (stage) => stage.waiting !== undefined);
    assert.match(waiting ?? '', /^another job computes measure of exam exam-1: another-job, on another-host since /);
    assert.deepEqual(system.begun.slice(before), []);
    await claim.held.release();
    assert.deepEqual((await ended(job)).exams, { processed: 1, skipped: 0, failed: 0 });
    assert.deepEqual(system.begun.slice(before), ['exam-1 measure']);
    const left = [];
    for await (const { key } of store().listVersions(claimsPrefix)) left.push(key);
    assert.deepEqual(left, []);
  });
});
