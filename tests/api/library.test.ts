import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Connected, connect, MammoflowError, type PutOutcome, pageOf } from 'mammoflow';
import { packageRoot } from '../../infra/package-root.js';
import { blackExam, drawExams } from '../support/exams.js';
import { openTestSystem, PLACEHOLDER, type TestSystem } from '../support/system.js';

const run = promisify(execFile);
const EXAMPLE = join(packageRoot, 'dist', 'docs', 'examples', 'library.js');

describe('mammoflow as a library', () => {
  let system: TestSystem;
  let mammoflow: Connected;

  before(async () => {
    system = await openTestSystem();
    await system.startWorkers();
    mammoflow = await connect({ environment: system.environment, author: 'a program' });
  });
  after(async () => {
    await mammoflow.close();
    await system.close();
  });

  it('connects by the name of the package, and its verbs have types', async () => {
    const outcome: PutOutcome = await mammoflow.put({ repo: 'models', paths: [PLACEHOLDER] });
    assert.deepEqual([outcome.changed, outcome.inUse, outcome.job], [['placeholder'], 'placeholder', null]);
    // As cheap as the real stages can be.
    await mammoflow.setStage({ stage: 'generate_heatmaps', parameters: { stride: 256 } });
    await mammoflow.setStage({ stage: 'classify', parameters: { passes: 1 } });
    const { items } = await pageOf(mammoflow.log(), 10);
    assert.deepEqual(
      items.map(({ author, by }) => [author, by.kind]),
      [
        ['a program', 'stage'],
        ['a program', 'stage'],
        ['a program', 'put'],
      ],
    );
    // @ts-expect-error: a repo without paths
    const incomplete = () => mammoflow.put({ repo: 'exams' });
    await assert.rejects(incomplete);
    await assert.rejects(mammoflow.explain({ exam: 'nobody' }), (error) => {
      assert.ok(error instanceof MammoflowError);
      assert.equal(error.code, 'not-found');
      return true;
    });
  });

  it('runs the example program of the documentation to its end', async () => {
    const folder = join(system.folder, 'exams');
    await drawExams(folder, ['exam-drawn']);
    await blackExam(folder, 'exam-empty');
    const { stdout, stderr } = await run(process.execPath, [EXAMPLE, folder], { env: system.environment });
    assert.equal(stderr, '');
    assert.match(stdout, /^1 processed, 0 skipped, 1 failed$/m);
    assert.match(stdout, /^exam-drawn processed left malignant [01]\.\d{4}$/m);
    assert.match(stdout, /^exam-empty failed .+$/m);
    assert.match(stdout, /^exam-\w+: crop (ran|failed|computed|skipped): .+$/m);
    const { items } = await pageOf(mammoflow.log({ repo: 'exams' }), 1);
    assert.deepEqual([items[0]?.author, items[0]?.message], ['library-example', 'Put by a program']);
    // The same again: nothing is uploaded, nothing computed, and the same results are told.
    const again = await run(process.execPath, [EXAMPLE, folder], { env: system.environment });
    assert.deepEqual(again.stdout.split('\n'), stdout.split('\n').slice(1));
  });

  it('ends the example program with a sentence and exit code 1 where something is wrong', async () => {
    await assert.rejects(run(process.execPath, [EXAMPLE, join(system.folder, 'none')], { env: system.environment }), {
      code: 1,
      stderr: /^not-found: .*none.*\n$/,
    });
  });
});
