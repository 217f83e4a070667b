import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { runningJobs } from '../../api/changing/collect-garbage.js';
import { waitForJob } from '../../api/jobs/jobs-client.js';
import { startJob } from '../../api/jobs/start-job.js';
import type { Commit } from '../../pipeline/commit.js';
import { readFileEntry } from '../../repos/committed-files.js';
import { readDatumRecord } from '../../repos/datum-records.js';
import { findGarbage } from '../../repos/garbage.js';
import { rootOf, stageReposOf } from '../../repos/repository.js';
import { storeText } from '../support/repository.js';
import { openSmallSystem, SMALL_STAGES, type SmallSystem } from '../support/small-system.js';

const HOUR_MS = 3_600_000;
const EXAMS = Array.from({ length: 25 }, (_, index) => `exam-${index}`);

describe('freeing object versions beside jobs', () => {
  let system: SmallSystem;
  before(async () => {
    system = await openSmallSystem();
    await system.startSmallWorkers({ atOnce: 2 });
  });
  after(() => system.close());

  it('takes nothing that running jobs, branches or history lead to, however often it runs', async () => {
    const { repository } = system.session;
    const client = await system.session.client();
    const head = async () => (await repository.head('main')) as Commit;
    await system.useModel('red', 'all');
    await system.putScan(EXAMS, '1001');
    await system.process();
    // A branch whose results nobody has any more, and an upload that was never committed.
    await repository.createBranch('trial', await head());
    await system.putScan(EXAMS.slice(0, 5), '2001', 'trial');
    await system.process({ branch: 'trial' });
    await repository.deleteBranch('trial');
    const lost = await storeText(repository.store, 'exams', 'exam-lost', 'scan.txt', 'never committed');
    // S3 tells the time of a version to the second. All there is by now counts as older than the grace.
    await sleep(1_100);
    const settings = {
      now: Date.now() + HOUR_MS,
      keepRecordsDays: 0,
      graceHours: 1,
      stages: SMALL_STAGES.map(({ name }) => name),
      runningJobs: () => runningJobs(client),
    };
    await sleep(1_100);

    // Two jobs one after the other: one that computes, and one that takes up what is recorded.
    let removed = 0;
    let rounds = 0;
    for (const model of ['blue', 'red']) {
      await system.useModel(model, 'all');
      const job = await startJob(client, await head(), { branch: 'main' });
      let running = true;
      const ended = waitForJob(client, repository, job, () => undefined).finally(() => {
        running = false;
      });
      while (running) {
        const outcome = await findGarbage(repository, settings).then(
          (garbage) => garbage.remove(),
          // While a job is being planned nobody knows what it will use, and gc says so.
          (error: Error) => assert.match(error.message, /is still being planned/),
        );
        if (outcome === undefined) continue;
        for (const { versions } of outcome.removed.values()) removed += versions;
        rounds += 1;
      }
      const { exams } = await ended;
      assert.deepEqual(
        exams,
        model === 'blue'
          ? { processed: EXAMS.length, skipped: 0, failed: 0 }
          : { processed: 0, skipped: EXAMS.length, failed: 0 },
      );
    }
    assert.ok(rounds > 1, `${rounds} rounds of gc beside jobs`);
    assert.ok(removed > 0, 'there was something to remove');
    assert.equal(await repository.store.head(lost.key, lost.versionId), undefined);

    let files = 0;
    for await (const commit of repository.log(await head())) {
      for (const repo of ['exams', 'pipeline']) {
        for await (const item of repository.inputs.items(rootOf(commit, repo)))
          for (const file of item.files) files += (await readFileEntry(repository.store, file)).length > 0 ? 1 : 0;
      }
      for (const repo of stageReposOf(commit.roots)) {
        for await (const item of repository.stages.items(rootOf(commit, repo))) {
          for (const file of item.files) files += (await readFileEntry(repository.store, file)).length > 0 ? 1 : 0;
          assert.ok(await readDatumRecord(repository.store, repo, item.name, item.datum), `${repo} of ${item.name}`);
        }
      }
    }
    assert.ok(files > EXAMS.length * (1 + SMALL_STAGES.length));
  });
});
