import assert from 'node:assert/strict';
import { join } from 'node:path';
import { collectGarbage } from '../../../api/changing/collect-garbage.js';
import { startJob } from '../../../api/jobs/start-job.js';
import type { Commit } from '../../../pipeline/commit.js';
import { blackExam } from '../../support/exams.js';
import { storeText } from '../../support/repository.js';
import { openTestSystem, type TestSystem } from '../../support/system.js';
import { until } from '../../support/until.js';

const NOW = { keepRecordsDays: 0, graceHours: 0 } as const;

describe('collecting garbage', () => {
  let system: TestSystem;
  before(async () => {
    system = await openTestSystem();
    await blackExam(join(system.folder, 'exams'), 'exam-1');
    await system.put('exams', join(system.folder, 'exams'));
  });
  after(() => system.close());

  it('only counts in a dry run, and then removes exactly that', async () => {
    const { session } = system;
    const lost = await storeText(session.repository.store, 'exams', 'exam-lost', 'L_CC.png', 'never committed');
    const isThere = async () => (await session.repository.store.head(lost.key, lost.versionId)) !== undefined;
    // S3 tells the time of a version to the second.
    const found = await until('the upload to have an age', async () => {
      const outcome = await collectGarbage(session, { ...NOW, dryRun: true });
      return outcome.versions > 0 && outcome;
    });
    assert.deepEqual(found, {
      dryRun: true,
      versions: 1,
      bytes: 15,
      prefixes: { 'exams/': { versions: 1, bytes: 15 } },
    });
    assert.ok(await isThere());
    assert.deepEqual(await collectGarbage(session, { ...NOW, dryRun: false }), { ...found, dryRun: false });
    assert.ok(!(await isThere()));
    assert.equal((await collectGarbage(session, { ...NOW, dryRun: false })).versions, 0);
  });

  it('with a job under way insists on a grace of an hour, and on knowing what the job will use', async () => {
    const { session } = system;
    const head = (await session.repository.head('main')) as Commit;
    // No worker runs, so it stays at its beginning.
    const job = await startJob(await session.client(), head, { branch: 'main' });
    const refused = new RegExp(`Jobs are running \\(.*${job}.*\\)`);
    await until('the job to be listed', () =>
      collectGarbage(session, { ...NOW, dryRun: false }).then(
        () => false,
        (error: Error) => refused.test(error.message),
      ),
    );
    await assert.rejects(
      collectGarbage(session, { ...NOW, graceHours: 1, dryRun: false }),
      new RegExp(`${job} is still being planned`),
    );
  });
});
