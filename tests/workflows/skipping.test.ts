import assert from 'node:assert/strict';
import type { JobSummary } from '../../pipeline/job.js';
import { editPipeline, openSmallSystem, type SmallSystem } from '../support/small-system.js';

/** A stage's counts: computed, skipped, failed, blocked. */
const countsOf = ({ stages }: JobSummary): Record<string, number[]> =>
  Object.fromEntries(
    Object.entries(stages).map(([stage, { computed, skipped, failed, blocked }]) => [
      stage,
      [computed, skipped, failed, blocked],
    ]),
  );

describe('what a change leaves alone', () => {
  let system: SmallSystem;
  const setStages = (branch: string, stages: Record<string, { parameters: Record<string, number> }>) =>
    editPipeline(system.session.repository, branch, (document) => ({ ...document, stages }));
  const process = (branch: string, only?: 'failed' | 'all') => system.process({ branch, ...(only && { only }) });

  before(async () => {
    system = await openSmallSystem();
    await system.startSmallWorkers();
  });
  after(() => system.close());

  it('runs what follows a changed stage only for those exams for which it wrote other bytes', async () => {
    const branch = 'cutoff';
    await system.useModel('red', 'all', branch);
    await system.putScan(['far-1', 'far-2'], '2001', branch);
    await system.putScan(['near'], '17', branch);
    await process(branch);
    // 2001 now measures 1; 17 measures 17 as before.
    await setStages(branch, { measure: { parameters: { modulus: 1_000 } } });
    const from = system.ran.length;
    const summary = await process(branch);
    assert.deepEqual(countsOf(summary), { measure: [3, 0, 0, 0], weigh: [2, 1, 0, 0], report: [2, 1, 0, 0] });
    assert.deepEqual(
      system.ran
        .slice(from)
        .filter((datum) => !datum.endsWith('measure'))
        .sort(),
      ['far-1 report', 'far-1 weigh', 'far-2 report', 'far-2 weigh'],
    );
  });

  it('brings a failure back with what it belongs to, and tries it again only when asked', async () => {
    const branch = 'failing';
    await system.useModel('red', 'all', branch);
    await system.putScan(['good'], '5', branch);
    await system.putScan(['broken'], 'bad', branch);
    await process(branch);
    await system.useModel('blue', 'all', branch);
    assert.deepEqual((await process(branch)).exams, { processed: 1, skipped: 0, failed: 1 });

    const begun = system.begun.length;
    await system.useModel('red', 'all', branch);
    const back = await process(branch);
    assert.deepEqual(back.exams, { processed: 0, skipped: 1, failed: 1 });
    assert.equal(system.begun.length, begun, 'nothing is begun');
    const { repository } = system.session;
    const head = await repository.head(branch);
    const outcome = head && (await repository.outcomes.get(head.roots.outcomes as never, 'broken'));
    assert.equal(outcome?.reason, 'The scan of exam broken is bad. Scan it again.');

    assert.deepEqual((await process(branch, 'failed')).exams, { processed: 0, skipped: 0, failed: 1 });
    assert.deepEqual(system.begun.slice(begun), ['broken measure']);
    assert.deepEqual((await process(branch, 'all')).exams, { processed: 0, skipped: 1, failed: 1 });
    assert.deepEqual(system.begun.slice(begun), ['broken measure', 'broken measure']);
  });
});
