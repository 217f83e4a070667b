import assert from 'node:assert/strict';
import type { StageDefinition } from '../../activities/stage.js';
import type { JobSummary } from '../../pipeline/job.js';
import { doubt, openSmallSystem, SMALL_STAGES, type SmallSystem } from '../support/small-system.js';

/** A stage's counts: computed, skipped, failed, blocked. */
const countsOf = ({ stages }: JobSummary): Record<string, number[]> =>
  Object.fromEntries(
    Object.entries(stages).map(([stage, { computed, skipped, failed, blocked }]) => [
      stage,
      [computed, skipped, failed, blocked],
    ]),
  );

describe('a gate', () => {
  let system: SmallSystem;
  // A build that gets a stage more, as a bucket in use takes a release.
  const stages: StageDefinition[] = [...SMALL_STAGES];

  before(async () => {
    system = await openSmallSystem(undefined, stages);
    await system.startSmallWorkers();
    await system.useModel('red', 'all');
    await system.putScan(['sound'], '5');
    await system.putScan(['doubtful'], '13');
  });
  after(() => system.close());

  it('added to a bucket in use computes nothing but itself, and what it refuses loses its results', async () => {
    assert.deepEqual((await system.process()).exams, { processed: 2, skipped: 0, failed: 0 });
    stages.push(doubt);
    const summary = await system.process();
    assert.deepEqual(summary.exams, { processed: 1, skipped: 0, failed: 1 });
    assert.deepEqual(countsOf(summary), {
      doubt: [1, 0, 1, 0],
      measure: [0, 2, 0, 0],
      weigh: [0, 1, 0, 1],
      report: [0, 1, 0, 1],
    });
    const { repository } = system.session;
    const head = await repository.head('main');
    const outcome = head && (await repository.outcomes.get(head.roots.outcomes as never, 'doubtful'));
    assert.equal(outcome?.outcome, 'failed');
    assert.equal(await repository.stages.get(head?.roots.report as never, 'doubtful'), undefined);
    assert.notEqual(await repository.stages.get(head?.roots.report as never, 'sound'), undefined);
  });

  it('keeps what it refuses off the gpu workers, and lets the cpu stages go on', async () => {
    await system.putScan(['new'], '13');
    await system.process();
    const begun = system.begun.filter((datum) => datum.startsWith('new '));
    assert.deepEqual(begun.sort(), ['new doubt', 'new measure']);
  });
});
